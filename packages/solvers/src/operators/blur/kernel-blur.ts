import type { Tensor } from '@tweedie/tensor'
import { isTensor, OptionError, scope } from '@tweedie/tensor'
import type { HostMatrix } from '../../linalg/host-matrix.ts'
import { buildMatrix, hostMatrix } from '../../linalg/host-matrix.ts'
import { array, choice } from '../../options/index.ts'
import { imageExtents } from '../checks.ts'
import { defineLinear } from '../define.ts'
import { kernelOptions, kernelParts } from './kernel-parts.ts'

const isPlanes = (value: unknown): value is Tensor =>
  isTensor(value) && (value.shape.length === 2 || value.shape.length === 3) && value.size > 0

/** The taps of a matrix, or of a picture [C, H, W]: the mean of its channels. */
const tapsOf = (kernel: Tensor): HostMatrix =>
  scope(() => hostMatrix('kernel-blur', kernel.shape.length === 2 ? kernel : kernel.mean(0)))

/** The picture of a point that an unfocused lens makes: a disk of a radius in pixels, its edge one pixel soft. */
export function diskKernel(radius: number): HostMatrix {
  const reach = Math.ceil(radius)
  const side = 2 * reach + 1
  return buildMatrix(side, side, (row, column) =>
    Math.min(1, Math.max(0, radius + 0.5 - Math.hypot(row - reach, column - reach))),
  )
}

/** A kernel over its sum. @throws {OptionError} where the sum is 0. */
function normalised(kernel: HostMatrix): HostMatrix {
  const total = kernel.data.reduce((sum, tap) => sum + tap, 0)
  if (total !== 0) return { ...kernel, data: kernel.data.map((tap) => tap / total) }
  throw new OptionError('kernel', 'has the sum 0; with sum=kept it is taken as it is')
}

/**
 * Blur by any kernel, the same for each channel: y[p, q] = Σ k[a, b]·x[p − a + a₀, q − b + b₀], a convolution. A bright
 * point becomes the picture of the kernel, whose middle (⌊rows/2⌋, ⌊columns/2⌋) lies on it. (Convolutions of
 * neural networks, with which DPS blurs, turn the kernel around.) On a command line a kernel is a file: an array (npy), or a
 * picture with black for 0.
 *
 * With the boundary 'circular' the DFT is the singular value decomposition, at the cost of a few transforms. With the
 * others there is none: methods that need one ask for 'circular', all others run, by conjugate gradients. Small kernels are
 * summed over, large ones go by the DFT of a larger image.
 *
 * @throws {OptionError} where a kernel has the sum 0, or 'valid' would leave nothing.
 * @throws {NonFiniteError} where a tap is NaN or infinite.
 * @example
 * ```ts
 * import { kernelBlur } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const operator = kernelBlur([1, 1, 4], { kernel: tensor([[1, 2, 5]]), boundary: 'zero' })
 * operator.forward(tensor([[[[0, 0, 8, 0]]]])).dataSync() // ≈ [0, 1, 2, 5]
 * ```
 */
export const kernelBlur = defineLinear({
  name: 'kernel-blur',
  summary: 'blur by any kernel, from a file or a program',
  example: 'kernel-blur:boundary=reflect',
  options: {
    kernel: array(
      'the taps',
      'a matrix [rows, columns], or a picture [channels, rows, columns], neither of them empty',
      isPlanes,
      'a disk of radius 3, as out of focus',
    ),
    sum: choice('of the taps', ['one', 'kept']),
    ...kernelOptions,
  },
  build: (shape, { kernel, sum, boundary, rcond }) => {
    const taps = kernel === undefined ? diskKernel(3) : tapsOf(kernel)
    const extents = imageExtents('kernel-blur', shape)
    return kernelParts(sum === 'one' ? normalised(taps) : taps, extents, boundary, rcond)
  },
})

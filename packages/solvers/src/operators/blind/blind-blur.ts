import type { Tensor } from '@tweedie/tensor'
import { fromData, OptionError } from '@tweedie/tensor'
import { choice, integer, number, tensorOption } from '../../options/index.ts'
import { normalised } from '../blur/convolution.ts'
import { imageExtents } from '../checks.ts'
import { defineOperator } from '../define.ts'
import { convolution, ontoSimplex, sumToOne } from './convolve.ts'
import { asPicture, gaussianKernel, kernelFamily, motionKernel } from './kernels.ts'

/**
 * Blur by a kernel that is not known: circular convolution of every channel with one k×k kernel per sample, which blind
 * methods look for. The true kernel, a Gaussian, a straight motion or one of the caller's, serves to simulate y; no
 * method sees it. For each kernel the decomposition is closed, in the basis of the discrete Hartley transform.
 *
 * Priors on the kernel see it as a picture in [−1, 1], 0 black (−1) and the largest entry white, and `decode` divides
 * (picture + 1)/2 by its sum, as BlindDPS does (arXiv 2211.10656). Their kernels are 64×64 on 256×256 pixels, convolved
 * with zeros around; ours wraps around.
 *
 * A shift of the kernel against one of the picture leaves y as it is: compare with the truth after aligning the two.
 *
 * @example
 * ```ts
 * import { blindBlur } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const { blind } = blindBlur([1, 4, 4], { size: 3 })
 * const kernel = tensor([[[0, 0, 0], [0, 3, 1], [0, 0, -1]]])
 * blind.project(kernel).dataSync() // => [0, 0, 0, 0, 0.75, 0.25, 0, 0, 0]
 * const shifted = blind.at(tensor([[[0, 0, 0], [0, 0, 1], [0, 0, 0]]]))
 * shifted.forward(tensor([[[[1, 2, 3, 4], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]]])).dataSync().slice(0, 4) // ≈ [4, 1, 2, 3]
 * ```
 */
export const blindBlur = defineOperator({
  name: 'blind-blur',
  summary: 'blur by an unknown kernel',
  example: 'blind-blur:size=9,kernel=motion',
  options: {
    size: integer('rows and columns of the kernel', { default: 9, min: 1, odd: true }),
    kernel: choice('the true one, to simulate with', ['gaussian', 'motion']),
    std: number('standard deviation of a Gaussian in pixels', { default: 1.5, above: 0 }),
    length: number('of a motion in pixels', { default: 7, min: 1 }),
    angle: number('of a motion in degrees, 0 along a row', { default: 45 }),
    truth: tensorOption('the true kernel itself', 'a tensor [size, size] of sum above 0', 'as `kernel` says'),
  },
  build: (shape, { size, kernel, std, length, angle, truth }) => {
    const extents = imageExtents('blind-blur', shape)
    const { convolve, at } = convolution(extents, size)
    const taps =
      truth !== undefined
        ? given(truth, size)
        : kernel === 'motion'
          ? motionKernel(size, length, angle)
          : gaussianKernel(size, std)
    return {
      inShape: shape,
      outShape: shape,
      forward: (x) => convolve(x, fromData(taps, [1, size, size], { dtype: x.dtype, device: x.device })),
      blind: {
        parameter: 'kernel',
        shape: [size, size],
        apply: convolve,
        linear: true,
        at: (phi) => at('blind-blur', phi),
        normalise: sumToOne,
        project: ontoSimplex,
        decode: (picture) => sumToOne(picture.add(1).div(2)),
        examples: kernelFamily(size).map(asPicture),
        initial: gaussianKernel(size, size / 6),
      },
    }
  },
})

function given(truth: Tensor, size: number): Float64Array {
  const host = Float64Array.from(truth.dataSync())
  const total = host.reduce((sum, v) => sum + v, 0)
  if (host.length !== size * size || !(total > 0))
    throw new OptionError(
      'truth',
      `must be a tensor [${size}, ${size}] of sum above 0, got [${truth.shape}] of sum ${total}`,
    )
  return normalised(host)
}

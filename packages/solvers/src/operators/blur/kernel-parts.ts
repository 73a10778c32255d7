import type { Tensor } from '@tweedie/tensor'
import { conv2d, gather, OptionError, pad, scatterAdd } from '@tweedie/tensor'
import { circulant, transferOf } from '../../linalg/circulant.ts'
import { constant } from '../../linalg/constant.ts'
import type { HostMatrix } from '../../linalg/host-matrix.ts'
import { number } from '../../options/index.ts'
import type { Boundary } from '../boundary.ts'
import { continued } from '../boundary.ts'
import type { ImageExtents } from '../checks.ts'
import type { LinearParts } from '../parts.ts'
import type { TensorMap } from '../spectrum.ts'
import type { BlurBoundary } from './convolution.ts'
import { blurOptions, blurredExtent } from './convolution.ts'

/** The options of blurs whose kernel is a whole matrix. */
export const kernelOptions = {
  boundary: blurOptions.boundary,
  rcond: number('with circular: singular values up to this part of the largest count as 0', {
    min: 0,
    below: 1,
    otherwise: '2⁻⁴⁵',
  }),
}

/** A linear map and its adjoint. */
interface Pair {
  readonly forward: TensorMap
  readonly adjoint: TensorMap
}

/** Up to so many taps a sum over them is faster than transforms; beyond, it loses by their number. */
const mostSummed = 40 ** 2

/** [N, C, H + rows − 1, W + columns − 1] to [N, C, H, W]: a sum over the taps of a kernel, turned around. */
function summed({ rows, columns, data }: HostMatrix): Pair {
  const taps = constant(data, [1, 1, rows, columns])
  const turned = constant(data.toReversed(), [1, 1, rows, columns])
  const planes = (x: Tensor) => {
    const [n = 0, c = 0, h = 0, w = 0] = x.shape
    return x.reshape([n * c, 1, h, w])
  }
  const images = (y: Tensor, [n = 0, c = 0]: readonly number[]) => y.reshape([n, c, ...y.shape.slice(2)])
  return {
    forward: (x) => images(conv2d(planes(x), turned(x)), x.shape),
    adjoint: (y) => images(conv2d(planes(y), taps(y), { padding: [rows - 1, columns - 1] }), y.shape),
  }
}

/** The same by a circular convolution of a larger image, of sides that transform well, of which a part is kept. */
function transformed(kernel: HostMatrix, [channels, height, width]: ImageExtents): Pair {
  const { rows, columns } = kernel
  const [h, w] = [height + rows - 1, width + columns - 1]
  const larger = (side: number) => Math.ceil(side / 16) * 16
  const around = circulant([channels, larger(h), larger(w)], transferOf(kernel, larger(h), larger(w)))
  const [top, left] = [rows - 1 - Math.floor(rows / 2), columns - 1 - Math.floor(columns / 2)]
  const place = (y: Tensor, before: readonly [number, number], [tall, wide]: readonly [number, number]) =>
    pad(y, [
      [0, 0],
      [0, 0],
      [before[0], larger(h) - before[0] - tall],
      [before[1], larger(w) - before[1] - wide],
    ])
  return {
    forward: (x) =>
      around.forward(place(x, [0, 0], [h, w])).slice(null, null, [top, top + height], [left, left + width]),
    adjoint: (y) => around.adjoint(place(y, [top, left], [height, width])).slice(null, null, [0, h], [0, w]),
  }
}

/** Images with what lies beyond their border: `before` and as much more as makes `to` rows or columns. */
function bordered(
  [, height, width]: ImageExtents,
  [top, left]: readonly [number, number],
  [tall, wide]: readonly [number, number],
  boundary: Exclude<Boundary, 'circular'>,
): Pair {
  if (boundary === 'zero') {
    const sides = [
      [0, 0],
      [0, 0],
      [top, tall - height - top],
      [left, wide - width - left],
    ] as const
    return {
      forward: (x) => pad(x, sides),
      adjoint: (y) => y.slice(null, null, [top, top + height], [left, left + width]),
    }
  }
  const index = (before: number, to: number, extent: number) =>
    constant(
      Int32Array.from({ length: to }, (_, i) => continued(i - before, extent, boundary)),
      [to],
    )
  const [rows, columns] = [index(top, tall, height), index(left, wide, width)]
  return {
    forward: (x) => gather(gather(x, rows(x), 2), columns(x), 3),
    adjoint: (y) => scatterAdd(scatterAdd(y, columns(y), width, 3), rows(y), height, 2),
  }
}

/**
 * The parts of y = k ∗ x, y[p, q] = Σ k[a, b]·x[p − a + a₀, q − b + b₀] of every channel, with the middle tap
 * (⌊rows/2⌋, ⌊columns/2⌋) on the pixel. With a circular border the DFT makes it diagonal and gives its
 * decomposition; with another there is none, and conjugate gradients serve.
 *
 * @param rcond - For 'circular' alone; see {@link circulant}.
 * @throws {OptionError} where 'valid' leaves nothing, or `rcond` says nothing.
 */
export function kernelParts(
  kernel: HostMatrix,
  extents: ImageExtents,
  boundary: BlurBoundary,
  rcond?: number,
) {
  const [channels, height, width] = extents
  const { rows, columns } = kernel
  if (boundary === 'circular') {
    const { forward, adjoint, svd } = circulant(extents, transferOf(kernel, height, width), rcond)
    return { inShape: extents, outShape: extents, forward, adjoint, spectrum: svd } satisfies LinearParts
  }
  if (rcond !== undefined) throw new OptionError('rcond', 'goes with boundary=circular only')
  const outShape: ImageExtents = [
    channels,
    blurredExtent(rows, height, boundary),
    blurredExtent(columns, width, boundary),
  ]
  const inner = rows * columns <= mostSummed ? summed(kernel) : transformed(kernel, outShape)
  if (boundary === 'valid') return { inShape: extents, outShape, ...inner } satisfies LinearParts
  const before = [rows - 1 - Math.floor(rows / 2), columns - 1 - Math.floor(columns / 2)] as const
  const outer = bordered(extents, before, [height + rows - 1, width + columns - 1], boundary)
  return {
    inShape: extents,
    outShape,
    forward: (x) => inner.forward(outer.forward(x)),
    adjoint: (y) => outer.adjoint(inner.adjoint(y)),
  } satisfies LinearParts
}

import type { Tensor } from '@tweedie/tensor'
import { conv2d, fromData, OptionError, reshape, ShapeError } from '@tweedie/tensor'

/** A filter for {@link firDownsample} and {@link firUpsample}. */
export interface FirOptions {
  /**
   * Its taps along one axis, an even number of them, symmetric; they are scaled to the sum 1. Default [1, 3, 3, 1], which
   * diffusers and EDM take for every network that resamples by a filter.
   */
  readonly filter?: readonly number[]
}

const usual = [1, 3, 3, 1]

/** The filter along both axes, scaled to the sum `gain`, as a kernel [1, 1, k, k]. */
function kernel(filter: readonly number[], gain: number, { dtype, device }: Tensor): Tensor {
  const total = filter.reduce((sum, tap) => sum + tap, 0)
  const symmetric = filter.every((tap, i) => tap === filter[filter.length - 1 - i])
  if (filter.length < 2 || filter.length % 2 !== 0 || !symmetric || !Number.isFinite(1 / total))
    throw new OptionError(
      'filter',
      `needs an even number of taps, symmetric, whose sum is not 0, such as [1, 3, 3, 1]; got [${filter.join(', ')}]`,
    )
  const taps = filter.flatMap((row) => filter.map((column) => (gain * row * column) / (total * total)))
  return fromData(taps, [1, 1, filter.length, filter.length], { dtype, device })
}

/** What `layer` makes of every channel of x [N, C, H, W] as an image [1, H, W] of its own. */
function byChannel(op: string, x: Tensor, layer: (images: Tensor) => Tensor): Tensor {
  const [n, c, h, w] = x.shape
  if (n === undefined || c === undefined || h === undefined || w === undefined || x.rank !== 4)
    throw new ShapeError(op, 'x must be [N, C, H, W]', [x.shape])
  const out = layer(reshape(x, [n * c, 1, h, w]))
  return reshape(out, [n, c, ...out.shape.slice(2)])
}

/**
 * Half the resolution by a filter along both axes (upfirdn2d of arXiv 1912.04958): x [N, C, H, W] to
 * [N, C, ⌊H/2⌋, ⌊W/2⌋], where pixel i is the filter's sum over the pixels 2i + 1 − k/2 … 2i + k/2 of its k taps. With
 * `padding` zeros on each side, k/2 − 1 of them where it is left out. Fewer are for x that has a margin of its own: of a
 * 3×3 convolution whose padding was 1 + (k/2 − 1), followed by the filter with none, the result is the one that
 * diffusers' `FirDownsample2D` and EDM's fused resampling give.
 * @throws {ShapeError} where x has other axes.
 * @throws {OptionError} for a filter that is not symmetric, of an odd number of taps or of the sum 0.
 * @example
 * ```ts
 * import { ones } from '@tweedie/tensor'
 * import { layers } from '@tweedie/unet'
 * const half = layers.firDownsample(ones([1, 1, 6, 6]))
 * half.shape // => [1, 1, 3, 3]
 * Array.from(half.slice(0, 0, 1).dataSync()) // => [0.875, 1, 0.875]
 * ```
 */
export function firDownsample(
  x: Tensor,
  { filter = usual, padding = filter.length / 2 - 1 }: FirOptions & { readonly padding?: number } = {},
): Tensor {
  const taps = kernel(filter, 1, x)
  return byChannel('firDownsample', x, (images) => conv2d(images, taps, { stride: 2, padding }))
}

/**
 * Twice the resolution by a filter along both axes, four times the adjoint of {@link firDownsample} (upfirdn2d of arXiv
 * 1912.04958): x [N, C, H, W] to [N, C, 2H, 2W], and `margin` more pixels on each side, none where it is left out. A 3×3
 * convolution without padding of what has a margin of 1 is diffusers' `FirUpsample2D`.
 * @throws {ShapeError} where x has other axes.
 * @throws {OptionError} for a filter that is not symmetric, of an odd number of taps or of the sum 0.
 * @example
 * ```ts
 * import { ones } from '@tweedie/tensor'
 * import { layers } from '@tweedie/unet'
 * const double = layers.firUpsample(ones([1, 1, 2, 2]))
 * double.shape // => [1, 1, 4, 4]
 * Array.from(double.slice(0, 0, 1).dataSync()) // => [0.75, 1, 1, 0.75]
 * ```
 */
export function firUpsample(
  x: Tensor,
  { filter = usual, margin = 0 }: FirOptions & { readonly margin?: number } = {},
): Tensor {
  const taps = kernel(filter, 4, x)
  const padding = filter.length / 2 + margin
  return byChannel('firUpsample', x, (images) => conv2d(images, taps, { lhsDilation: 2, padding }))
}

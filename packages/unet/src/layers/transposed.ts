import type { Tensor } from '@tweedie/tensor'
import { flip, OptionError, reshape, ShapeError, conv2d as tensorConv2d, transpose } from '@tweedie/tensor'
import type { Params } from '../params.ts'
import { param } from '../params.ts'

/** Options of {@link convTranspose2d}, as PyTorch's `ConvTranspose2d` has them; each serves both axes. */
export interface ConvTranspose2dOptions {
  /** Default 1. */
  readonly stride?: number
  /** Rows and columns taken off each side of the result; default 0. */
  readonly padding?: number
  /** Rows and columns more at the end; default 0. */
  readonly outputPadding?: number
  readonly groups?: number
  /** Whether there is a `NAME.bias` [Cout]; default true. */
  readonly bias?: boolean
}

/**
 * Transposed convolution, the adjoint of a convolution with that stride and padding, of x [N, Cin, H, W] with `NAME.weight`
 * [Cin, Cout/groups, kh, kw]: [N, Cout, (H − 1)·stride − 2·padding + kh + outputPadding, …].
 *
 * @throws {ShapeError} where the channels of x are not those of the weight.
 * @throws {OptionError} where they do not split into `groups`.
 * @example
 * ```ts
 * import { ones } from '@tweedie/tensor'
 * import { layers } from '@tweedie/unet'
 * const params = { 'up.weight': ones([3, 8, 4, 4]), 'up.bias': ones([8]) }
 * layers.convTranspose2d(params, 'up', ones([1, 3, 7, 7]), { stride: 2, padding: 1 }).shape // => [1, 8, 14, 14]
 * ```
 */
export function convTranspose2d(
  params: Params,
  name: string,
  x: Tensor,
  { stride = 1, padding = 0, outputPadding = 0, groups = 1, bias = true }: ConvTranspose2dOptions = {},
): Tensor {
  const weight = param(params, `${name}.weight`)
  const [inputs = 0, perGroup = 0, kh = 0, kw = 0] = weight.shape
  if (weight.rank !== 4 || x.rank !== 4 || x.shape[1] !== inputs)
    throw new ShapeError('convTranspose2d', `x must be [N, Cin, H, W] for a weight [Cin, Cout, kh, kw]`, [
      x.shape,
      weight.shape,
    ])
  if (inputs % groups !== 0)
    throw new OptionError('groups', `${inputs} channels do not split into ${groups} groups`)
  // The convolution whose kernels are turned around, with zeros between the pixels of x.
  const split = reshape(flip(weight, [2, 3]), [groups, inputs / groups, perGroup, kh, kw])
  const turned = reshape(transpose(split, [0, 2, 1, 3, 4]), [groups * perGroup, inputs / groups, kh, kw])
  const sides = (k: number) => [k - 1 - padding, k - 1 - padding + outputPadding] as const
  return tensorConv2d(x, turned, {
    lhsDilation: stride,
    padding: [sides(kh), sides(kw)],
    groups,
    ...(bias && { bias: param(params, `${name}.bias`) }),
  })
}

import type { Activation, Conv2dOptions, Tensor } from '@tweedie/tensor'
import {
  matmul,
  reshape,
  conv2d as tensorConv2d,
  groupNorm as tensorGroupNorm,
  transpose,
} from '@tweedie/tensor'
import type { Params } from '../params.ts'
import { param } from '../params.ts'

/**
 * Convolution of x [N, Cin, H, W] with `NAME.weight` [Cout, Cin/groups, kh, kw], plus `NAME.bias` [Cout]
 * (none where `bias` is false, another one where it is a tensor), plus `residual`.
 */
export function conv2d(
  params: Params,
  name: string,
  x: Tensor,
  options: Conv2dOptions & { bias?: false | Tensor; residual?: Tensor } = {},
): Tensor {
  const { bias = param(params, `${name}.bias`), ...rest } = options
  const w = param(params, `${name}.weight`)
  return bias === false ? tensorConv2d(x, w, rest) : tensorConv2d(x, w, { ...rest, bias })
}

/**
 * {@link conv2d} with zeros around that keep the size of a 3×3 kernel's images, plus a vector per sample: `shift` is [N, Cout],
 * or [1, Cout] for all. What ends up added to the same image, the bias and the shift, is added to each other first.
 */
export function shiftedConv2d(params: Params, name: string, x: Tensor, shift: Tensor): Tensor {
  const all = shift.add(param(params, `${name}.bias`))
  return all.shape[0] === 1
    ? conv2d(params, name, x, { padding: 1, bias: reshape(all, [-1]) })
    : conv2d(params, name, x, { padding: 1, bias: false }).add(perChannel(all))
}

/** A vector [C], or one per sample [N, C], in the shape that broadcasts over images [N, C, H, W]. */
export const perChannel = (v: Tensor): Tensor => reshape(v, v.rank === 1 ? [1, -1, 1, 1] : [...v.shape, 1, 1])

/** x [N, in] · `NAME.weight`ᵀ [in, out] + `NAME.bias` [out], and the activation. */
export function linear(params: Params, name: string, x: Tensor, activation: Activation = 'none'): Tensor {
  const bias = param(params, `${name}.bias`)
  return matmul(x, transpose(param(params, `${name}.weight`)), { bias, activation })
}

/**
 * Group normalisation (arXiv 1803.08494) of x [N, C, …] with `NAME.weight` and `NAME.bias`, both [C];
 * SiLU follows where `silu` is set.
 */
export function groupNorm(
  params: Params,
  name: string,
  x: Tensor,
  options: { groups: number; eps?: number; silu?: boolean },
): Tensor {
  return tensorGroupNorm(x, param(params, `${name}.weight`), param(params, `${name}.bias`), options)
}

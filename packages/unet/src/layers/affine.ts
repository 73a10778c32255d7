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

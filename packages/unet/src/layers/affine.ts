import type { Conv2dOptions, Tensor } from '@tweedie/tensor'
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
 * unless `bias` is false.
 */
export function conv2d(
  params: Params,
  name: string,
  x: Tensor,
  options: Conv2dOptions & { bias?: boolean } = {},
): Tensor {
  const { bias = true, ...rest } = options
  const y = tensorConv2d(x, param(params, `${name}.weight`), rest)
  return bias ? y.add(perChannel(param(params, `${name}.bias`))) : y
}

/** A vector [C], or one per sample [N, C], in the shape that broadcasts over images [N, C, H, W]. */
export const perChannel = (v: Tensor): Tensor => reshape(v, v.rank === 1 ? [1, -1, 1, 1] : [...v.shape, 1, 1])

/** x [N, in] · `NAME.weight`ᵀ [in, out] + `NAME.bias` [out]. */
export function linear(params: Params, name: string, x: Tensor): Tensor {
  return matmul(x, transpose(param(params, `${name}.weight`))).add(param(params, `${name}.bias`))
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

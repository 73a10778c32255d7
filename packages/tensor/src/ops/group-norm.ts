import { dispatch } from '../dispatch.ts'
import type { GroupNormParams } from '../primitives.ts'
import type { Tensor } from '../tensor.ts'
import { add, mul, rsqrt, silu, sub } from './elementwise.ts'
import { mean } from './reduce.ts'
import { reshape } from './shape-ops.ts'

/**
 * Group normalisation (arXiv 1803.08494) of x [N, C, …]: each sample's channels, in `groups` equal runs,
 * are brought to mean 0 and variance 1 (ε added to the variance), then scaled by weight [C] and shifted by
 * bias [C]; SiLU follows where `silu` is set. Fused; {@link groupNormComposed} is its definition.
 */
export function groupNorm(
  x: Tensor,
  weight: Tensor,
  bias: Tensor,
  options: { groups: number; eps?: number; silu?: boolean },
): Tensor {
  return dispatch('groupNorm', [x, weight, bias], {
    groups: options.groups,
    eps: options.eps ?? 1e-5,
    silu: options.silu ?? false,
  })
}

/** Group normalisation out of elementary primitives: the meaning, and the higher gradients, of the fused one. */
export function groupNormComposed(x: Tensor, weight: Tensor, bias: Tensor, params: GroupNormParams): Tensor {
  const [n, channels] = x.shape as readonly [number, number]
  const perChannel = [1, channels, ...new Array<number>(x.shape.length - 2).fill(1)]
  const grouped = reshape(x, [n, params.groups, channels === 0 ? 0 : -1])
  const centred = sub(grouped, mean(grouped, 2, true))
  const scale = rsqrt(add(mean(mul(centred, centred), 2, true), params.eps))
  const normal = reshape(mul(centred, scale), x.shape)
  const y = add(mul(normal, reshape(weight, perChannel)), reshape(bias, perChannel))
  return params.silu ? silu(y) : y
}

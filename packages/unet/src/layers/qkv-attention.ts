import type { Tensor } from '@tweedie/tensor'
import { channelAttention, OptionError, reshape, slice } from '@tweedie/tensor'
import type { Params } from '../params.ts'
import { groupNorm } from './affine.ts'
import { imageExtents, project } from './pixels.ts'

/** How the channels of a joint projection are laid out, from the slowest index. */
export type QkvOrder =
  /** heads, then queries, keys, values, then the channels of a head. */
  | 'heads-first'
  /** queries, keys, values, then heads, then the channels of a head. */
  | 'qkv-first'

/**
 * Self-attention over the pixels of x [N, C, H, W] with a residual connection (arXiv 1706.03762, 2105.05233
 * §3): group norm `NAME.norm`, queries, keys and values in one projection `NAME.qkv` [3C, C, 1], softmax of
 * QᵀK/√d within each of `heads` heads of d = C/heads channels, then `NAME.proj_out` [C, C, 1].
 * @throws {OptionError} where C does not split into `heads` heads.
 */
export function qkvAttention(
  params: Params,
  name: string,
  x: Tensor,
  options: { heads: number; order: QkvOrder; groups: number; eps?: number },
): Tensor {
  const { n, channels, pixels } = imageExtents('qkvAttention', x)
  const { heads, order } = options
  if (channels % heads !== 0)
    throw new OptionError('heads', `${channels} channels do not split into ${heads} heads`)
  const h = reshape(groupNorm(params, `${name}.norm`, x, options), [n, channels, pixels])
  const [q, k, v] = splitQkv(project(params, `${name}.qkv`, h), heads, order)
  const mixed = channelAttention(q, k, v) // [N, heads, d, query]
  const skip = reshape(x, [n, channels, pixels])
  const out = project(params, `${name}.proj_out`, reshape(mixed, [n, channels, pixels]), skip)
  return reshape(out, x.shape)
}

/** Queries, keys and values, each [N, heads, d, P], of their joint projection [N, 3·heads·d, P]. */
export function splitQkv(qkv: Tensor, heads: number, order: QkvOrder): readonly [Tensor, Tensor, Tensor] {
  const [n, channels, pixels] = qkv.shape as readonly [number, number, number]
  const d = channels / (3 * heads)
  if (order === 'heads-first') {
    const split = reshape(qkv, [n, heads, 3, d, pixels])
    const part = (i: number) => slice(split, null, null, i)
    return [part(0), part(1), part(2)]
  }
  const split = reshape(qkv, [n, 3, heads, d, pixels])
  const part = (i: number) => slice(split, null, i)
  return [part(0), part(1), part(2)]
}

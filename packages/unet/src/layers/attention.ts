import type { Tensor } from '@tweedie/tensor'
import { channelAttention, OptionError, reshape } from '@tweedie/tensor'
import type { Params } from '../params.ts'
import { param } from '../params.ts'
import { groupNorm } from './affine.ts'
import { imageExtents, project } from './pixels.ts'

/**
 * Self-attention over the pixels of x [N, C, H, W] with a residual connection (arXiv 1706.03762,
 * 2006.11239 §B): group norm, queries, keys and values by `to_q`, `to_k`, `to_v` ([C, C] with bias),
 * softmax of QᵀK/√d within each head of `headDim` = d channels, then `to_out.0`; [C, D] or [D, C] with D = heads·d where
 * the heads have fewer channels than the image. Pixels stay in the last axis all along, so that each projection is one
 * product W·x per image.
 * @param options.groups - Null for no norm.
 * @throws {OptionError} where D does not split into heads of `headDim`.
 */
export function attention(
  params: Params,
  name: string,
  x: Tensor,
  options: { headDim: number; groups: number | null; eps?: number },
): Tensor {
  const { n, channels, pixels } = imageExtents('attention', x)
  const { headDim, groups } = options
  const inner = param(params, `${name}.to_q.weight`).shape[0]!
  if (inner % headDim !== 0) {
    throw new OptionError('attentionHeadDim', `${inner} channels do not split into heads of ${headDim}`)
  }
  const heads = inner / headDim
  const normal = groups === null ? x : groupNorm(params, `${name}.group_norm`, x, { ...options, groups })
  const h = reshape(normal, [n, channels, pixels])
  const split = (part: string) => reshape(project(params, `${name}.${part}`, h), [n, heads, headDim, pixels])
  const mixed = channelAttention(split('to_q'), split('to_k'), split('to_v')) // [N, heads, d, pixels]
  const skip = reshape(x, [n, channels, pixels])
  const out = project(params, `${name}.to_out.0`, reshape(mixed, [n, inner, pixels]), skip)
  return reshape(out, x.shape)
}

import type { Tensor } from '@tweedie/tensor'
import { channelAttention, reshape, scope, slice, groupNorm as tensorGroupNorm } from '@tweedie/tensor'
import {
  averagePool,
  conv2d,
  firDownsample,
  firUpsample,
  groupNorm,
  linear,
  perChannel,
  upsampleNearest,
} from '../../layers/index.ts'
import { imageExtents, project } from '../../layers/pixels.ts'
import type { Params } from '../../params.ts'
import { param } from '../../params.ts'
import type { BlockPlan } from './plan.ts'
import type { EdmConfig } from './types.ts'
import { normGroups } from './types.ts'

/** Half or twice the resolution; by the filter [1, 1] the mean of 2×2 pixels, or their repetition. */
export function resampled(x: Tensor, how: 'down' | 'up' | undefined, filter: readonly number[]): Tensor {
  if (how === undefined) return x
  const box = filter.length === 2 && filter[0] === filter[1]
  if (how === 'down') return box ? averagePool(x) : firDownsample(x, { filter })
  return box ? upsampleNearest(x) : firUpsample(x, { filter })
}

/** What the blocks of the two networks differ in. */
const kinds = {
  /** The embedding is added; sums of two images of variance 1 are brought back to it. */
  SongUNet: { eps: 1e-6, scale: Math.SQRT1_2 },
  /** The embedding scales and shifts the second norm. */
  DhariwalUNet: { eps: 1e-5, scale: 1 },
} as const

/**
 * norm, SiLU, (resample,) conv, embedding, norm, SiLU, conv, + shortcut, and attention where there is some. `embedding`
 * [N or 1, D] is the one of time and class after its last SiLU.
 */
export function edmBlock(
  params: Params,
  x: Tensor,
  embedding: Tensor,
  block: BlockPlan,
  { network, resampleFilter }: Pick<EdmConfig, 'network' | 'resampleFilter'>,
): Tensor {
  const { name, inChannels, outChannels } = block
  const { eps, scale } = kinds[network]
  const padded = { padding: 1 }
  const scaled = (h: Tensor) => (scale === 1 ? h : h.mul(scale))
  const resample = (h: Tensor) => resampled(h, block.resample, resampleFilter)
  return scope(() => {
    const given = linear(params, `${name}.affine`, embedding)
    const start = resample(
      groupNorm(params, `${name}.norm0`, x, { groups: normGroups(inChannels), silu: true, eps }),
    )
    const convolve = (bias?: false | Tensor) =>
      conv2d(params, `${name}.conv0`, start, bias === undefined ? padded : { ...padded, bias })
    const shifted = () => {
      const shift = given.add(param(params, `${name}.conv0.bias`))
      return shift.shape[0] === 1 ? convolve(reshape(shift, [-1])) : convolve(false).add(perChannel(shift))
    }
    const norm = { groups: normGroups(outChannels), silu: true, eps }
    const second =
      network === 'SongUNet'
        ? groupNorm(params, `${name}.norm1`, shifted(), norm)
        : scaleShiftNorm(params, `${name}.norm1`, convolve(), given, norm)
    const shortcut = resample(x)
    const residual = block.skip === 'conv' ? conv2d(params, `${name}.skip`, shortcut) : shortcut
    const out = scaled(conv2d(params, `${name}.conv1`, second, { ...padded, residual }))
    return block.heads === 0 ? out : scaled(attend(params, name, out, { ...norm, heads: block.heads }))
  })
}

/**
 * silu(norm(h)·(1 + scale) + shift) of h [N, C, H, W], where `given` [N or 1, 2C] holds scale and shift of each sample
 * (arXiv 2105.05233 §3 "AdaGN"). With the norm's own weight w and bias b that is again a group norm, of weight w(1 + scale)
 * and bias b(1 + scale) + shift; the samples go side by side into the channels, where each has its own.
 */
function scaleShiftNorm(
  params: Params,
  name: string,
  h: Tensor,
  given: Tensor,
  norm: { readonly groups: number; readonly silu: boolean; readonly eps: number },
): Tensor {
  const [n, channels, height, width] = h.shape as readonly [number, number, number, number]
  const scale = slice(given, null, [0, channels]).add(1)
  const shift = slice(given, null, [channels])
  const weight = scale.mul(param(params, `${name}.weight`))
  const bias = scale.mul(param(params, `${name}.bias`)).add(shift)
  if (given.shape[0] === 1)
    return tensorGroupNorm(h, reshape(weight, [channels]), reshape(bias, [channels]), norm)
  const flat = [n * channels]
  const side = reshape(h, [1, n * channels, height, width])
  const normal = tensorGroupNorm(side, reshape(weight, flat), reshape(bias, flat), {
    ...norm,
    groups: n * norm.groups,
  })
  return reshape(normal, h.shape)
}

/**
 * x + attention over its pixels: softmax of QᵀK/√d within each of `heads` heads of d channels. `NAME.qkv` has heads
 * outside, their channels inside, and queries, keys and values innermost.
 */
function attend(
  params: Params,
  name: string,
  x: Tensor,
  { heads, groups, eps }: { readonly heads: number; readonly groups: number; readonly eps: number },
): Tensor {
  const { n, channels, pixels } = imageExtents('edmForward', x)
  const flat = [n, channels, pixels]
  const h = reshape(groupNorm(params, `${name}.norm2`, x, { groups, eps }), flat)
  const joint = reshape(project(params, `${name}.qkv`, h), [n, heads, channels / heads, 3, pixels])
  const part = (i: number) => slice(joint, null, null, null, i)
  const mixed = reshape(channelAttention(part(0), part(1), part(2)), flat)
  return reshape(project(params, `${name}.proj`, mixed, reshape(x, flat)), x.shape)
}

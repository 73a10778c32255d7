import type { Tensor } from '@tweedie/tensor'
import { concat, fromData, gather, OptionError, ShapeError, scope, silu } from '@tweedie/tensor'
import {
  averagePool,
  conv2d,
  groupNorm,
  linear,
  qkvAttention,
  timeEmbedding,
  upsample,
  upsampleNearest,
} from '../../layers/index.ts'
import type { Params } from '../../params.ts'
import { param } from '../../params.ts'
import { checkInput, labelsOf } from './check.ts'
import type { AdmConfig } from './config.ts'
import { normGroups } from './config.ts'
import type { BlockPlan, LayerPlan } from './plan.ts'
import { admPlan } from './plan.ts'
import { resBlock } from './res-block.ts'

/**
 * The network's output for noisy images x [N, C, H, W] at time t, one DDPM index 0 … T−1 for all or one per
 * image [N], and, where the network is class-conditional, labels y, one for all or one per image [N] (of
 * any element type, whole numbers).
 * Returns [N, outChannels, H, W]: the predicted noise ε, followed in the channels by v where the variance is
 * learned ({@link splitLearnedVariance}). Differentiable in `params` and `x`; there is no dropout, as at
 * inference. Source: arXiv 2105.05233; numerically guided-diffusion's `UNetModel`.
 * @throws {ShapeError} where x, t or y does not fit the configuration, or a label is none of its classes.
 * @throws {OptionError} where y is missing, no class, or given to a network without classes.
 * @example
 * ```ts
 * import { randomKey, zeros } from '@tweedie/tensor'
 * import { admConfig, admForward, initAdm, splitLearnedVariance } from '@tweedie/unet'
 * const config = admConfig({ imageSize: 8, modelChannels: 32, channelMult: [1, 1], outChannels: 6 })
 * const params = initAdm(config, randomKey(0))
 * const { epsilon } = splitLearnedVariance(admForward(params, config, zeros([2, 3, 8, 8]), 500))
 * epsilon.shape // => [2, 3, 8, 8]
 * ```
 */
export function admForward(
  params: Params,
  config: AdmConfig,
  x: Tensor,
  t: number | Tensor,
  y?: number | Tensor,
): Tensor {
  checkInput(config, x, t, y)
  return scope(() => run(params, config, x, t, y === undefined ? undefined : admEmbed(params, config, y, x)))
}

/**
 * The embeddings [N, 4·modelChannels] of labels, one or [N], of a class-conditional network: rows of `label_emb`.
 * Differentiable in `params`.
 * @param like - Whose device a single label goes to.
 * @throws {OptionError} for a label that is no class of the network.
 */
export function admEmbed(params: Params, config: AdmConfig, y: number | Tensor, like?: Tensor): Tensor {
  const table = param(params, 'label_emb.weight')
  const device = (like ?? table).device
  const labels = typeof y === 'number' ? fromData([y], [1], { dtype: 'int32', device }) : labelsOf(config, y)
  return gather(table, labels)
}

/**
 * {@link admForward} of a class-conditional network, told not a label but an embedding c, [N, 4·modelChannels] or one for
 * all, as {@link admEmbed} gives it or any other. Differentiable in `params`, `x` and `c`.
 * @throws {ShapeError} where x, t or c does not fit the configuration.
 * @throws {OptionError} for a network without classes.
 * @example
 * ```ts
 * import { randomKey, zeros } from '@tweedie/tensor'
 * import { admConfig, admForwardEmbedded, initAdm } from '@tweedie/unet'
 * const config = admConfig({ imageSize: 7, inChannels: 4, modelChannels: 32, channelMult: [1], numClasses: 11 })
 * const params = initAdm(config, randomKey(0))
 * admForwardEmbedded(params, config, zeros([2, 4, 7, 7]), 500, zeros([1, 128])).shape // => [2, 4, 7, 7]
 * ```
 */
export function admForwardEmbedded(
  params: Params,
  config: AdmConfig,
  x: Tensor,
  t: number | Tensor,
  c: Tensor,
): Tensor {
  if (config.numClasses === null)
    throw new OptionError('c', 'the network has no classes (numClasses is null)')
  checkInput(config, x, t, 0)
  const width = admPlan(config).embedding
  const [n] = x.shape
  if (c.rank !== 2 || c.shape[1] !== width || (c.shape[0] !== n && c.shape[0] !== 1))
    throw new ShapeError('admForwardEmbedded', `c must be [${n}, ${width}] or [1, ${width}]`, [c.shape])
  return scope(() => run(params, config, x, t, c))
}

function run(
  params: Params,
  config: AdmConfig,
  x: Tensor,
  t: number | Tensor,
  c: Tensor | undefined,
): Tensor {
  const plan = admPlan(config)
  const embedding = embed(params, config, x, t, c)
  const runBlock = (h: Tensor, block: BlockPlan) => runLayers(params, config, h, embedding, block)
  const kept: Tensor[] = []
  let h = x
  for (const block of plan.input) kept.push((h = runBlock(h, block)))
  h = runBlock(h, plan.middle)
  for (const block of plan.output) h = runBlock(concat([h, kept.pop()!], 1), block)
  return conv2d(params, 'out.2', groupNorm(params, 'out.0', h, { groups: normGroups, silu: true }), {
    padding: 1,
  })
}

/** The layers of a block, one after another, with what {@link embed} gives. */
export const runLayers = (
  params: Params,
  config: AdmConfig,
  h: Tensor,
  embedding: Tensor,
  block: BlockPlan,
): Tensor => scope(() => block.reduce((now, layer) => runLayer(params, config, now, embedding, layer), h))

/** silu(embedding of time and class), [N, D] or [1, D]; every residual block uses it through this SiLU. */
export function embed(params: Params, config: AdmConfig, x: Tensor, t: number | Tensor, c?: Tensor): Tensor {
  return scope(() => {
    const device = x.device
    const times = typeof t === 'number' ? fromData([t], [1], { dtype: x.dtype, device }) : t.cast(x.dtype)
    const scaled = config.timeScale === 1 ? times : times.mul(config.timeScale)
    const sinusoid = timeEmbedding(scaled, config.modelChannels, { flipSinToCos: true, freqShift: 0 })
    const time = linear(params, 'time_embed.2', silu(linear(params, 'time_embed.0', sinusoid)))
    return silu(c === undefined ? time : time.add(c))
  })
}

function runLayer(params: Params, config: AdmConfig, h: Tensor, embedding: Tensor, layer: LayerPlan): Tensor {
  const { name } = layer
  switch (layer.kind) {
    case 'conv':
      return conv2d(params, name, h, { padding: 1 })
    case 'resBlock':
      return resBlock(params, h, embedding, layer, config)
    case 'attention': {
      const order = config.useNewAttentionOrder ? 'qkv-first' : 'heads-first'
      return scope(() => qkvAttention(params, name, h, { heads: layer.heads, order, groups: normGroups }))
    }
    case 'down':
      return config.convResample ? conv2d(params, `${name}.op`, h, { stride: 2, padding: 1 }) : averagePool(h)
    case 'up':
      return config.convResample ? upsample(params, name, h) : upsampleNearest(h)
  }
}

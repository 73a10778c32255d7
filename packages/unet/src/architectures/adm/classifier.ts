import type { Tensor } from '@tweedie/tensor'
import { channelAttention, concat, OptionError, relu, reshape, scope, silu } from '@tweedie/tensor'
import { groupNorm, linear } from '../../layers/index.ts'
import { project } from '../../layers/pixels.ts'
import { splitQkv } from '../../layers/qkv-attention.ts'
import type { ParamSpec, Params } from '../../params.ts'
import { param } from '../../params.ts'
import { checkInput } from './check.ts'
import type { AdmConfig, AdmOptions } from './config.ts'
import { admConfig, levelChannels, normGroups } from './config.ts'
import { embed, runLayers } from './forward.ts'
import type { BlockPlan, LayerPlan } from './plan.ts'
import { admPlan } from './plan.ts'
import { layerSpec } from './spec.ts'

/** How a picture becomes one vector: the mean of its pixels; an attention over them; the means of all layers, in two ways. */
export const classifierPools = ['adaptive', 'attention', 'spatial', 'spatial_v2'] as const

/** guided-diffusion's `EncoderUNetModel`: the way down of an `adm` network, then the log-odds of classes. */
export interface AdmClassifierConfig extends Omit<AdmConfig, 'architecture'> {
  readonly architecture: 'adm-classifier'
  readonly pool: (typeof classifierPools)[number]
}

/** Width of the hidden layer of the pools of all layers. */
const hidden = 2048

/**
 * A complete configuration of a classifier, checked; `outChannels` are its classes. Fields are those of `admConfig`, of which
 * the way up takes no part. Left out, `pool` is 'adaptive'.
 * @throws {OptionError} naming the field that does not fit.
 * @example
 * ```ts
 * import { admClassifierConfig } from '@tweedie/unet'
 * const config = admClassifierConfig({ imageSize: 16, modelChannels: 32, channelMult: [1, 2], outChannels: 10 })
 * config.pool // => 'adaptive'
 * ```
 */
export function admClassifierConfig({
  pool = 'adaptive',
  ...options
}: AdmOptions &
  Pick<AdmConfig, 'outChannels'> &
  Partial<Pick<AdmClassifierConfig, 'pool'>>): AdmClassifierConfig {
  if (!classifierPools.includes(pool))
    throw new OptionError('pool', `must be ${classifierPools.join(' | ')}, got '${String(pool)}'`)
  const trunk = admConfig(options)
  if (trunk.numClasses !== null) throw new OptionError('numClasses', 'a classifier is told no class')
  if (pool === 'attention' && trunk.numHeadChannels === null)
    throw new OptionError('numHeadChannels', "is needed where the pool is 'attention'")
  return { ...trunk, architecture: 'adm-classifier', pool }
}

const trunkOf = ({ pool: _, ...config }: AdmClassifierConfig): AdmConfig => ({
  ...config,
  architecture: 'adm',
})

/** Channels after a block. */
function channelsAfter(block: BlockPlan): number {
  const last: LayerPlan | undefined = block.at(-1)
  if (last === undefined) return 0
  return last.kind === 'conv' || last.kind === 'resBlock' ? last.outChannels : last.channels
}

/** Names and shapes of all parameters, as in the state dict of guided-diffusion's `EncoderUNetModel`. */
export function admClassifierSpec(config: AdmClassifierConfig): ParamSpec {
  const trunk = trunkOf(config)
  const { input, middle } = admPlan(trunk)
  const { spec, affine } = layerSpec(trunk, [...input, middle])
  const { outChannels: classes, pool, imageSize } = config
  const channels = levelChannels(trunk).at(-1) ?? 0
  if (pool === 'adaptive') {
    affine('out.0', channels)
    affine('out.3', classes, channels, 1, 1)
  } else if (pool === 'attention') {
    const side = imageSize / 2 ** (config.channelMult.length - 1)
    affine('out.0', channels)
    spec['out.2.positional_embedding'] = [channels, side ** 2 + 1]
    affine('out.2.qkv_proj', 3 * channels, channels, 1)
    affine('out.2.c_proj', classes, channels, 1)
  } else {
    const features = [...input, middle].reduce((sum, block) => sum + channelsAfter(block), 0)
    affine('out.0', hidden, features)
    if (pool === 'spatial_v2') affine('out.1', hidden)
    affine(pool === 'spatial' ? 'out.2' : 'out.3', classes, hidden)
  }
  return spec
}

/**
 * Log-odds [N, classes] of noisy pictures x [N, C, H, W] at time t, one DDPM index for all or one per picture. Differentiable in
 * `params` and `x`. A pool by attention takes pictures of the side it was trained on alone. Source: arXiv 2105.05233 §4;
 * numerically guided-diffusion's `EncoderUNetModel`.
 * @throws {ShapeError} where x or t does not fit the configuration.
 * @example
 * ```ts
 * import { ones, zeros } from '@tweedie/tensor'
 * import { admClassifierConfig, admClassifierForward, admClassifierSpec } from '@tweedie/unet'
 * const config = admClassifierConfig({ imageSize: 8, modelChannels: 32, channelMult: [1], outChannels: 10 })
 * const params = Object.fromEntries(Object.entries(admClassifierSpec(config)).map(([name, shape]) => [name, ones(shape)]))
 * admClassifierForward(params, config, zeros([2, 3, 8, 8]), 500).shape // => [2, 10]
 * ```
 */
export function admClassifierForward(
  params: Params,
  config: AdmClassifierConfig,
  x: Tensor,
  t: number | Tensor,
): Tensor {
  const trunk = trunkOf(config)
  checkInput(trunk, x, t, undefined)
  return scope(() => {
    const { input, middle } = admPlan(trunk)
    const embedding = embed(params, trunk, x, t)
    const means: Tensor[] = []
    let h = x
    for (const block of [...input, middle]) {
      h = runLayers(params, trunk, h, embedding, block)
      if (config.pool.startsWith('spatial')) means.push(h.mean([2, 3]))
    }
    return pooled(params, config, h, means)
  })
}

function pooled(
  params: Params,
  { pool, numHeadChannels }: AdmClassifierConfig,
  h: Tensor,
  means: readonly Tensor[],
): Tensor {
  const [n = 0, channels = 0] = h.shape
  const normed = () => groupNorm(params, 'out.0', h, { groups: normGroups, silu: true })
  switch (pool) {
    case 'adaptive': {
      const mean = normed().mean([2, 3], true).reshape([n, channels, 1])
      return project(params, 'out.3', mean).reshape([n, -1])
    }
    case 'attention': {
      const pixels = normed().reshape([n, channels, -1])
      const all = concat([pixels.mean(2, true), pixels], 2)
      const placed = all.add(param(params, 'out.2.positional_embedding'))
      const heads = channels / (numHeadChannels ?? channels)
      const [q, k, v] = splitQkv(project(params, 'out.2.qkv_proj', placed), heads, 'qkv-first')
      // Only the first place, that of the mean, is looked at.
      const first = channelAttention(q.slice(null, null, null, [0, 1]), k, v)
      return reshape(project(params, 'out.2.c_proj', reshape(first, [n, channels, 1])), [n, -1])
    }
    case 'spatial':
      return linear(params, 'out.2', relu(linear(params, 'out.0', concat(means, 1))))
    case 'spatial_v2': {
      const one = linear(params, 'out.0', concat(means, 1)).reshape([n, hidden, 1, 1])
      const norm = groupNorm(params, 'out.1', one, { groups: normGroups }).reshape([n, hidden])
      return linear(params, 'out.3', silu(norm))
    }
  }
}

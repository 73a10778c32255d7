import type { Tensor } from '@tweedie/tensor'
import { concat, OptionError, reshape, ShapeError, scope, slice } from '@tweedie/tensor'
import { conv2d, firDownsample, groupNorm } from '../../layers/index.ts'
import type { Params } from '../../params.ts'
import { param } from '../../params.ts'
import { edmBlock, resampled } from './block.ts'
import { edmEmbed, edmEmbedding, perSample } from './embedding.ts'
import type { LayerPlan } from './plan.ts'
import { edmPlan } from './plan.ts'
import type { Coefficients } from './preconditioning.ts'
import { coefficientsAt } from './preconditioning.ts'
import type { EdmConfig } from './types.ts'
import { embeddingChannels, halvings, noiseChannels, normGroups } from './types.ts'

/** What a network is told besides x and t. */
export interface EdmTold {
  /** Classes [N], `labelDim` for none; left out, none. */
  readonly labels?: Tensor
  /** The embedding of a class, [N, d] or [1, d], as `edmEmbed` gives it, in the place of labels. */
  readonly c?: Tensor
  /** How the images were augmented, [N, augmentDim]; left out, not. */
  readonly augment?: Tensor
}

/**
 * The output [N, outChannels, H, W] for images x [N, inChannels, H, W]. With a preconditioning it is the denoiser D(x; σ) of
 * x = x₀ + σ·ε and t is σ, 0 or more; without, F(x) and t is what the network was trained to be told. One t for all, or one
 * an image [N]. Differentiable in `params`, x, c and augment; there is no dropout, as at inference. Source: arXiv
 * 2206.00364; numerically NVlabs/edm's training/networks.py in float32.
 * @throws {ShapeError} where x, t, c or augment does not fit the configuration.
 * @throws {OptionError} for a noise level out of range, a label that is no class, or what the network is not told.
 * @example
 * ```ts
 * import { randomKey, zeros } from '@tweedie/tensor'
 * import { edmConfig, edmForward, edm, preconditionings } from '@tweedie/unet'
 * const small = { imageSize: 8, modelChannels: 8, channelMult: [1, 2], numBlocks: 1, attnResolutions: [4] }
 * const config = edmConfig({ ...small, preconditioning: preconditionings.edm })
 * edmForward(edm.init(config, randomKey(0)), config, zeros([2, 3, 8, 8]), 0.5).shape // => [2, 3, 8, 8]
 * ```
 */
export function edmForward(
  params: Params,
  config: EdmConfig,
  x: Tensor,
  t: number | Tensor,
  told: EdmTold = {},
): Tensor {
  const times = checkedTimes(config, x, t)
  checkTold(config, x, told)
  return scope(() => {
    const c = conditionOf(params, config, x, told)
    const { preconditioning } = config
    if (preconditioning === null) return network(params, config, x, perSample(times, x), c, told.augment)
    const at = times.map((sigma) => coefficientsAt(preconditioning, sigma))
    const each = (name: keyof Coefficients) => at.map((coefficients) => coefficients[name])
    const scaled = (h: Tensor, name: keyof Coefficients) => byEach(h, each(name))
    const f = network(params, config, scaled(x, 'input'), perSample(each('noise'), x), c, told.augment)
    const image = f.shape[1] === x.shape[1] ? f : slice(f, null, [0, x.shape[1]!])
    return scaled(x, 'skip').add(scaled(image, 'out'))
  })
}

/** h [N, …] times a number for each sample, or one for all. */
function byEach(h: Tensor, factors: readonly number[]): Tensor {
  const [first = 1] = factors
  if (factors.every((factor) => factor === first)) return first === 1 ? h : h.mul(first)
  return h.mul(reshape(perSample(factors, h), [-1, 1, 1, 1]))
}

/** F(x; c_noise). */
function network(
  params: Params,
  config: EdmConfig,
  x: Tensor,
  noise: Tensor,
  c: Tensor | undefined,
  augment: Tensor | undefined,
): Tensor {
  const plan = edmPlan(config)
  const embedding = edmEmbedding(params, config, noise, c, augment)
  const kept: Tensor[] = []
  let h = x
  /** The second path: the image on the way down, what levels gave to the output on the way up. */
  let aux: Tensor | undefined = x
  const run = (layer: LayerPlan): void => {
    const { kind, name } = layer
    switch (kind) {
      case 'conv':
        kept.push((h = conv2d(params, name, h, { padding: 1 })))
        return
      case 'block':
        h = scope(() =>
          edmBlock(params, layer.joins ? concat([h, kept.pop()!], 1) : h, embedding, layer, config),
        )
        return
      case 'auxDown':
      case 'auxUp':
        aux = resampled(aux!, kind === 'auxDown' ? 'down' : 'up', config.resampleFilter)
        return
      case 'auxSkip':
        kept[kept.length - 1] = h = conv2d(params, name, aux!, { residual: h })
        return
      case 'auxResidual':
        aux = scope(() =>
          h.add(halvedByConvolution(params, name, aux!, config.resampleFilter)).mul(Math.SQRT1_2),
        )
        kept[kept.length - 1] = h = aux
        return
      case 'auxOut': {
        const before = aux
        aux = scope(() => {
          const norm = { groups: normGroups(layer.inChannels), silu: true, eps: outputEps[config.network] }
          const normal = groupNorm(params, `${name}_norm`, h, norm)
          return conv2d(params, `${name}_conv`, normal, {
            padding: 1,
            ...(before === undefined ? {} : { residual: before }),
          })
        })
        return
      }
    }
  }
  for (const layer of plan.encoder) {
    run(layer)
    if (layer.kind === 'block') kept.push(h)
  }
  aux = undefined
  plan.decoder.forEach(run)
  return aux!
}

const outputEps = { SongUNet: 1e-6, DhariwalUNet: 1e-5 } as const

/**
 * The 3×3 convolution `NAME` and then the filter, each second pixel of it. The convolution is worked out on a margin as wide as
 * the filter needs, whose zeros lie around the image and not around the convolution.
 */
function halvedByConvolution(params: Params, name: string, x: Tensor, filter: readonly number[]): Tensor {
  const wide = conv2d(params, name, x, { padding: filter.length / 2, bias: false })
  return firDownsample(wide, { filter, padding: 0 }).add(
    reshape(param(params, `${name}.bias`), [1, -1, 1, 1]),
  )
}

function conditionOf(
  params: Params,
  config: EdmConfig,
  x: Tensor,
  { labels, c }: EdmTold,
): Tensor | undefined {
  if (config.labelDim === 0) return undefined
  return c ?? edmEmbed(params, config, labels ?? perSample([config.labelDim], x))
}

/** The times as numbers, one for all or one an image. */
function checkedTimes(config: EdmConfig, x: Tensor, t: number | Tensor): readonly number[] {
  const [n, channels, height, width] = x.shape
  if (x.rank !== 4 || channels !== config.inChannels)
    throw new ShapeError('edmForward', `x must be [N, ${config.inChannels}, H, W]`, [x.shape])
  const factor = halvings(config)
  if (height! % factor !== 0 || width! % factor !== 0 || height === 0 || width === 0)
    throw new ShapeError('edmForward', `height and width must be multiples of ${factor}`, [x.shape])
  if (typeof t === 'number') return [t]
  if (t.rank === 1 && (t.shape[0] === n || t.shape[0] === 1)) return Array.from(t.dataSync())
  throw new ShapeError('edmForward', `t must be a number or one time per image, [${n}]`, [t.shape])
}

function checkTold(config: EdmConfig, x: Tensor, { labels, c, augment }: EdmTold): void {
  const [n] = x.shape
  const { labelDim, augmentDim } = config
  if ((labels ?? c) !== undefined && labelDim === 0)
    throw new OptionError('labels', 'the network has no classes (labelDim is 0)')
  if (labels !== undefined && c !== undefined)
    throw new OptionError('labels', 'cannot be given beside an embedding c')
  if (labels !== undefined && !(labels.rank === 1 && (labels.shape[0] === n || labels.shape[0] === 1)))
    throw new ShapeError('edmForward', `labels must be one per image, [${n}]`, [labels.shape])
  if (c !== undefined) {
    const width = config.network === 'SongUNet' ? noiseChannels(config) : embeddingChannels(config)
    if (c.rank !== 2 || c.shape[1] !== width || (c.shape[0] !== n && c.shape[0] !== 1))
      throw new ShapeError('edmForward', `c must be [${n}, ${width}] or [1, ${width}]`, [c.shape])
  }
  if (augment === undefined) return
  if (augmentDim === 0)
    throw new OptionError('augment', 'the network knows no augmentation (augmentDim is 0)')
  if (augment.rank !== 2 || augment.shape[0] !== n || augment.shape[1] !== augmentDim)
    throw new ShapeError('edmForward', `augment must be [${n}, ${augmentDim}]`, [augment.shape])
}

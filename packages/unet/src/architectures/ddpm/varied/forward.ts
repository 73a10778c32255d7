import type { Tensor } from '@tweedie/tensor'
import { OptionError, reshape, scope } from '@tweedie/tensor'
import { conv2d, downsample, firDownsample, firUpsample, groupNorm, upsample } from '../../../layers/index.ts'
import type { Params } from '../../../params.ts'
import type { Passes } from '../forward.ts'
import { checkInput, ddpmForward, through, timesOf } from '../forward.ts'
import type { DdpmConfig } from '../types.ts'
import { activate } from './activation.ts'
import { ddpmEmbed, embedding, isTold, requireShape, toldNothing, widthOf } from './embed.ts'
import type { VariedLevel, VariedResnet } from './plan.ts'
import { variedPlan } from './plan.ts'
import { variedResnet } from './resnet.ts'
import { variantOf } from './variant.ts'

/**
 * The output of any network, as {@link ddpmForward}'s; with labels [N] (or embeddings [N, D], where it is told such) for one
 * that has to be told them. With the time embedding `fourier` the times are noise levels above 0.
 * @throws {ShapeError} where x, t or labels do not fit the configuration.
 * @throws {OptionError} for labels that are missing, none of its classes, or given to a network that is told none.
 */
export function variedForward(
  params: Params,
  config: DdpmConfig,
  x: Tensor,
  t: number | Tensor,
  labels?: Tensor,
): Tensor {
  const told = isTold(variantOf(config))
  if (!told && labels !== undefined) throw new OptionError('labels', toldNothing)
  if (config.variant === undefined) return ddpmForward(params, config, x, t)
  if (!told) return run(params, config, x, t, undefined)
  if (labels === undefined)
    throw new OptionError('labels', `the network has to be told ${whatItIsTold(config)}, one per image`)
  return scope(() => run(params, config, x, t, ddpmEmbed(params, config, labels)))
}

/** As {@link variedForward}, with an embedding c, [N, D] or [1, D], in the place of labels; differentiable in it. */
export function variedForwardEmbedded(
  params: Params,
  config: DdpmConfig,
  x: Tensor,
  t: number | Tensor,
  c: Tensor,
): Tensor {
  if (!isTold(variantOf(config))) throw new OptionError('c', toldNothing)
  return run(params, config, x, t, c)
}

/** What a network is told besides the time, in words. */
export function whatItIsTold(config: DdpmConfig): string {
  const { numClasses, classEmbedding } = variantOf(config)
  if (classEmbedding === 'identity') return `an embedding of ${widthOf(config)} numbers`
  return classEmbedding === 'timestep' ? 'another time' : `a class 0 … ${(numClasses ?? 0) - 1}`
}

function run(
  params: Params,
  config: DdpmConfig,
  x: Tensor,
  t: number | Tensor,
  c: Tensor | undefined,
): Tensor {
  checkInput(config, x, t)
  const variant = variantOf(config)
  if (c !== undefined) requireShape('c', c, x.shape[0], widthOf(config))
  return scope(() => {
    const plan = variedPlan(config)
    const time = scope(() => activate[variant.activation](embedding(params, config, x, t, c)))
    const images = variant.centerInput ? x.mul(2).sub(1) : x
    const resnet = (h: Tensor, block: VariedResnet) => variedResnet(params, config, variant, h, time, block)
    const pyramid = pyramidOf(params, config, images, resnet)
    const out = through(params, config, plan.groups, plan, images, {
      resnet,
      down: (h, level) => {
        if (level.kind === 'skip') return pyramid.down(h, level)
        if (level.ending !== undefined) return resnet(h, level.ending)
        return downsample(params, level.resample ?? '', h, config.downsamplePadding)
      },
      up: (h, level) => {
        if (level.kind === 'skip') return pyramid.up(h, level)
        if (level.ending !== undefined) return resnet(h, level.ending)
        return level.resample === undefined ? h : upsample(params, level.resample, h)
      },
    })
    const whole = pyramid.added(out)
    return variant.timeEmbedding === 'fourier' ? whole.div(reshape(timesOf(x, t), [-1, 1, 1, 1])) : whole
  })
}

/**
 * The levels of kind `skip` (arXiv 2011.13456 §H): on the way down the images themselves are halved by a filter, and added
 * through a 1×1 convolution; on the way up images are made of each level, and doubled and summed to the output.
 */
function pyramidOf(
  params: Params,
  { normEps: eps }: DdpmConfig,
  images: Tensor,
  resnet: (h: Tensor, block: VariedResnet) => Tensor,
): Pick<Passes<VariedLevel, VariedResnet>, 'down' | 'up'> & { added(out: Tensor): Tensor } {
  let seen = images
  let made: Tensor | undefined
  return {
    down: (h, { ending, prefix }) => {
      seen = firDownsample(seen)
      if (ending === undefined) return h
      return conv2d(params, `${prefix}.skip_conv`, seen, { residual: resnet(h, ending) })
    },
    up: (h, { ending, prefix }) => {
      const doubled = made && firUpsample(made)
      made = doubled
      if (ending === undefined) return h
      made = scope(() => {
        const norm = { groups: ending.groups[0], eps, silu: true }
        const start = groupNorm(params, `${prefix}.skip_norm`, h, norm)
        return conv2d(params, `${prefix}.skip_conv`, start, {
          padding: 1,
          ...(doubled && { residual: doubled }),
        })
      })
      return resnet(h, ending)
    },
    added: (out) => (made === undefined ? out : out.add(made)),
  }
}

import type { Tensor } from '@tweedie/tensor'
import { concat, fromData, OptionError, ShapeError, scope, silu } from '@tweedie/tensor'
import { conv2d, downsample, groupNorm, timeEmbedding, timeMlp, upsample } from '../../layers/index.ts'
import type { Params } from '../../params.ts'
import type { DdpmPlan, LevelPlan, ResnetPlan } from './plan.ts'
import { ddpmPlan } from './plan.ts'
import { resnetBlock } from './resnet.ts'
import type { DdpmConfig, PlainDdpmConfig } from './types.ts'

/**
 * The network's output (for the usual objective: the predicted noise ε) for noisy images x [N, C, H, W]
 * at time t, one DDPM index 0 … T−1 for all or one per image [N]; [N, outChannels, H, W]. Differentiable
 * in `params` and `x`. Source: arXiv 2006.11239; numerically diffusers' `UNet2DModel`. It is for configurations
 * without a variant, and all that a page with such a network needs; `ddpm.forward` and `predictor` run any.
 * @throws {ShapeError} where x does not fit the configuration.
 * @throws {OptionError} for a configuration with a variant.
 * @example
 * ```ts
 * import { randomKey, zeros } from '@tweedie/tensor'
 * import { ddpmConfig, ddpmForward, initDdpm } from '@tweedie/unet'
 * const config = ddpmConfig({ sampleSize: 8, blockOutChannels: [8, 16] })
 * const params = initDdpm(config, randomKey(0))
 * ddpmForward(params, config, zeros([2, 1, 8, 8]), 500).shape // => [2, 1, 8, 8]
 * ```
 */
export function ddpmForward(params: Params, config: DdpmConfig, x: Tensor, t: number | Tensor): Tensor {
  if (!isPlain(config)) throw new OptionError('config', 'has a variant, which ddpm.forward runs')
  checkInput(config, x, t)
  return scope(() => {
    const time = scope(() =>
      silu(
        timeMlp(params, 'time_embedding', timeEmbedding(timesOf(x, t), config.blockOutChannels[0]!, config)),
      ),
    )
    return through(params, config, config.normGroups, ddpmPlan(config), x, {
      resnet: (h, block) => resnetBlock(params, config, h, time, block),
      down: (h, { resample }) => downsample(params, resample ?? '', h, config.downsamplePadding),
      up: (h, { resample }) => (resample === undefined ? h : upsample(params, resample, h)),
    })
  })
}

const isPlain = (config: DdpmConfig): config is PlainDdpmConfig => config.variant === undefined

/** What the U of a plan is made of. */
export interface Passes<L extends LevelPlan, R extends ResnetPlan> {
  resnet(h: Tensor, block: R): Tensor
  /** The end of a level on the way down, but for the last. */
  down(h: Tensor, level: L): Tensor
  /** The end of any level on the way up. */
  up(h: Tensor, level: L): Tensor
}

/** From images to output: `conv_in`, the way down, the middle, the way up, `conv_out` after a norm of some groups. */
export function through<R extends ResnetPlan, L extends LevelPlan<R>>(
  params: Params,
  { normEps }: DdpmConfig,
  groups: number,
  plan: DdpmPlan<L, R>,
  x: Tensor,
  { resnet, down, up }: Passes<L, R>,
): Tensor {
  let h = conv2d(params, 'conv_in', x, { padding: 1 })
  const skips = [h]
  for (const level of plan.down) {
    for (const block of level.resnets) skips.push((h = resnet(h, block)))
    if (level.resample !== undefined) skips.push((h = down(h, level)))
  }
  for (const block of plan.mid) h = resnet(h, block)
  for (const level of plan.up) {
    for (const block of level.resnets) h = resnet(concat([h, skips.pop()!], 1), block)
    h = up(h, level)
  }
  const normal = groupNorm(params, 'conv_norm_out', h, { groups, eps: normEps, silu: true })
  return conv2d(params, 'conv_out', normal, { padding: 1 })
}

/** Times [N] or [1], as images x have them: of their element type, on their device. */
export const timesOf = (x: Tensor, t: number | Tensor): Tensor =>
  typeof t === 'number' ? fromData([t], [1], { dtype: x.dtype, device: x.device }) : t.cast(x.dtype)

/** @throws {ShapeError} where images or times do not fit a configuration. */
export function checkInput(config: DdpmConfig, x: Tensor, t: number | Tensor): void {
  const [n, channels, height, width] = x.shape
  if (x.rank !== 4 || channels !== config.inChannels) {
    throw new ShapeError('ddpmForward', `x must be [N, ${config.inChannels}, H, W]`, [x.shape])
  }
  const factor = 2 ** (config.blockOutChannels.length - 1)
  if (height! % factor !== 0 || width! % factor !== 0 || height === 0 || width === 0) {
    throw new ShapeError('ddpmForward', `height and width must be multiples of ${factor}`, [x.shape])
  }
  if (typeof t !== 'number' && (t.rank !== 1 || (t.shape[0] !== n && t.shape[0] !== 1))) {
    throw new ShapeError('ddpmForward', `t must be a number or one time per image, [${n}]`, [t.shape])
  }
}

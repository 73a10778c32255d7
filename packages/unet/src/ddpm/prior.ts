import type { Shape, Tensor } from '@tweedie/tensor'
import { ShapeError, scope } from '@tweedie/tensor'
import type { Params } from '../params.ts'
import type { NoiseSchedule } from '../train/schedule.ts'
import type { DdpmConfig } from './config.ts'
import { ddpmForward } from './forward.ts'

/** A trained network as a prior: what the methods of `@tweedie/solvers` ask for, whatever their schedule. */
export interface DdpmPrior<S extends NoiseSchedule> {
  readonly name: string
  /** [C, H, W] of one image. */
  readonly shape: Shape
  readonly schedule: S
  /** E[x₀ | x_t] of a batch x_t [N, C, H, W], all at time t; differentiable in x_t. */
  denoise(xt: Tensor, t: number): Tensor
}

/**
 * The prior of a network that predicts the noise, by Tweedie's formula: x̂₀ = (x_t − σ_t·ε_θ(x_t, t)) / α_t
 * (arXiv 2006.11239 eq. 15). The schedule must be the one it was trained with.
 * @example
 * ```ts
 * import { randomKey, zeros } from '@tweedie/tensor'
 * import { ddpmConfig, ddpmPrior, initDdpm, linearNoise } from '@tweedie/unet'
 * const config = ddpmConfig({ sampleSize: 8, blockOutChannels: [8, 16] })
 * const prior = ddpmPrior({ name: 'fresh', config, params: initDdpm(config, randomKey(0)), schedule: linearNoise() })
 * prior.denoise(zeros([2, 1, 8, 8]), 500).shape // => [2, 1, 8, 8]
 * ```
 */
export function ddpmPrior<S extends NoiseSchedule>(network: {
  readonly name: string
  readonly config: DdpmConfig
  readonly params: Params
  readonly schedule: S
}): DdpmPrior<S> {
  const { name, config, params, schedule } = network
  if (config.outChannels !== config.inChannels) {
    throw new ShapeError(
      'ddpmPrior',
      `the network maps ${config.inChannels} channels to ${config.outChannels}; noise needs as many out as in`,
    )
  }
  return {
    name,
    shape: [config.inChannels, config.sampleSize, config.sampleSize],
    schedule,
    denoise: (xt, t) =>
      scope(() => {
        const noise = ddpmForward(params, config, xt, t)
        return xt.sub(noise.mul(schedule.sigma(t))).div(schedule.alpha(t))
      }),
  }
}

import type { Tensor } from '@tweedie/tensor'
import { OptionError, scope } from '@tweedie/tensor'
import type { Prior, Schedule, Time } from '../types.ts'

/** How samples in a user's units are made of those that a prior knows: x = scale·u + shift. */
export interface RescaledOptions {
  /** Above 0. */
  readonly scale: number
  readonly shift?: number
}

/** The schedule of x_t = scale·u_t + shift·α_t, where that of u_t = α_t u₀ + σ_t ε is given. */
function rescaledSchedule(own: Schedule, scale: number): Schedule {
  return {
    ...own,
    name: `${own.name}×${scale}`,
    sigma: (t) => scale * own.sigma(t),
    slopes: (t) => {
      const { alpha, sigma } = own.slopes(t)
      return { alpha, sigma: scale * sigma }
    },
    timeOfNoiseLevel: (level) => own.timeOfNoiseLevel(level / scale),
  }
}

/**
 * A prior in other units, so that a network trained on pictures in [0, 1] restores those in [−1, 1]: x₀ = scale·u₀ + shift.
 * It is asked at its own times, on a schedule with σ_t scaled; {@link withSchedule} takes the result to any other.
 *
 * @throws {OptionError} for a scale that is not above 0 and finite, a shift that is not finite, or a prior on latents.
 * @example
 * ```ts
 * import { gaussianPrior, rescaled, vpLinear } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const shades = gaussianPrior({ mean: [0.5], covariance: 0.04, schedule: vpLinear() }) // in [0, 1], or so
 * const prior = rescaled(shades, { scale: 2, shift: -1 })
 * prior.denoise(tensor([[0.5]]), prior.schedule.noisiest).dataSync() // ≈ [0.0001]
 * ```
 */
export function rescaled(prior: Prior, { scale, shift = 0 }: RescaledOptions): Prior {
  if (!(scale > 0 && scale < Infinity))
    throw new OptionError('scale', `must be above 0 and finite, got ${scale}`)
  if (!Number.isFinite(shift)) throw new OptionError('shift', `must be finite, got ${shift}`)
  const { name, shape, schedule: own, autoencoder, conditional } = prior
  if (autoencoder !== undefined)
    throw new OptionError('prior', `'${name}' has latents, whose units are its autoencoder's`)
  const embedImage = conditional?.embedImage?.bind(conditional)
  /** x_t in the prior's units, where x₀ has the weight alpha. */
  const toOwn = (x: Tensor, alpha: number) => x.sub(shift * alpha).mul(1 / scale)
  const estimate = (xt: Tensor, t: Time, denoise: (ut: Tensor) => Tensor) =>
    scope(() =>
      denoise(toOwn(xt, own.alpha(t)))
        .mul(scale)
        .add(shift),
    )
  return {
    name,
    shape,
    schedule: rescaledSchedule(own, scale),
    denoise: (xt, t) => estimate(xt, t, (ut) => prior.denoise(ut, t)),
    ...(conditional && {
      conditional: {
        ...conditional,
        denoise: (xt, t, c) => estimate(xt, t, (ut) => conditional.denoise(ut, t, c)),
        ...(embedImage && {
          embedImage: (x: Tensor) => scope(() => embedImage(toOwn(x, 1))),
        }),
      },
    }),
  }
}

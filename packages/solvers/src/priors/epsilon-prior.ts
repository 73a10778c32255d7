import type { Shape, Tensor } from '@tweedie/tensor'
import { clamp, OptionError, ShapeError, sameShape, scope } from '@tweedie/tensor'
import type { Prior, Schedule, Time } from '../types.ts'

/** Options of {@link epsilonPrior}. */
export interface EpsilonPriorOptions {
  name: string
  /** Shape of one sample, [C, H, W] for images. */
  shape: Shape
  /** The schedule that the network was trained on. */
  schedule: Schedule
  /** ε_θ(x_t, t) of a batch [N, …shape], the predicted noise; differentiable in x_t. */
  predictNoise(xt: Tensor, t: Time): Tensor
  /**
   * Limits x̂₀ to the range of the data, as DPS and others need (METHODS "static clipping"). The gradient
   * is 0 where a value was clipped, as in PyTorch's `clamp`: clipped pixels get no guidance.
   */
  clip?: readonly [low: number, high: number]
}

/**
 * A noise-predicting network as a prior, by Tweedie's formula: x̂₀ = (x_t − σ_t·ε_θ(x_t, t))/α_t, then
 * clipped where asked.
 *
 * @throws {ShapeError} from `denoise`, where x_t is no batch of samples or the network changes its shape.
 * @throws {OptionError} where the clip range is empty.
 * @example
 * ```ts
 * import { epsilonPrior, vpLinear } from '@tweedie/solvers'
 * import { ones, type Tensor } from '@tweedie/tensor'
 * const schedule = vpLinear()
 * const predictNoise = (xt: Tensor, t: number) => xt.mul(schedule.sigma(t)) // right for x₀ ~ N(0, I)
 * const prior = epsilonPrior({ name: 'normal', shape: [2], schedule, predictNoise })
 * prior.denoise(ones([1, 2]), 0).dataSync() // ≈ [0.99995, 0.99995]
 * ```
 */
export function epsilonPrior(options: EpsilonPriorOptions): Prior {
  const { name, shape, schedule, clip } = options
  if (clip !== undefined && !(clip[0] < clip[1])) {
    throw new OptionError('clip', `must be [low, high], got [${clip.join(', ')}]`)
  }
  return {
    name,
    shape,
    schedule,
    denoise: (xt, t) =>
      scope(() => {
        if (!sameShape(xt.shape.slice(1), shape)) {
          throw new ShapeError(name, 'x_t must be a batch of samples', [xt.shape, shape])
        }
        const epsilon = options.predictNoise(xt, t)
        if (!sameShape(epsilon.shape, xt.shape)) {
          throw new ShapeError(name, 'the predicted noise must have the shape of x_t', [
            epsilon.shape,
            xt.shape,
          ])
        }
        const x0hat = xt.sub(epsilon.mul(schedule.sigma(t))).mul(1 / schedule.alpha(t))
        return clip === undefined ? x0hat : clamp(x0hat, clip[0], clip[1])
      }),
  }
}

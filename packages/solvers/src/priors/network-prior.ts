import type { Shape, Tensor } from '@tweedie/tensor'
import { clamp, OptionError, ShapeError, sameShape, scope } from '@tweedie/tensor'
import type { Prior, Schedule, Time } from '../types.ts'

/**
 * x̂₀ from x_t = α·x₀ + σ·ε and what a network predicts of it: the noise ε; v = α·ε − σ·x₀ (arXiv 2202.00512 §4, there
 * for α² + σ² = 1); or x₀ itself. Named as in diffusers' `prediction_type`.
 */
const estimates = {
  epsilon: (xt: Tensor, output: Tensor, alpha: number, sigma: number) =>
    xt.sub(output.mul(sigma)).mul(1 / alpha),
  v_prediction: (xt: Tensor, output: Tensor, alpha: number, sigma: number) =>
    xt
      .mul(alpha)
      .sub(output.mul(sigma))
      .mul(1 / (alpha ** 2 + sigma ** 2)),
  sample: (_: Tensor, output: Tensor) => output,
} as const

/** What a network predicts; see {@link networkPrior}. */
export type Prediction = keyof typeof estimates

/** All predictions, for tables and option checks. */
export const predictions = Object.keys(estimates) as readonly Prediction[]

/** Options of {@link networkPrior}. */
export interface NetworkPriorOptions {
  name: string
  /** Shape of one sample, [C, H, W] for images. */
  shape: Shape
  /** The schedule that the network was trained on. */
  schedule: Schedule
  /** What `predict` returns: ε, v = α·ε − σ·x₀ or x₀; default ε. */
  prediction?: Prediction
  /** The network's output for a batch x_t [N, …shape] at time t, of the same shape; differentiable in x_t. */
  predict(xt: Tensor, t: Time): Tensor
  /**
   * Limits x̂₀ to the range of the data, as DPS and others need (METHODS "static clipping"). The gradient
   * is 0 where a value was clipped, as in PyTorch's `clamp`: clipped pixels get no guidance.
   */
  clip?: readonly [low: number, high: number]
}

/**
 * A network that predicts ε, v or x₀ as a prior: x̂₀ = (x_t − σ_t·ε)/α_t (Tweedie's formula), or
 * (α_t·x_t − σ_t·v)/(α_t² + σ_t²), or the output itself; then clipped where asked.
 *
 * @throws {ShapeError} from `denoise`, where x_t is no batch of samples or the network changes its shape.
 * @throws {OptionError} where the clip range is empty or the prediction is none of those.
 * @example
 * ```ts
 * import { networkPrior, vpLinear } from '@tweedie/solvers'
 * import { ones, zerosLike } from '@tweedie/tensor'
 * const prior = networkPrior({ name: 'v', shape: [2], schedule: vpLinear(), prediction: 'v_prediction', predict: zerosLike })
 * prior.denoise(ones([1, 2]), 999).dataSync() // ≈ [0.00635, 0.00635]
 * ```
 */
export function networkPrior(options: NetworkPriorOptions): Prior {
  const { name, shape, schedule, clip, prediction = 'epsilon' } = options
  if (clip !== undefined && !(clip[0] < clip[1])) {
    throw new OptionError('clip', `must be [low, high], got [${clip.join(', ')}]`)
  }
  if (!predictions.includes(prediction)) {
    throw new OptionError('prediction', `must be ${predictions.join(', ')}, got ${String(prediction)}`)
  }
  const estimate = estimates[prediction]
  return {
    name,
    shape,
    schedule,
    denoise: (xt, t) =>
      scope(() => {
        if (!sameShape(xt.shape.slice(1), shape)) {
          throw new ShapeError(name, 'x_t must be a batch of samples', [xt.shape, shape])
        }
        const output = options.predict(xt, t)
        if (!sameShape(output.shape, xt.shape)) {
          throw new ShapeError(name, "the network's output must have the shape of x_t", [
            output.shape,
            xt.shape,
          ])
        }
        const x0hat = estimate(xt, output, schedule.alpha(t), schedule.sigma(t))
        return clip === undefined ? x0hat : clamp(x0hat, clip[0], clip[1])
      }),
  }
}

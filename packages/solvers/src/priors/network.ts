import type { Shape, Tensor } from '@tweedie/tensor'
import { OptionError, ShapeError, sameShape, scope } from '@tweedie/tensor'
import type { Prior, Schedule, Time } from '../types.ts'
import { clipped } from './clipped.ts'
import type { Parameterisation, Prediction } from './parameterisation.ts'
import { parameterisations, predictions, timeLabel } from './parameterisation.ts'

/** Options of {@link networkPrior}. */
export interface NetworkPriorOptions {
  name: string
  /** Shape of one sample, [C, H, W] for images. */
  shape: Shape
  /** The schedule that the network was trained on. */
  schedule: Schedule
  /** What `predict` returns, by the formulas of {@link parameterisations}; default ε. */
  predicts?: Prediction
  /** Standard deviation of the data, of `edm` alone; default 0.5, as published. */
  sigmaData?: number
  /**
   * The network's output for a batch [N, …shape] at one time, of the same shape; differentiable in it. It gets x_t and
   * t; if it `predicts` 'edm', c_in·x_t and ¼·log σ_t/α_t.
   */
  predict(xt: Tensor, t: Time): Tensor
  /**
   * Limits x̂₀ to the range of the data, as DPS and others need. The gradient is 0 where a value was clipped, as in
   * PyTorch's `clamp`: clipped pixels get no guidance.
   */
  clip?: readonly [low: number, high: number]
}

/** (x·x_t + output·F)/over. */
function estimated(
  xt: Tensor,
  output: Tensor,
  { x, output: by, over }: Parameterisation['estimate'],
): Tensor {
  if (x === 0 && by === over) return output
  return (x === 1 ? xt : xt.mul(x)).add(output.mul(by)).mul(1 / over)
}

/**
 * A network as a prior, whatever it predicts: x̂₀ by {@link parameterisations}, for ε Tweedie's formula
 * (x_t − σ_t·ε)/α_t; then clipped where asked.
 *
 * @throws {ShapeError} from `denoise`, where x_t is no batch of samples or the network changes its shape.
 * @throws {OptionError} where the clip range is empty, σ_data is not positive, or it predicts none of those.
 * @example
 * ```ts
 * import { networkPrior, vpLinear } from '@tweedie/solvers'
 * import { ones, zerosLike } from '@tweedie/tensor'
 * const prior = networkPrior({ name: 'v', shape: [2], schedule: vpLinear(), predicts: 'v', predict: zerosLike })
 * prior.denoise(ones([1, 2]), 999).dataSync() // ≈ [0.00635, 0.00635]
 * ```
 */
export function networkPrior(options: NetworkPriorOptions): Prior {
  const { name, shape, schedule, clip, predicts = 'epsilon', sigmaData = 0.5 } = options
  if (clip !== undefined && !(clip[0] < clip[1])) {
    throw new OptionError('clip', `must be [low, high], got [${clip.join(', ')}]`)
  }
  if (!predictions.includes(predicts)) {
    throw new OptionError('predicts', `must be ${predictions.join(' | ')}, got ${String(predicts)}`)
  }
  if (!(sigmaData > 0 && sigmaData < Infinity)) {
    throw new OptionError('sigmaData', `must be above 0 and finite, got ${sigmaData}`)
  }
  const prior: Prior = {
    name,
    shape,
    schedule,
    denoise: (xt, t) =>
      scope(() => {
        if (!sameShape(xt.shape.slice(1), shape)) {
          throw new ShapeError(name, 'x_t must be a batch of samples', [xt.shape, shape])
        }
        const [alpha, sigma] = [schedule.alpha(t), schedule.sigma(t)]
        const { estimate, input } = parameterisations[predicts](alpha, sigma, sigmaData)
        const output = options.predict(input === 1 ? xt : xt.mul(input), timeLabel(predicts, alpha, sigma, t))
        if (!sameShape(output.shape, xt.shape)) {
          throw new ShapeError(name, "the network's output must have the shape of x_t", [
            output.shape,
            xt.shape,
          ])
        }
        return estimated(xt, output, estimate)
      }),
  }
  return clip === undefined ? prior : clipped(prior, clip)
}

import type { Tensor } from '@tweedie/tensor'
import { OptionError } from '@tweedie/tensor'
import type { Prior, Time } from '../types.ts'
import type { NetworkOptions } from './estimated.ts'
import { estimatedPrior } from './estimated.ts'
import type { Prediction } from './parameterisation.ts'
import { parameterisations, predictions, timeLabel } from './parameterisation.ts'

/** Options of {@link networkPrior}. */
export interface NetworkPriorOptions extends NetworkOptions {
  /** What `predict` returns, by the formulas of {@link parameterisations}; default ε. */
  predicts?: Prediction
  /** Standard deviation of the data, of `edm` alone; default 0.5, as published. */
  sigmaData?: number
  /**
   * The network's output for a batch [N, …shape] at one time, of the same shape; differentiable in it. It gets x_t and
   * t; if it `predicts` 'edm', c_in·x_t and ¼·log σ_t/α_t; if the 'velocity', x_t and α_t/(α_t + σ_t).
   */
  predict(xt: Tensor, t: Time): Tensor
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
  const { predicts = 'epsilon', sigmaData = 0.5 } = options
  if (!predictions.includes(predicts)) {
    throw new OptionError('predicts', `must be ${predictions.join(' | ')}, got ${String(predicts)}`)
  }
  if (!(sigmaData > 0 && sigmaData < Infinity)) {
    throw new OptionError('sigmaData', `must be above 0 and finite, got ${sigmaData}`)
  }
  return estimatedPrior({
    ...options,
    parameterise: (alpha, sigma) => parameterisations[predicts](alpha, sigma, sigmaData),
    output: (x, alpha, sigma, t) => options.predict(x, timeLabel(predicts, alpha, sigma, t)),
  })
}

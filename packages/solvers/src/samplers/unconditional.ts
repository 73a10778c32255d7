import type { Tensor } from '@tweedie/tensor'
import type { Prior, Step } from '../types.ts'
import { ddim } from './kernel.ts'
import type { SampleOptions } from './sample-from.ts'
import { sampleFrom } from './sample-from.ts'
import { byKernel } from './sampler.ts'

/** Options of {@link sampleUnconditional}. */
export interface UnconditionalOptions extends SampleOptions {
  /** DDIM's η: 1 (default) is DDPM's ancestral sampling, 0 is deterministic. */
  eta?: number
}

/** A step of unconditional sampling. */
export type UnconditionalStep = Step

/**
 * Samples of the prior by DDPM (η = 1) or DDIM, {@link sampleFrom} with `ddim(eta)`: x_T = σ_T·z, then for each pair
 * (t, s) a `ddimStep` with x̂₀ = E[x₀ | x_t]. Default 100 steps.
 *
 * @throws {OptionError} where η leaves [0, 1], and as `sampleFrom`.
 * @example
 * ```ts
 * import { gaussianPrior, sampleUnconditional, vpLinear } from '@tweedie/solvers'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: 1, schedule: vpLinear() })
 * const times: number[] = []
 * for await (const step of sampleUnconditional(prior, { steps: 3 })) times.push(step.t)
 * times // => [999, 500, 0]
 * ```
 */
export const sampleUnconditional = (
  prior: Prior,
  { eta = 1, ...options }: UnconditionalOptions = {},
): AsyncGenerator<UnconditionalStep, Tensor> =>
  sampleFrom(prior, byKernel('sampleUnconditional', ddim(eta)), options)

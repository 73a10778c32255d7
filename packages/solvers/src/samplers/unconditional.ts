import type { Device, DType, Tensor } from '@tweedie/tensor'
import { OptionError } from '@tweedie/tensor'
import { iterate } from '../run/drive.ts'
import { noiseStreams } from '../run/streams.ts'
import type { Spacing } from '../schedules/respace.ts'
import { respace } from '../schedules/respace.ts'
import type { Prior, RunOptions, Step } from '../types.ts'
import { ddimStep } from './steps.ts'

/** Options of {@link sampleUnconditional}. */
export interface UnconditionalOptions extends RunOptions {
  /** Number of samples; default 1. */
  count?: number
  /** DDIM's η: 1 (default) is DDPM's ancestral sampling, 0 is deterministic. */
  eta?: number
  /** Layout of the times; default linspace. */
  spacing?: Spacing
  /** Element type of the samples; default float32. */
  dtype?: DType
  device?: Device
}

/** A step of unconditional sampling. */
export type UnconditionalStep = Step

/**
 * Samples of the prior by DDPM (η = 1) or DDIM: x_T = σ_T·z, then for each pair (t, s) a
 * {@link ddimStep} with x̂₀ = E[x₀ | x_t]. Default 100 steps.
 *
 * Limits: the start leaves out the α_T·x₀ of the exact marginal, and a finite number of steps
 * under-disperses: the last step returns a conditional mean.
 *
 * @example
 * ```ts
 * import { gaussianPrior, sampleUnconditional, vpLinear } from '@tweedie/solvers'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: 1, schedule: vpLinear() })
 * const times: number[] = []
 * for await (const step of sampleUnconditional(prior, { steps: 3 })) times.push(step.t)
 * times // => [999, 500, 0]
 * ```
 */
export function sampleUnconditional(
  prior: Prior,
  options: UnconditionalOptions = {},
): AsyncGenerator<UnconditionalStep, Tensor> {
  const { count = 1, steps = 100, eta = 1, spacing, seed, firstSample, dtype = 'float32', device } = options
  if (!(eta >= 0 && eta <= 1)) throw new OptionError('eta', `must lie in [0, 1], got ${eta}`)
  const { shape, schedule } = prior
  const times = respace(schedule, steps, spacing)
  const streams = noiseStreams({ seed, firstSample, count, dtype, ...(device && { device }) })
  return iterate({
    name: 'sampleUnconditional',
    times,
    resume: options.resume,
    start: () => ({ x: streams.normal(0, 'start', shape).mul(schedule.sigma(times[0]!.t)) }),
    step: ({ x }, { t, s }, i) => {
      const x0hat = prior.denoise(x, t)
      const noise = eta > 0 && s !== schedule.clean ? streams.normal(i, 'step', shape) : undefined
      return {
        state: { x: ddimStep(x, x0hat, noise, { t, s, schedule, eta }) },
        shown: { x0hat },
        numbers: {},
      }
    },
  })
}

import type { Tensor } from '@tweedie/tensor'
import { OptionError } from '@tweedie/tensor'
import { pipelineTimes } from '../schedules/pipeline-times.ts'
import type { Pipeline, PipelineGrid, PipelineVariance, Prior, Step } from '../types.ts'
import { learnedDeviation } from './learned-range.ts'
import type { SampleOptions } from './sample-from.ts'
import { sampleFrom } from './sample-from.ts'
import type { Sampler } from './sampler.ts'
import type { ReverseStep } from './steps.ts'
import { combine, posterior, requireFraction } from './steps.ts'

/** What is drawn in a step, √variance·z, for each way to say the variance. */
const drawn: Readonly<
  Record<PipelineVariance, (z: Tensor, small: number, large: number, v: () => Tensor) => Tensor | undefined>
> = {
  small: (z, small) => (small > 0 ? z.mul(Math.sqrt(small)) : undefined),
  large: (z, _, large) => z.mul(Math.sqrt(large)),
  learned: (z, _small, _large, v) => z.mul(v().sqrt()),
  'learned-range': (z, small, large, v) => z.mul(learnedDeviation(v(), small, large)),
}

/**
 * Ancestral sampling as diffusers' `DDPMScheduler`: a draw of q(x_s | x_t, x₀ = x̂₀) with the variance that is asked for.
 * The last step draws too, unless it starts at t = 0: with β̃ nothing, with the others noise that stays.
 */
export const pipelineDdpm = ({
  estimate,
  variance,
}: Pick<Pipeline, 'estimate' | 'variance'>): Sampler<undefined> => ({
  name: 'ddpm',
  evaluations: (steps) => steps,
  init: () => undefined,
  step: (_, x, memory, at, z) => {
    const { x0hat, v } = estimate(x, at.t)
    const { ofX0, ofX, small, variance: large } = posterior(at)
    const mean = combine([ofX0, x0hat], [ofX, x])
    const noise = at.t > 0 ? drawn[variance](z('step'), small, large, () => requireV(v, variance)) : undefined
    return { x: noise === undefined ? mean : mean.add(noise), x0hat, memory }
  },
})

function requireV(v: Tensor | undefined, variance: string): Tensor {
  if (v !== undefined) return v
  throw new OptionError(
    'variance',
    `'${variance}' needs a network that learns its variance; this one does not`,
  )
}

/**
 * DDIM as diffusers' `DDIMScheduler`: x_s = α_s·x̂₀ + √(σ_s² − σ̃²)·ε + σ̃·z with ε that of the network, which is not that
 * of x̂₀ where x̂₀ was limited; our `ddim` takes the latter. σ̃ as in `ddimStep`.
 * @throws {OptionError} where η leaves [0, 1].
 */
export function pipelineDdim({ estimate }: Pick<Pipeline, 'estimate'>, eta: number): Sampler<undefined> {
  requireFraction('eta', eta)
  return {
    name: 'ddim',
    evaluations: (steps) => steps,
    init: () => undefined,
    step: (_, x, memory, at, z) => {
      const { x0hat, unlimited } = estimate(x, at.t)
      const { kept, fresh } = parts(at, eta)
      const [alpha, sigma] = [at.schedule.alpha(at.t), at.schedule.sigma(at.t)]
      const next = combine(
        [at.schedule.alpha(at.s), x0hat],
        [kept / sigma, x],
        [(-kept * alpha) / sigma, unlimited],
        [fresh, fresh > 0 ? z('step') : undefined],
      )
      return { x: next, x0hat, memory }
    },
  }
}

/** √(σ_s² − σ̃²) and σ̃; both steps to s = t and those to the clean image have σ̃ = 0. */
function parts({ schedule, t, s }: ReverseStep, eta: number): { kept: number; fresh: number } {
  const [sigmaT, sigmaS] = [schedule.sigma(t), schedule.sigma(s)]
  const ratio = schedule.alpha(t) / schedule.alpha(s)
  const fresh = (eta * sigmaS * Math.sqrt(Math.max(0, sigmaT ** 2 - (ratio * sigmaS) ** 2))) / sigmaT
  return { kept: Math.sqrt(Math.max(0, sigmaS ** 2 - fresh ** 2)), fresh }
}

/** Options of {@link samplePipeline}. */
export interface PipelineOptions extends Omit<SampleOptions, 'spacing' | 'times' | 'jumps' | 'startScale'> {
  /** `ddpm` or `ddim`: default `ddpm`. */
  sampler?: 'ddpm' | 'ddim'
  /** DDIM's η; default 0. */
  eta?: number
  /** In place of the pipeline's own. */
  grid?: Partial<PipelineGrid>
  /** In place of the pipeline's own, of `ddpm`. */
  variance?: PipelineVariance
}

/**
 * Samples of a prior as the pipeline that its network came with draws them, from x_T = z: the times of diffusers'
 * scheduler, its step and its limit of x̂₀. Default 100 steps.
 *
 * Known limits: DDIM's times are as published, so a step may start at another time than the one before it ended at.
 *
 * @throws {OptionError} where the prior came without a pipeline, or an option does not fit.
 * @example
 * ```ts
 * import { pipelinePrior, run, samplePipeline, vpLinear } from '@tweedie/solvers'
 * const schedule = vpLinear()
 * const prior = pipelinePrior({
 *   name: 'normal', shape: [2], schedule, variance: 'small', grid: { spacing: 'trailing', offset: 0, last: 'clean' },
 *   predict: (xt, t) => ({ output: xt.mul(schedule.sigma(t)) }), // right for x₀ ~ N(0, I)
 * })
 * const x = await run(samplePipeline(prior, { sampler: 'ddim', steps: 4, count: 3 }))
 * x.shape // => [3, 2]
 * ```
 */
export function samplePipeline(prior: Prior, options: PipelineOptions = {}): AsyncGenerator<Step, Tensor> {
  const { sampler = 'ddpm', eta = 0, steps = 100, grid, variance, ...rest } = options
  const { pipeline, schedule } = prior
  if (pipeline === undefined) throw new OptionError('prior', `'${prior.name}' came without a pipeline`)
  const times = pipelineTimes(
    schedule,
    steps,
    { ...pipeline.grid, ...grid },
    sampler === 'ddim' ? 'stride' : 'next',
  )
  const chosen =
    sampler === 'ddim'
      ? pipelineDdim(pipeline, eta)
      : pipelineDdpm({ ...pipeline, ...(variance && { variance }) })
  return sampleFrom(prior, chosen, { ...rest, times, jumps: true, startScale: 1 })
}

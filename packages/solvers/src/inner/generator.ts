import { revolveRecomputations, vjp } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { greater, less, OptionError, scope, where, zeros } from '@tweedie/tensor'
import { batchOf } from '../linalg/per-sample.ts'
import { ddimSampler, samplerWithin } from '../samplers/ddim-map.ts'
import { ddimStep } from '../samplers/steps.ts'
import type { Spacing } from '../schedules/respace.ts'
import { requireFiniteLevel, respace } from '../schedules/respace.ts'
import type { Prior, Schedule, Time } from '../types.ts'

/** x = R(z) and the way back: v ↦ (∂R/∂z)ᵀv, for one use. */
export interface Generated {
  readonly x: Tensor
  pull(v: Tensor): Tensor
}

/** A sampler as a generator x = R(z) of latents z ~ N(0, I), [N, …shape] both. */
export type LatentMap = (z: Tensor) => Generated

/** How a sampler is made a generator, and its gradient taken. */
export interface GeneratorOptions {
  /** k, DDIM steps from z to x, and the grid of their times. */
  readonly samplerSteps: number
  readonly samplerSpacing: Spacing
  /** The range that the prior cuts x̂₀ to, where it does. */
  readonly clip: readonly [low: number, high: number] | undefined
  /** At most one of them: states, or bytes, that a gradient through the network may keep. */
  readonly slots: number | undefined
  readonly memory: number | undefined
}

/** The factor from z to x_T that gives x_T the variance of noised data of variance 1: 1 for VP, so that x_T = z. */
const unitStart = (schedule: Schedule, t: Time): number => Math.hypot(schedule.alpha(t), schedule.sigma(t))

/**
 * R by `samplerSteps` steps of DDIM with η = 0 from x_T = √(α_T² + σ_T²)·z (for VP x_T = z), its gradient through the
 * network: by plain backprop, or within `slots` states, or within `memory` bytes (`samplerWithin`).
 *
 * @param taking - A measurement y [N, …], whose N, type and device z will have, and the gradient to be taken, whose
 * memory counts.
 * @throws {OptionError} for both limits at once, or a memory that is too small.
 * @example
 * ```ts
 * import { gaussianPrior, generatorThrough } from '@tweedie/solvers'
 * import { ones } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0], covariance: 1 })
 * const z = ones([1, 1], { dtype: 'float64' })
 * const options = { samplerSteps: 3, samplerSpacing: 'leading', clip: undefined, slots: 1, memory: undefined } as const
 * const { x, pull } = generatorThrough(prior, options, { y: z })(z)
 * x.sub(pull(z)).abs().dataSync()[0]! < 1e-14 // => true
 * ```
 */
export function generatorThrough(
  prior: Prior,
  options: GeneratorOptions,
  taking: { readonly y: Tensor; readonly gradient?: (generate: LatentMap, z: Tensor) => unknown },
): LatentMap {
  const { samplerSteps: steps, samplerSpacing: spacing, slots, memory } = options
  if (slots !== undefined && memory !== undefined) {
    throw new OptionError(
      'memory',
      `is given beside slots; one of them is enough, got ${memory} and ${slots}`,
    )
  }
  const { schedule } = prior
  const first = respace(schedule, steps, spacing)[0]?.t ?? schedule.noisiest
  const scale = unitStart(schedule, first) / schedule.sigma(first)
  const generator =
    (sample: (z: Tensor) => Tensor): LatentMap =>
    (z) => {
      const [x, back] = vjp((latent: Tensor) => sample(latent.mul(scale)), z)
      return { x, pull: (v) => back(v)[0] }
    }
  const { y, gradient = (generate, z) => generate(z).pull(z) } = taking
  const within = (bytes: number) =>
    scope(() =>
      samplerWithin(bytes, prior, {
        steps,
        spacing,
        like: zeros([batchOf(y), ...prior.shape], { dtype: y.dtype, device: y.device }),
        gradient: (sample, z) => gradient(generator(sample), z),
      }),
    )
  const kept = slots === undefined ? 'tape' : { slots }
  const strategy = memory === undefined ? kept : within(memory)
  return generator(ddimSampler(prior, { steps, spacing, strategy }))
}

/**
 * R as {@link generatorThrough}, with no gradient through the network: each ε_θ counts as a constant, as in the released
 * code of BIRD. ∂R/∂z is diagonal then. A step t → s multiplies it by α_s/α_t where x̂₀ was not clipped, and by σ_s/σ_t
 * where it was, ε being derived again from the clipped x̂₀: where nothing was clipped it is 1/α_T for VP.
 *
 * `clip` is the range that the prior clips to: the generator does not clip, and sees no cut elsewhere.
 */
export function generatorPast(prior: Prior, options: GeneratorOptions): LatentMap {
  const { samplerSteps: steps, samplerSpacing: spacing, clip } = options
  const { schedule } = prior
  const times = respace(schedule, steps, spacing)
  requireFiniteLevel(
    schedule,
    times[0]?.t,
    'samplerSpacing',
    'a generator of which no gradient goes through the network',
  )
  return (z) => {
    const scale = unitStart(schedule, times[0]?.t ?? schedule.noisiest)
    const { x, slope } = scope(() => {
      let x = z.mul(scale)
      let slope = zeros(z.shape, { dtype: z.dtype, device: z.device }).add(scale)
      for (const { t, s } of times) {
        const x0 = prior.denoise(x, t)
        x = ddimStep(x, x0, undefined, { t, s, schedule, eta: 0 })
        const free = slope.mul(schedule.alpha(s) / schedule.alpha(t))
        const cut = slope.mul(schedule.sigma(s) / schedule.sigma(t))
        slope =
          clip === undefined ? free : where(greater(x0, clip[0]), where(less(x0, clip[1]), free, cut), cut)
      }
      return { x, slope }
    })
    return { x, pull: (v) => v.mul(slope) }
  }
}

/**
 * Evaluations of the prior in a run of `iterations` gradients through a generator. With `memory` it takes one more, and
 * steps that run again are not foreseen.
 */
export const generatorEvaluations = (
  iterations: number,
  { samplerSteps, slots, memory }: GeneratorOptions,
): number =>
  iterations * (samplerSteps + (slots === undefined ? 0 : revolveRecomputations(samplerSteps, slots))) +
  (memory === undefined ? 0 : 1)

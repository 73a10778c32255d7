import type { ChainStrategy } from '@tweedie/autograd'
import { checkpointedChain, grad, strategyWithin } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import {
  bytesPerElement,
  OptionError,
  peakBytesOf,
  ShapeError,
  sameShape,
  scope,
  zerosLike,
} from '@tweedie/tensor'
import { requirePositive } from '../schedules/levels.ts'
import type { Spacing, TimePair } from '../schedules/respace.ts'
import { respace } from '../schedules/respace.ts'
import type { Prior } from '../types.ts'
import { defaultIterations, invertDdimStep } from './reversible.ts'
import { ddimStep } from './steps.ts'

/**
 * What the gradient of a sampler of n steps stores, and what it runs again:
 *
 * - `'tape'`: everything; nothing runs again;
 * - `'checkpoint'`: the state before each step; n − 1 steps run again;
 * - `{ slots }`: `slots` states, z included; the binomial schedule of `checkpointedChain`;
 * - `{ bytes }`: what {@link samplerWithin} finds for a budget, for the sampler and a loss that is small beside it;
 * - `'reversible'` or `{ iterations }`: no state but the last; those before are found by
 *   {@link invertDdimStep}, with `iterations` (default 10) evaluations each. Not exact.
 */
export type SamplerStrategy =
  | 'tape'
  | 'checkpoint'
  | 'reversible'
  | { readonly slots: number }
  | { readonly bytes: number }
  | { readonly iterations: number }

/** Options of {@link ddimSampler}. */
export interface DdimSamplerOptions {
  /** Number of DDIM steps; default 10. */
  steps?: number
  /** Layout of the times; default linspace. */
  spacing?: Spacing
  /** Default `'checkpoint'`. */
  strategy?: SamplerStrategy
}

/**
 * The deterministic sampler as a map of its noise: z ↦ x₀, [N, …shape] to [N, …shape]: x_T = σ_T·z, then a
 * {@link ddimStep} with η = 0 for each pair (t, s) of `respace` (arXiv 2010.02502 eq. 12; the samples are
 * those of `sampleUnconditional` with `eta: 0` from the same z). Differentiable in z and in whatever the
 * prior's `denoise` closes over, within the memory that `strategy` says; `docs/backprop-through-samplers.md`
 * has the measurements. For gradients through a generator in latent optimisation, see arXiv 2303.13703.
 *
 * @throws {OptionError} for steps or a strategy that cannot be; {ShapeError} from the map, where z is no
 * batch of samples.
 * @example
 * ```ts
 * import { grad } from '@tweedie/autograd'
 * import { ddimSampler, gaussianPrior } from '@tweedie/solvers'
 * import { type Tensor, tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [1, 0], covariance: 0.25 })
 * const generate = ddimSampler(prior, { steps: 10, strategy: { slots: 3 } })
 * const loss = (z: Tensor) => generate(z).sub(1).square().sum()
 * grad(loss)(tensor([[0, 0]])).shape // => [1, 2]
 * ```
 */
export function ddimSampler(prior: Prior, options: DdimSamplerOptions = {}): (z: Tensor) => Tensor {
  const { steps = 10, spacing, strategy = 'checkpoint' } = options
  const times = respace(prior.schedule, steps, spacing)
  if (typeof strategy === 'object' && 'bytes' in strategy) {
    const { bytes } = strategy
    return (z) => {
      const found = samplerWithin(bytes, prior, { ...options, like: requireSamples(prior, z) })
      return ddimSampler(prior, { ...options, strategy: found })(z)
    }
  }
  const run = chainOf(prior, times, strategy)
  return (z) => scope(() => run(requireSamples(prior, z).mul(prior.schedule.sigma(times[0]!.t))))
}

function requireSamples(prior: Prior, z: Tensor): Tensor {
  if (sameShape(z.shape.slice(1), prior.shape)) return z
  throw new ShapeError('ddimSampler', 'z must be a batch of samples [N, …shape]', [z.shape, prior.shape])
}

/** Options of {@link samplerWithin}. */
export interface SamplerWithinOptions extends Omit<DdimSamplerOptions, 'strategy'> {
  /** A batch as z will be. */
  readonly like: Tensor
  /** Takes the gradient that will be taken, at z, through a sampler; default: that of the sum of its samples. */
  readonly gradient?: (generate: (z: Tensor) => Tensor, z: Tensor) => unknown
}

/**
 * What a gradient through {@link ddimSampler} is to store so that its peak stays within a budget: the full tape where
 * `steps` tapes of a step fit, else the most slots that do (`strategyWithin`). Takes the gradient through the first step
 * alone, to measure its peak: one evaluation of the prior.
 *
 * @param bytes - The budget, above what is there before.
 * @throws {OptionError} where the budget is too small, naming the least that would do.
 * @example
 * ```ts
 * import { gaussianPrior, samplerWithin } from '@tweedie/solvers'
 * import { zeros } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [1, 0], covariance: 0.25 })
 * samplerWithin(1e9, prior, { steps: 50, like: zeros([1, 2]) }) // => 'tape'
 * ```
 */
export function samplerWithin(
  bytes: number,
  prior: Prior,
  options: SamplerWithinOptions,
): 'tape' | { readonly slots: number } {
  const { steps = 10, spacing, like, gradient = ofSum } = options
  const times = respace(prior.schedule, steps, spacing)
  // Not the last: a step to the clean end keeps less.
  const one = chainOf(prior, times.slice(0, 1), 'tape')
  const step = scope(() => {
    const z = zerosLike(like)
    return peakBytesOf(() => gradient((x) => one(x.mul(1)), z))
  })
  const state = like.size * bytesPerElement(like.dtype)
  return strategyWithin(bytes, { steps: times.length, state, step })
}

const ofSum = (generate: (z: Tensor) => Tensor, z: Tensor): Tensor =>
  grad((x: Tensor) => generate(x).sum())(z)

function chainOf(prior: Prior, times: readonly TimePair[], strategy: SamplerStrategy): (x: Tensor) => Tensor {
  const { schedule } = prior
  const steps = times.map(
    ({ t, s }) =>
      (x: Tensor): Tensor =>
        ddimStep(x, prior.denoise(x, t), undefined, { t, s, schedule, eta: 0 }),
  )
  const along = (chosen: ChainStrategy<Tensor>) => (x: Tensor) =>
    checkpointedChain(steps, x, { strategy: chosen })
  if (strategy === 'tape' || strategy === 'checkpoint') return along(strategy)
  if (typeof strategy === 'object' && 'slots' in strategy) {
    return along({ slots: requirePositive('slots', strategy.slots) })
  }
  if (strategy !== 'reversible' && !(typeof strategy === 'object' && 'iterations' in strategy)) {
    throw new OptionError(
      'strategy',
      `must be 'tape', 'checkpoint', 'reversible', { slots } or { iterations }, got ${String(strategy)}`,
    )
  }
  const iterations =
    strategy === 'reversible' ? defaultIterations : requirePositive('iterations', strategy.iterations)
  const inverses = times.slice(0, -1).map(
    ({ t, s }) =>
      (x: Tensor) =>
        invertDdimStep(prior, x, { t, s, schedule }, { iterations }),
  )
  // The step to the clean end has no inverse: the state before it is the one from which the rest is found.
  return (x) =>
    checkpointedChain(steps.slice(-1), checkpointedChain(steps.slice(0, -1), x, { strategy: { inverses } }), {
      strategy: 'tape',
    })
}

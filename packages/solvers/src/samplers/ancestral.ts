import type { Tensor } from '@tweedie/tensor'
import { OptionError } from '@tweedie/tensor'
import { lookAt } from '../run/look.ts'
import type { AncestralLook, Kernel, Prior, Reverse, Time } from '../types.ts'
import type { AncestralStep } from './kernel.ts'
import { ddim, ddpm } from './kernel.ts'
import { learnedLook, learnedStep, requireVariance } from './learned-range.ts'
import { ddpmNoise, ddpmVariances } from './steps.ts'

export type { AncestralLook, Reverse } from '../types.ts'
export type { AncestralStep } from './kernel.ts'
export { requireVariance } from './learned-range.ts'

/** Variances of an ancestral step: β̃ or β, or where the logarithm lies between theirs by what the network says. */
export const ancestralVariances = [...ddpmVariances, 'learned-range'] as const

/** Which variance an ancestral step has; see {@link ancestralLook}. */
export type AncestralVariance = (typeof ancestralVariances)[number]

/**
 * Evaluates the prior at x_t, once, for an ancestral step: of 'learned-range' with what the network says of its variance, as
 * guided-diffusion samples networks of `learn_sigma`.
 *
 * @param through - Whether gradients will go back through the denoiser ({@link Look.pullback}).
 * @throws {OptionError} as `requireVariance`.
 */
export function ancestralLook(
  prior: Prior,
  x: Tensor,
  t: Time,
  { variance, through }: { readonly variance: AncestralVariance; readonly through: boolean },
): AncestralLook {
  return variance === 'learned-range' ? learnedLook(prior, x, t, through) : lookAt(prior, x, t, through)
}

/** The same step wherever it starts from. */
export const reverseBy = (prior: Prior, kernel: Kernel): Reverse => ({
  look: (x, t, through) => lookAt(prior, x, t, through),
  kernel: () => kernel,
})

/**
 * Reverse steps by DDIM with η, or ancestral ones (η = 1) of another variance than β̃, as guided-diffusion's `p_sample` takes them.
 * @throws {OptionError} for another variance with another η, and as `requireVariance`.
 */
export function ancestralReverse(
  prior: Prior,
  { variance, eta = 1 }: { readonly variance: AncestralVariance; readonly eta?: number },
): Reverse {
  if (variance === 'small') return reverseBy(prior, ddim(eta))
  if (eta !== 1)
    throw new OptionError('variance', `'${variance}' is of ancestral steps, which have eta = 1, got ${eta}`)
  if (variance === 'large') return reverseBy(prior, ddpm(variance))
  requireVariance(prior, variance)
  const { reverse } = prior.pipeline ?? {}
  if (reverse !== undefined) return reverse(prior)
  throw new OptionError('variance', `the pipeline of '${prior.name}' has no 'reverse': take pipelinePrior`)
}

/**
 * The ancestral step of a variance.
 *
 * @param v - Of 'learned-range', what the {@link ancestralLook} found.
 * @throws {OptionError} where it is missing.
 * @example
 * ```ts
 * import { ancestral, vpLinear } from '@tweedie/solvers'
 * import { ones, zeros } from '@tweedie/tensor'
 * const at = { t: 500, s: 400, schedule: vpLinear() }
 * ancestral('large').deviation(at) // ≈ 0.7734
 * const { kernel } = ancestral('learned-range', ones([1, 1]))
 * kernel(zeros([1, 1]), zeros([1, 1]), () => ones([1, 1]), at).dataSync() // ≈ [0.7734]
 * ```
 */
export function ancestral(variance: AncestralVariance, v?: Tensor): AncestralStep {
  if (variance !== 'learned-range')
    return { kernel: ddpm(variance), deviation: (at) => ddpmNoise(at, variance) }
  return learnedStep(v)
}

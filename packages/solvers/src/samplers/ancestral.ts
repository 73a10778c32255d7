import type { Tensor } from '@tweedie/tensor'
import { OptionError } from '@tweedie/tensor'
import type { Look } from '../run/look.ts'
import { lookAt, lookBy } from '../run/look.ts'
import type { Prior, Time } from '../types.ts'
import type { Kernel } from './kernel.ts'
import { ddim, ddpm } from './kernel.ts'
import type { ReverseStep } from './steps.ts'
import { combine, ddpmNoise, ddpmVariances, posterior } from './steps.ts'

/** Variances of an ancestral step: β̃ or β, or where the logarithm lies between theirs by what the network says. */
export const ancestralVariances = [...ddpmVariances, 'learned-range'] as const

/** Which variance an ancestral step has; see {@link ancestralLook}. */
export type AncestralVariance = (typeof ancestralVariances)[number]

/**
 * The standard deviation of a step whose variance lies between β̃ (`small`) and β (`large`), like v: log variance =
 * log β̃ + (v + 1)/2·(log β − log β̃) (arXiv 2102.09672 eq. 15, with guided-diffusion's range of v).
 */
export function learnedDeviation(v: Tensor, small: number, large: number): Tensor {
  const low = Math.log(Math.max(small, 1e-20))
  const high = Math.log(large)
  return v
    .mul((high - low) / 4)
    .add((high + low) / 4)
    .exp()
}

/** A look at a prior for an ancestral step. */
export interface AncestralLook extends Look {
  /** Of 'learned-range', where the logarithm of the variance lies: −1 is β̃, 1 is β; like x. */
  readonly v?: Tensor
}

/** An ancestral step of one variance. */
export interface AncestralStep {
  /** A draw of q(x_s | x_t, x₀); without noise on the way to the clean end. */
  readonly kernel: Kernel
  /** The standard deviation of that draw, one for all or like x. */
  deviation(at: ReverseStep): number | Tensor
}

/**
 * Makes sure, before any work, that a prior can say what a variance asks for.
 * @throws {OptionError} for 'learned-range' of a prior whose network does not say where its variance lies.
 */
export function requireVariance(prior: Prior, variance: AncestralVariance): void {
  if (variance === 'learned-range' && prior.pipeline?.variance !== variance)
    throw new OptionError(
      'variance',
      `'learned-range' needs a network that says where its variance lies between β̃ and β; '${prior.name}' does not: take small or large`,
    )
}

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
  if (variance !== 'learned-range') return lookAt(prior, x, t, through)
  requireVariance(prior, variance)
  const says = (xt: Tensor) => {
    const { x0hat, v } = prior.pipeline?.estimate(xt, t) ?? {}
    if (x0hat !== undefined && v !== undefined) return { x0hat, v }
    throw new OptionError('variance', `'${prior.name}' says no variance at t = ${t}`)
  }
  return lookBy(says, prior, x, t, through)
}

/** Reverse steps of a prior. */
export interface Reverse {
  /** One evaluation of the prior at x_t; `through` as in {@link ancestralLook}. */
  look(x: Tensor, t: Time, through: boolean): AncestralLook
  /** The step from what was seen there. */
  kernel(look: AncestralLook): Kernel
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
  return {
    look: (x, t, through) => ancestralLook(prior, x, t, { variance, through }),
    kernel: ({ v }) => learned(v).kernel,
  }
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
  return learned(v)
}

/** The ancestral step of a variance that the network said. */
function learned(v: Tensor | undefined): AncestralStep {
  if (v === undefined) throw new OptionError('v', "'learned-range' needs what the network says, got nothing")
  const deviation = (at: ReverseStep) => {
    const { small, variance: large } = posterior(at)
    return at.s === at.schedule.clean ? 0 : learnedDeviation(v, small, large)
  }
  return {
    deviation,
    kernel: (x, x0, z, at) => {
      const { ofX0, ofX } = posterior(at)
      const mean = combine([ofX0, x0], [ofX, x])
      const by = deviation(at)
      return by === 0 ? mean : mean.add(z().mul(by))
    },
  }
}

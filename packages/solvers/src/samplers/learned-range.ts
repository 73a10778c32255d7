import type { Tensor } from '@tweedie/tensor'
import { OptionError } from '@tweedie/tensor'
import { lookBy } from '../run/look.ts'
import type { AncestralLook, Prior, Reverse, ReverseStep, Time } from '../types.ts'
import type { AncestralStep } from './kernel.ts'
import { combine, posterior } from './steps.ts'

// Ancestral steps whose variance the network says, which come with the pipelines of such networks.

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

/**
 * Makes sure, before any work, that a prior can say what a variance asks for.
 * @throws {OptionError} for 'learned-range' of a prior whose network does not say where its variance lies.
 */
export function requireVariance(prior: Prior, variance: string): void {
  if (variance === 'learned-range' && prior.pipeline?.variance !== variance)
    throw new OptionError(
      'variance',
      `'learned-range' needs a network that says where its variance lies between β̃ and β; '${prior.name}' does not: take small or large`,
    )
}

/**
 * Evaluates the prior at x_t, once, with what the network says of its variance.
 * @throws {OptionError} where it says nothing.
 */
export function learnedLook(prior: Prior, x: Tensor, t: Time, through: boolean): AncestralLook {
  requireVariance(prior, 'learned-range')
  const says = (xt: Tensor) => {
    const { x0hat, v } = prior.pipeline?.estimate(xt, t) ?? {}
    if (x0hat !== undefined && v !== undefined) return { x0hat, v }
    throw new OptionError('variance', `'${prior.name}' says no variance at t = ${t}`)
  }
  return lookBy(says, prior, x, t, through)
}

/** The ancestral step of a variance that the network said. */
export function learnedStep(v: Tensor | undefined): AncestralStep {
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

/** The reverse steps of a prior whose network says the variance. */
export const learnedReverse = (prior: Prior): Reverse => ({
  look: (x, t, through) => learnedLook(prior, x, t, through),
  kernel: ({ v }) => learnedStep(v).kernel,
})

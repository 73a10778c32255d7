import type { Tensor } from '@tweedie/tensor'
import { OptionError } from '@tweedie/tensor'
import { likelihoodOf } from '../../guidance/likelihood.ts'
import { sumPerSample } from '../../linalg/per-sample.ts'
import { inFloat64 } from '../../linalg/precise.ts'
import { gaussianNoise } from '../../noise/gaussian.ts'
import type { LinearOperator, Noise, NoiseLikelihood, Operator } from '../../types.ts'
import { isLinear } from '../../types.ts'
import type { NeedRule } from '../fit.ts'
import { needsOrthonormal } from '../rare-needs.ts'

/** What stands for the variance of x₀ given x_t in a twist. */
export type TwistSpread = 'auto' | 'none' | 'noise-level' | 'pigdm'

/** r_t² of each, of σ_t² and α_t²: σ_t²/α_t², or with the variance τ² of the data σ_t²τ²/(α_t²τ² + σ_t²). */
const spreads: Readonly<Record<Exclude<TwistSpread, 'auto'>, (a: number, s: number, tau: number) => number>> =
  {
    none: () => 0,
    'noise-level': (a, s) => s / a,
    pigdm: (a, s, tau) => (s * tau) / (a * tau + s),
  }

/**
 * The twist of TDS as the law of y at x̂₀: p(y | x₀ = x̂₀), for Gaussian noise with r_t² added to its variance.
 *
 * @param spread - 'auto' is 'noise-level' for Gaussian noise, 'none' for any other.
 * @returns (α_t, σ_t) ↦ the likelihood.
 * @throws {OptionError} for a spread that is not 'none' where noise is not Gaussian; for none where there is no noise.
 */
export function twistOf(
  noise: Noise,
  spread: TwistSpread,
  dataVariance: number,
): (alpha: number, sigma: number) => NoiseLikelihood {
  const { name, sigma: sigmaY } = noise
  const chosen = spread === 'auto' ? (sigmaY === undefined ? 'none' : 'noise-level') : spread
  if (chosen === 'none') {
    const likelihood = likelihoodOf(noise)
    return () => likelihood
  }
  if (sigmaY === undefined)
    throw new OptionError('spread', `'${chosen}' adds to σ_y, and '${name}' has none; take none`)
  const added = spreads[chosen]
  return (alpha, sigma) =>
    likelihoodOf(gaussianNoise(Math.sqrt(sigmaY ** 2 + added(alpha ** 2, sigma ** 2, dataVariance))))
}

const noDensity = (operator: Operator, noise: Noise): string | undefined => {
  if (noise.likelihood !== undefined) return undefined
  if (noise.sigma !== 0) return `needs noise of a known likelihood; '${noise.name}' has none`
  const why = needsOrthonormal.lacks({ operator, noise })
  return why === undefined ? undefined : `without noise ${why}`
}

/** A likelihood; or no noise, and an operator of orthonormal rows. */
export const needsDensity: NeedRule<'likelihood'> = {
  need: 'likelihood',
  lacks: ({ operator, noise }) => noDensity(operator, noise),
}

/**
 * The last step without noise, of the kernel N(x̂₀, variance·I): x̂₀ + Aᵀ(y − A x̂₀), and log N(y; A x̂₀, variance·I) in the
 * directions that A sees, [M], in float64.
 *
 * @throws {OptionError} for an operator without orthonormal rows; {@link needsDensity} has told.
 */
export function measuredLast(
  operator: Operator,
  y: Tensor,
  x0hat: Tensor,
  variance: number,
): { readonly x: Tensor; readonly log: Tensor } {
  if (!hasSvd(operator)) throw new OptionError('operator', `'${operator.name}' has no svd()`)
  const r = y.sub(operator.forward(x0hat))
  const seen = operator.svd().singularValues.filter((s) => s > 0.5).length
  const log = sumPerSample(inFloat64(r).square()).mul(-0.5 / variance)
  return { x: x0hat.add(operator.adjoint(r)), log: log.sub((seen / 2) * Math.log(2 * Math.PI * variance)) }
}

const hasSvd = (operator: Operator): operator is LinearOperator & Required<Pick<LinearOperator, 'svd'>> =>
  isLinear(operator) && operator.svd !== undefined

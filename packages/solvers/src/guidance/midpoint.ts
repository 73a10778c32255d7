import type { Key, Shape, Tensor } from '@tweedie/tensor'
import { OptionError } from '@tweedie/tensor'
import type { DiagonalGaussian, GaussianFitOptions, RoundGaussian } from '../inner/gaussian-fit.ts'
import { gaussianFit, placed } from '../inner/gaussian-fit.ts'
import { linearisedDraw } from '../inner/linearised-draw.ts'
import { lookAt } from '../run/look.ts'
import type { Prior, Problem, Time } from '../types.ts'
import { isLinear } from '../types.ts'
import { dpsLikelihood } from './likelihood.ts'

/** How x_ℓ is drawn: of a fitted Gaussian, its updates Adam's or normalised, or exactly with x̂₀ to first order. */
export const midpointFits = ['adam', 'normalised', 'exact'] as const

/** What a {@link midpointDraw} is told of one draw. */
export interface Midpoint {
  /** ℓ. */
  readonly t: Time
  /** N(μ, s²I), what is known of x_ℓ without y. */
  readonly law: RoundGaussian
  /** Where a fit begins; at the law where left out. */
  readonly start?: RoundGaussian
  readonly steps: number
  readonly learningRate: number
  /** Of the draws of a fit. */
  keys(): readonly Key[]
  /** z ~ N(0, I): for x_ℓ, and for y where the draw is exact. */
  z(purpose: 'midpoint' | 'measured', shape?: Shape): Tensor
}

/** An N(m, s²I) as a diagonal one. */
export const diagonal = ({ mean, deviation }: RoundGaussian): DiagonalGaussian => ({
  mean,
  logDeviation: mean.mul(0).add(Math.log(deviation)),
})

/**
 * x_ℓ ~ N(μ, s²I)·p(y | x₀ = x̂₀(x_ℓ)), the guided draw at a midpoint (MGPS, arXiv 2410.09945; MGDM, arXiv 2502.03332): of the
 * diagonal Gaussian nearest to it ({@link gaussianFit}), or with `exact`, for linear A and Gaussian noise, itself with x̂₀ taken to
 * first order ({@link linearisedDraw}). A fit evaluates the prior once in each update and goes back through it; `exact` once.
 *
 * @throws {OptionError} where the noise has no likelihood, or `exact` has no linear operator with Gaussian noise.
 */
export function midpointDraw(
  problem: Problem,
  prior: Prior,
  fit: (typeof midpointFits)[number],
  divergence: NonNullable<GaussianFitOptions['divergence']> = 'closed',
): (at: Midpoint) => Tensor {
  if (fit === 'exact') {
    const { operator, noise, y } = problem
    if (!isLinear(operator) || noise.sigma === undefined)
      throw new OptionError('fit', "'exact' takes a linear operator with Gaussian noise")
    const seen = { operator, y, sigmaY: noise.sigma }
    return ({ t, law, z }) =>
      linearisedDraw(seen, prior, t, law, { x: z('midpoint'), y: z('measured', operator.outShape) })
  }
  const likelihood = dpsLikelihood(problem)
  return ({ t, law, start = law, steps, learningRate, keys, z }) => {
    const gradient = (x: Tensor) => likelihood.score(lookAt(prior, x, t, true)).g.neg()
    const options = { steps, learningRate, optimizer: fit, divergence, keys: keys() }
    return placed(gaussianFit(gradient, law, diagonal(start), options), z('midpoint'))
  }
}

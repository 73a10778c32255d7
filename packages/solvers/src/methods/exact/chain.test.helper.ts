// What a chain of reverse steps makes of a Gaussian prior, in closed form: the law that sequential Monte Carlo aims at.
import { Matrix } from 'ml-matrix'
import type { ExactPrior, Mixture } from '../../priors/index.ts'
import { gaussianMixture } from '../../priors/index.ts'
import type { TimePair } from '../../schedules/index.ts'

/** A reverse step x_s ~ N(fromX0·x̂₀ + fromX·x_t, variance·I). */
export interface Transition {
  readonly fromX0: number
  readonly fromX: number
  readonly variance: number
}

/** Which fresh noise a step has, of α and σ at both ends. */
export type Fresh = (
  t: { readonly alpha: number; readonly sigma: number },
  s: { readonly alpha: number; readonly sigma: number },
) => number

const b: Fresh = (t, s) => t.sigma ** 2 - ((t.alpha / s.alpha) * s.sigma) ** 2
/** β̃, β, and DDIM's and DDNM's with η. */
export const fresh = {
  small: (t, s) => (b(t, s) * s.sigma ** 2) / t.sigma ** 2,
  large: (t, s) => (s.sigma === 0 ? 0 : b(t, s)),
} as const satisfies Record<string, Fresh>
export const ddimFresh =
  (eta: number): Fresh =>
  (t, s) =>
    eta ** 2 * fresh.small(t, s)
export const renoiseFresh =
  (c: number): Fresh =>
  (_, s) =>
    c * s.sigma ** 2

/** A step whose mean is that of the ancestral one (`kept` left out), or that keeps √(σ_s² − fresh) of ε̂. */
export function transitionOf(
  schedule: ExactPrior['schedule'],
  { t, s }: TimePair,
  of: Fresh,
  ancestral: boolean,
): Transition {
  const at = { alpha: schedule.alpha(t), sigma: schedule.sigma(t) }
  const to = { alpha: schedule.alpha(s), sigma: schedule.sigma(s) }
  const variance = of(at, to)
  const kept = Math.sqrt(Math.max(0, to.sigma ** 2 - (ancestral ? fresh.small(at, to) : variance)))
  const fromX = kept / at.sigma
  return { fromX0: to.alpha - fromX * at.alpha, fromX, variance }
}

/** x̂₀ = M x_t + c of a Gaussian prior. */
export function denoiserOf(prior: ExactPrior, t: number): { M: Matrix; c: Matrix } {
  const n = prior.law.dimension
  const M = prior.jacobian(new Float64Array(n), t)
  return { M, c: Matrix.columnVector(prior.given(new Float64Array(n), t).mean()) }
}

/** The law of x₀ of the chain over a Gaussian prior. */
export function chainLaw(
  prior: ExactPrior,
  times: readonly TimePair[],
  of: Fresh,
  ancestral = true,
): Mixture {
  const n = prior.law.dimension
  let mean = Matrix.zeros(n, 1)
  let covariance = Matrix.eye(n, n, prior.schedule.sigma(times[0]!.t) ** 2)
  for (const at of times) {
    const { fromX0, fromX, variance } = transitionOf(prior.schedule, at, of, ancestral)
    const { M, c } = denoiserOf(prior, at.t)
    const F = Matrix.add(Matrix.mul(M, fromX0), Matrix.eye(n, n, fromX))
    mean = F.mmul(mean).add(Matrix.mul(c, fromX0))
    covariance = F.mmul(covariance)
      .mmul(F.transpose())
      .add(Matrix.eye(n, n, variance))
  }
  return gaussianMixture({ weights: [1], means: [mean.to1DArray()], covariances: covariance.to2DArray() })
}

// What sequential Monte Carlo aims at, in closed form: reverse steps over a Gaussian prior are a linear Gaussian chain, and
// what is known of it on the way is Kalman's filter.
import { Matrix } from 'ml-matrix'
import type { ExactPrior } from '../../priors/index.ts'
import type { TimePair } from '../../schedules/index.ts'
import type { Schedule } from '../../types.ts'

interface Level {
  readonly alpha: number
  readonly sigma: number
}
/** The variance of the noise of a step, of α and σ at both ends. */
export type Fresh = (t: Level, s: Level) => number

const b: Fresh = (t, s) => t.sigma ** 2 - ((t.alpha / s.alpha) * s.sigma) ** 2
const tilde: Fresh = (t, s) => (b(t, s) * s.sigma ** 2) / t.sigma ** 2
/** Of an ancestral step with β, of DDIM with η, and c·σ_s²; and the part of ε̂ that is kept. */
export interface Steps {
  readonly fresh: Fresh
  readonly kept: Fresh
}
export const large: Steps = {
  fresh: (t, s) => (s.sigma === 0 ? 0 : b(t, s)),
  kept: (t, s) => s.sigma ** 2 - tilde(t, s),
}
const keeping = (fresh: Fresh): Steps => ({ fresh, kept: (t, s) => s.sigma ** 2 - fresh(t, s) })
export const ddimOf = (eta: number): Steps => keeping((t, s) => eta ** 2 * tilde(t, s))
export const renoising = (c: number): Steps => keeping((_, s) => c * s.sigma ** 2)

/** x_s ~ N(fromX0·x̂₀ + fromX·x_t, variance·I). */
export function transitionOf(schedule: Schedule, { t, s }: TimePair, { fresh, kept }: Steps) {
  const level = (u: number): Level => ({ alpha: schedule.alpha(u), sigma: schedule.sigma(u) })
  const [at, to] = [level(t), level(s)]
  const fromX = Math.sqrt(Math.max(0, kept(at, to))) / at.sigma
  return { fromX0: to.alpha - fromX * at.alpha, fromX, variance: fresh(at, to) }
}

/** A Gaussian, and the log-density of what it was conditioned on. */
export interface State {
  readonly mean: Matrix
  readonly covariance: Matrix
  readonly log: number
}

export const startOf = (n: number, variance: number): State => ({
  mean: Matrix.zeros(n, 1),
  covariance: Matrix.eye(n, n, variance),
  log: 0,
})

const known = new WeakMap<ExactPrior, Map<number, { readonly M: Matrix; readonly c: Matrix }>>()
/** x̂₀ = M x_t + c of a Gaussian prior. */
function denoiserOf(prior: ExactPrior, t: number): { readonly M: Matrix; readonly c: Matrix } {
  const own = known.get(prior) ?? new Map<number, { readonly M: Matrix; readonly c: Matrix }>()
  known.set(prior, own)
  const origin = new Float64Array(prior.law.dimension)
  const affine = own.get(t) ?? {
    M: prior.jacobian(origin, t),
    c: Matrix.columnVector(prior.given(origin, t).mean()),
  }
  own.set(t, affine)
  return affine
}

/** After a reverse step of a Gaussian prior, whose x̂₀ is M x_t + c. */
export function stepOf(
  prior: ExactPrior,
  { mean, covariance, log }: State,
  at: TimePair,
  steps: Steps,
): State {
  const n = prior.law.dimension
  const { fromX0, fromX, variance } = transitionOf(prior.schedule, at, steps)
  const { M, c } = denoiserOf(prior, at.t)
  const F = Matrix.mul(M, fromX0).add(Matrix.eye(n, n, fromX))
  return {
    mean: F.mmul(mean).add(Matrix.mul(c, fromX0)),
    covariance: F.mmul(covariance)
      .mmul(F.transpose())
      .add(Matrix.eye(n, n, variance)),
    log,
  }
}

/** Given that value = a·x + noise of a variance. */
export function given(
  { mean, covariance, log }: State,
  a: readonly number[],
  value: number,
  variance: number,
): State {
  const row = Matrix.rowVector([...a])
  const cross = covariance.mmul(row.transpose())
  const total = row.mmul(cross).get(0, 0) + variance
  const off = value - row.mmul(mean).get(0, 0)
  return {
    mean: Matrix.add(mean, Matrix.mul(cross, off / total)),
    covariance: Matrix.sub(covariance, Matrix.mul(cross.mmul(cross.transpose()), 1 / total)),
    log: log - off ** 2 / (2 * total) - Math.log(2 * Math.PI * total) / 2,
  }
}

/** A chain from x_T on. */
export const chainOf = (prior: ExactPrior, times: readonly TimePair[], steps: Steps): State =>
  times.reduce(
    (state, at) => stepOf(prior, state, at, steps),
    startOf(prior.law.dimension, prior.schedule.sigma(times[0]!.t) ** 2),
  )

export const logNormalOf = (value: number, mean: number, variance: number): number =>
  -((value - mean) ** 2) / (2 * variance) - Math.log(2 * Math.PI * variance) / 2
export const mean = (v: readonly number[]): number => v.reduce((a, c) => a + c, 0) / v.length

/** The mean of some numbers, and its standard error. */
export function estimated(values: readonly number[]): { readonly mean: number; readonly error: number } {
  const m = mean(values)
  return { mean: m, error: Math.sqrt(mean(values.map((v) => (v - m) ** 2)) / values.length) }
}

/** The slope of log error against log K, least squares. */
export function slopeOf(counts: readonly number[], errors: readonly number[]): number {
  const [x, e] = [counts.map(Math.log), errors.map(Math.log)]
  const [mx, me] = [mean(x), mean(e)]
  return mean(x.map((v, i) => (v - mx) * (e[i]! - me))) / mean(x.map((v) => (v - mx) ** 2))
}

// Laws of runs without drawing: of a sampler whose every step is affine, and of the process that it discretises.
import type { Tensor } from '@tweedie/tensor'
import { fromData, zeros } from '@tweedie/tensor'
import { Matrix } from 'ml-matrix'
import type { Sampler } from '../samplers/index.ts'
import type { TimePair } from '../schedules/index.ts'
import type { Prior } from '../types.ts'

/** The mean (a column) and covariance of a law. */
export interface Moments {
  readonly mean: Matrix
  readonly covariance: Matrix
}

/** Largest error of the moments, in units of the spread. */
export function distance(a: Moments, b: Moments): number {
  const spread = b.covariance.trace() / b.covariance.rows
  const mean = Matrix.sub(a.mean, b.mean).norm() / Math.sqrt(spread)
  return Math.max(mean, Matrix.sub(a.covariance, b.covariance).norm() / spread)
}

type Noise = (purpose: string) => Tensor

/** A run of a sampler from x_T = σ_T·z, with the noise that `noise` gives. */
export function runWith(prior: Prior, sampler: Sampler, times: readonly TimePair[], noise: Noise): Tensor {
  const { schedule } = prior
  let x = noise('start').mul(schedule.sigma(times[0]!.t))
  let memory = sampler.init()
  for (const [i, { t, s }] of times.entries()) {
    const at = { t, s, schedule, steps: times.length }
    const done = sampler.step(
      (xt, time) => prior.denoise(xt, time),
      x,
      memory,
      at,
      (name) => noise(`${i} ${name}`),
    )
    x = done.x
    memory = done.memory
  }
  return x
}

/**
 * The law of what a sampler returns, where every step of it is affine in x and in its noise: one row of a batch runs
 * without noise, which gives the mean, and one with each coordinate of each draw alone, which gives a column of a
 * square root of the covariance.
 */
export function lawOfRun(prior: Prior, sampler: Sampler, times: readonly TimePair[]): Moments {
  const n = prior.shape[0]!
  const asked: string[] = []
  runWith(prior, sampler, times, (purpose) => {
    if (!asked.includes(purpose)) asked.push(purpose)
    return zeros([1, n], { dtype: 'float64' })
  })
  const rows = 1 + asked.length * n
  const x = runWith(prior, sampler, times, (purpose) => {
    const z = new Float64Array(rows * n)
    for (let j = 0; j < n; j++) z[(1 + asked.indexOf(purpose) * n + j) * n + j] = 1
    return fromData(z, [rows, n], { dtype: 'float64' })
  })
  const all = Matrix.from1DArray(rows, n, Array.from(x.dataSync()))
  const mean = all.subMatrix(0, 0, 0, n - 1)
  const columns = all.subMatrix(1, rows - 1, 0, n - 1).subRowVector(mean.to1DArray())
  return { mean: mean.transpose(), covariance: columns.transpose().mmul(columns) }
}

/** x₀ = F·u + f at a noise level, u = x_t/α_t. */
export interface Affine {
  readonly F: Matrix
  readonly f: Matrix
}

/**
 * The law of x₀(u) at level `low`, u having gone from N(0, high²I) at level `high` by
 *
 *     du = (1 + λ)·(u − x₀(u))/k·dk + √(2λk)·dw     (backwards in k)
 *
 * (arXiv 2206.00364 eq. 6 with β = λ/k), its moments by the classical Runge–Kutta method over log k.
 */
export function limitLaw(x0: (k: number) => Affine, high: number, low: number, lambda: number): Moments {
  const n = x0(high).f.rows
  const slope = ({ mean, covariance }: Moments, k: number): Moments => {
    const { F, f } = x0(k)
    const rest = Matrix.eye(n).sub(F)
    const half = rest.mmul(covariance)
    return {
      mean: Matrix.sub(rest.mmul(mean), f).mul(1 + lambda),
      covariance: Matrix.add(half, half.transpose())
        .mul(1 + lambda)
        .sub(Matrix.eye(n).mul(2 * lambda * k ** 2)),
    }
  }
  const along = (a: Moments, b: Moments, h: number): Moments => ({
    mean: Matrix.add(a.mean, Matrix.mul(b.mean, h)),
    covariance: Matrix.add(a.covariance, Matrix.mul(b.covariance, h)),
  })
  const steps = 400
  const h = Math.log(low / high) / steps
  let at: Moments = { mean: Matrix.zeros(n, 1), covariance: Matrix.eye(n).mul(high ** 2) }
  for (let i = 0; i < steps; i++) {
    const k = (fraction: number) => high * Math.exp((i + fraction) * h)
    const a = slope(at, k(0))
    const b = slope(along(at, a, h / 2), k(0.5))
    const c = slope(along(at, b, h / 2), k(0.5))
    const d = slope(along(at, c, h), k(1))
    at = [a, b, b, c, c, d].reduce((sum, v) => along(sum, v, h / 6), at)
  }
  const { F, f } = x0(low)
  return { mean: F.mmul(at.mean).add(f), covariance: F.mmul(at.covariance).mmul(F.transpose()) }
}

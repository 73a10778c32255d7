import type { Key } from '@tweedie/tensor'
import { randomIntegers } from '@tweedie/tensor'
import { Matrix } from 'ml-matrix'
import { pointsOf } from '../points.ts'
import { streamOf } from '../posteriors/stream.ts'
import type { Posterior } from '../types.ts'
import { covarianceOf, meanOf, statesOf } from './gibbs-prior.ts'
import type { Increments } from './increments.ts'
import { measuredChain } from './measured.ts'
import { walkChain } from './walk.ts'

/** What a posterior of signals is of. */
export interface LevyPosteriorOptions {
  readonly increments: Increments
  readonly matrix: Matrix
  readonly y: Float64Array
  readonly sigma: number
  readonly key: Key
  /** Sweeps before and while states are kept: 10,000 and 20,000 in the protocol. */
  readonly burnIn?: number
  readonly states?: number
}

/**
 * The law of a Lévy signal given y = A x + σ·ε, by a long Gibbs chain, which runs when something of it is first asked for. A
 * draw is one of its states. There is no density where increments may be 0: the law has one on no single space.
 */
export function levyPosterior(options: LevyPosteriorOptions): Posterior {
  const { increments, matrix, y, sigma, key, burnIn = 10_000, states = 20_000 } = options
  const d = matrix.columns
  let ran: Float64Array | undefined
  const chain = (): Float64Array => {
    const stream = streamOf(key)
    const identity = matrix.rows === d && matrix.diag().every((v) => v === 1) && matrix.sum() === d
    const gibbs = identity
      ? walkChain(y, sigma, increments, stream)
      : measuredChain(matrix, y, sigma, increments, stream)
    return (ran ??= statesOf(gibbs, burnIn, states, d))
  }
  const kept = () => ran ?? chain()
  const { logDensity, score } = increments
  const residual = (x: Float64Array) =>
    Float64Array.from(y, (value, r) => value - x.reduce((sum, xi, j) => sum + matrix.get(r, j) * xi, 0))
  return {
    name: `Gibbs sampler, ${states.toLocaleString('en')} sweeps`,
    dimension: d,
    sample: (keys) => {
      const values = new Float64Array(keys.length * d)
      keys.forEach((own, row) => {
        const at = randomIntegers(own, states, 1)[0] ?? 0
        values.set(kept().subarray(at * d, (at + 1) * d), row * d)
      })
      return pointsOf(values, d)
    },
    mean: () => meanOf(kept(), d),
    covariance: () => Matrix.from1DArray(d, d, Array.from(covarianceOf(kept(), d))),
    ...(logDensity && {
      logDensity: (x) =>
        x.reduce((sum, xi, i) => sum + logDensity(xi - (x[i - 1] ?? 0)), 0) -
        residual(x).reduce((sum, r) => sum + r * r, 0) / (2 * sigma ** 2),
    }),
    ...(score && {
      score: (x) => {
        const r = residual(x)
        const slope = x.map((xi, i) => score(xi - (x[i - 1] ?? 0)))
        return x.map(
          (_, j) =>
            (slope[j] ?? 0) -
            (slope[j + 1] ?? 0) +
            r.reduce((sum, value, row) => sum + value * matrix.get(row, j), 0) / sigma ** 2,
        )
      },
    }),
  }
}

import type { Mixture } from '@tweedie/solvers'
import { exactPrior, gaussianMixturePrior, gaussianNoise, matrixOperator, vpLinear } from '@tweedie/solvers'
import type { Key } from '@tweedie/tensor'
import { fromData, normal, randomKey, uniform } from '@tweedie/tensor'
import { CholeskyDecomposition, Matrix } from 'ml-matrix'
import type { Points } from '../points.ts'
import { mixturePosterior } from '../posteriors/mixture.ts'
import type { Case, Judged } from '../types.ts'

/** Small problems on which metrics are tried: their posteriors are in closed form and drawn from fast. */
export type TrialProblem = 'gaussian' | 'mixture'

/** Ways in which samples are made wrong, and none. */
export const changes = ['exact', 'wider', 'narrower', 'shifted', 'reweighted'] as const
export type Change = (typeof changes)[number]

const host = { dtype: 'float64', device: 'reference' } as const
const schedule = vpLinear()

const laws = {
  // Four correlated numbers, two combinations of them measured.
  gaussian: {
    prior: gaussianMixturePrior({
      weights: [1],
      means: [[0.5, 0, -0.5, 1]],
      covariances: Array.from({ length: 4 }, (_, i) =>
        Array.from({ length: 4 }, (_, j) => 0.6 ** Math.abs(i - j) * Math.sqrt((1 + i) * (1 + j))),
      ),
      schedule,
    }),
    A: new Matrix([
      [1, 0.5, 0, 0],
      [0, 0, 1, -1],
    ]),
    sigma: 0.5,
  },
  // Three modes in the plane that a weak measurement leaves undecided.
  mixture: {
    prior: gaussianMixturePrior({
      weights: [0.4, 0.35, 0.25],
      means: [
        [-3, 0],
        [0, 3],
        [3, -1],
      ],
      covariances: 0.5,
      schedule,
    }),
    A: new Matrix([[1, 0.3]]),
    sigma: 6,
  },
}

function numbers(key: Key, count: number, law: typeof normal): Float64Array {
  using drawn = law(key, [count], host)
  return Float64Array.from(drawn.dataSync(), Number)
}

/** A case of one of the problems: truth of the prior, y of the truth. Same seed, same case. */
export function trialCase(problem: TrialProblem, seed: number): Case & { readonly law: Mixture } {
  const { prior, A, sigma } = laws[problem]
  const key = randomKey(seed).fold(problem)
  const truth = drawOf(prior.law, key.fold('truth'), 1).values
  const noise = numbers(key.fold('noise'), A.rows, normal)
  const clean = A.mmul(Matrix.columnVector(Array.from(truth))).to1DArray()
  const y = clean.map((value, i) => value + sigma * (noise[i] ?? 0))
  const posterior = prior.law.posterior(A, y, sigma)
  return {
    prior,
    problem: {
      operator: matrixOperator(fromData(Float64Array.from(A.to1DArray()), [A.rows, A.columns], host)),
      noise: gaussianNoise(sigma),
      y: fromData(Float64Array.from(y), [1, A.rows], host),
    },
    truth,
    posterior: mixturePosterior(posterior),
    conditional: exactPrior(posterior.law, { schedule }),
    matrix: A,
    law: posterior.law,
  }
}

/** Draws of a mixture from one key, its components with other weights where they are given. */
function drawOf(
  law: Mixture,
  key: Key,
  count: number,
  weights = law.components.map((c) => c.weight),
): Points {
  const d = law.dimension
  const u = numbers(key.fold('component'), count, uniform)
  const z = numbers(key.fold('draw'), count * d, normal)
  const factors = law.components.map(({ mean, covariance }) => ({
    mean,
    factor: new CholeskyDecomposition(covariance).lowerTriangularMatrix.to1DArray(),
  }))
  const values = new Float64Array(count * d)
  for (let i = 0; i < count; i++) {
    let left = u[i] ?? 0
    const { mean, factor } = factors[weights.findIndex((w) => (left -= w) < 0)] ?? factors[0]!
    for (let j = 0; j < d; j++) {
      let sum = mean[j]!
      for (let k = 0; k <= j; k++) sum += factor[j * d + k]! * z[i * d + k]!
      values[i * d + j] = sum
    }
  }
  return { values, count, dimension: d }
}

/** x ← m + factor·(x − m) + shift, coordinate by coordinate. */
const moved = (
  { values, ...rest }: Points,
  about: Float64Array,
  factor: number,
  shift: Float64Array,
): Points => ({
  ...rest,
  values: values.map((value, i) => {
    const j = i % about.length
    return about[j]! + factor * (value - about[j]!) + shift[j]!
  }),
})

/** How far weights are moved, and in which part of itself a standard deviation or of which a mean. */
export const size = 0.05

/** Weights with 0.05 taken of the largest and given to the smallest. */
function reweighted(law: Mixture): number[] {
  const weights = law.components.map((c) => c.weight)
  const order = weights.map((_, k) => k).sort((a, b) => (weights[a] ?? 0) - (weights[b] ?? 0))
  return weights.map((w, k) => (k === order[0] ? w + size : k === order.at(-1) ? w - size : w))
}

/**
 * Draws of the posterior of a case, made wrong: `wider` and `narrower` scale them about the posterior mean by 1.05 and 0.95,
 * `shifted` adds 0.05 standard deviations to each coordinate, `reweighted` moves 0.05 of the likeliest component's weight to
 * the unlikeliest one.
 */
export function trialDraws(
  posed: Case & { readonly law: Mixture },
  key: Key,
  count: number,
  change: Change,
): Points {
  const { law } = posed
  if (change === 'reweighted') return drawOf(law, key, count, reweighted(law))
  const draws = drawOf(law, key, count)
  const none = new Float64Array(law.dimension)
  const mean = law.mean()
  if (change === 'wider') return moved(draws, mean, 1 + size, none)
  if (change === 'narrower') return moved(draws, mean, 1 - size, none)
  if (change === 'shifted')
    return moved(
      draws,
      mean,
      1,
      Float64Array.from(law.covariance().diagonal(), (v) => size * Math.sqrt(v)),
    )
  return draws
}

/**
 * A small case with samples of its posterior, exact or made wrong, and what metrics are given beside them: to try a metric on.
 * @example
 * ```ts
 * import { trial, varianceRatio } from '@tweedie/calibration'
 * const exact = trial({ problem: 'gaussian', samples: 200, seed: 1 })
 * varianceRatio.of(exact.samples, exact.judged) // ≈ [0.935]
 * const wide = trial({ problem: 'gaussian', samples: 200, seed: 1, change: 'wider' })
 * varianceRatio.of(wide.samples, wide.judged) // ≈ [1.031]
 * ```
 */
export function trial({
  problem,
  samples,
  seed,
  change = 'exact',
}: {
  readonly problem: TrialProblem
  readonly samples: number
  readonly seed: number
  readonly change?: Change
}): { readonly samples: Points; readonly judged: Judged } {
  const posed = trialCase(problem, seed)
  const key = randomKey(seed).fold('trial')
  return {
    samples: trialDraws(posed, key.fold('samples'), samples, change),
    judged: { posed, draws: trialDraws(posed, key.fold('draws'), samples, 'exact') },
  }
}

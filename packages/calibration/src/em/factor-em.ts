import { OptionError } from '@tweedie/tensor'
import { CholeskyDecomposition, Matrix } from 'ml-matrix'
import type { Points } from '../points.ts'
import { expectations } from './expectations.ts'
import { kMeans } from './k-means.ts'
import type { ComponentSums, FactorFit, FactorModel } from './model.ts'

/** After one iteration. */
export interface FactorFitStep {
  readonly i: number
  readonly iterations: number
  /** Of the model before the iteration, a mean over points, nats. */
  readonly logLikelihood: number
  /** The same less ½ε·tr Ψ⁻¹: what no iteration lowers. */
  readonly objective: number
  readonly model: FactorModel
}

/**
 * Fits Σ_k w_k N(μ_k, W_kW_kᵀ + Ψ) with one full Ψ by expectation–maximisation (Ghahramani and Hinton 1996, with Ψ full
 * and shared). The M step regresses x on (z, 1) by responsibilities and takes for Ψ what is left, plus ε·I: the maximum of
 * the log-likelihood less ½Nε·tr Ψ⁻¹, the likelihood of points each of which is blurred by N(0, ε). From K-means, with
 * points of each cluster as the columns of its W.
 *
 * @throws {OptionError} for fewer than two points a component, or options that are no numbers above 0.
 * @example
 * ```ts
 * import { fitFactorMixture, pointsOf } from '@tweedie/calibration'
 * const points = pointsOf(Float64Array.from({ length: 40 }, (_, i) => (i % 2 ? 3 : -3) + Math.sin(i)), 1)
 * const options = { components: 2, factors: 1, ridge: 0.01, iterations: 30, seed: 0, dtype: 'float64' } as const
 * const found = [...fitFactorMixture(points, options)].at(-1)!.model.means.map(([m]) => m!.toFixed(1))
 * found.sort() // => ['-3.0', '3.0']
 * ```
 */
export function* fitFactorMixture(points: Points, options: FactorFit): Generator<FactorFitStep, FactorModel> {
  const { components, ridge, iterations } = options
  for (const name of ['components', 'factors', 'ridge', 'iterations'] as const)
    if (!(options[name] > 0)) throw new OptionError(name, `must be above 0, got ${options[name]}`)
  if (points.count < 2 * components)
    throw new OptionError('components', `${components} for ${points.count} points; two a component at least`)
  const { centre, centred } = about(points)
  const scatter = scatterOf(centred)
  let own = startOf(centred, scatter, options)
  let model = own
  for (let i = 0; i < iterations; i++) {
    const { sums, logLikelihood, tracePrecision } = expectations(centred, scatter, own, options)
    const before = logLikelihood / points.count
    own = maximise(own, sums, scatter, ridge, points.count)
    model = { ...own, means: own.means.map((mean) => mean.map((m, j) => m + (centre[j] ?? 0))) }
    yield {
      i,
      iterations,
      logLikelihood: before,
      objective: before - (ridge * tracePrecision) / 2,
      model,
    }
  }
  return model
}

function maximise(
  model: FactorModel,
  sums: readonly ComponentSums[],
  scatter: Matrix,
  ridge: number,
  count: number,
): FactorModel {
  const n = scatter.rows
  const left = scatter.clone()
  const means: Float64Array[] = []
  const factors: Matrix[] = []
  sums.forEach(({ cross, inner }, k) => {
    const q = inner.rows - 1
    const cholesky = new CholeskyDecomposition(inner)
    // A component that has lost all of its points stays what it was.
    const lost = !cholesky.isPositiveDefinite()
    const coefficients = lost ? asColumns(model, k) : cholesky.solve(cross.transpose()).transpose()
    if (!lost) left.sub(coefficients.mmul(cross.transpose()))
    means.push(Float64Array.from(coefficients.getColumn(q)))
    factors.push(coefficients.subMatrix(0, n - 1, 0, q - 1))
  })
  const background = Matrix.add(left, left.transpose())
    .div(2 * count)
    .add(Matrix.eye(n, n, ridge))
  return { weights: sums.map((s) => s.count / count), means, factors, background }
}

/**
 * The mean of log p(x) over points, nats: by batches of products, as the E step has it.
 * @param options - `batch` and `dtype` of {@link FactorFit}.
 */
export function meanLogLikelihood(
  points: Points,
  model: FactorModel,
  options: Pick<FactorFit, 'batch' | 'dtype'> = {},
): number {
  const { centre, centred } = about(points)
  const means = model.means.map((mean) => mean.map((m, j) => m - (centre[j] ?? 0)))
  const { logLikelihood } = expectations(centred, scatterOf(centred), { ...model, means }, options)
  return logLikelihood / points.count
}

/** [W_k μ_k]. */
function asColumns({ factors, means }: FactorModel, k: number): Matrix {
  const [W, mean] = [factors[k], means[k]]
  if (!W || !mean) throw new TypeError('fitFactorMixture: no such component')
  return Matrix.zeros(W.rows, W.columns + 1)
    .setSubMatrix(W, 0, 0)
    .setSubMatrix(Matrix.columnVector(mean), 0, W.columns)
}

/** The mean of points, and the points less it: products in single precision then lose little. */
function about({ values, count, dimension }: Points): { centre: Float64Array; centred: Points } {
  const centre = new Float64Array(dimension)
  values.forEach((value, i) => {
    centre[i % dimension] = (centre[i % dimension] ?? 0) + value / count
  })
  const centred = values.map((value, i) => value - (centre[i % dimension] ?? 0))
  return { centre, centred: { values: centred, count, dimension } }
}

/** Σ x xᵀ, in double precision. */
function scatterOf({ values, count, dimension: n }: Points): Matrix {
  const sum = new Float64Array(n * n)
  for (let p = 0; p < count; p++) {
    for (let i = 0; i < n; i++) {
      const xi = values[p * n + i] ?? 0
      if (xi === 0) continue
      for (let j = 0; j <= i; j++) sum[i * n + j] = (sum[i * n + j] ?? 0) + xi * (values[p * n + j] ?? 0)
    }
  }
  const out = new Matrix(n, n)
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      out.set(i, j, sum[i * n + j] ?? 0)
      out.set(j, i, sum[i * n + j] ?? 0)
    }
  return out
}

/** Centres of K-means; of each cluster q points as W; half of what all clusters vary by within, as Ψ. */
function startOf(
  points: Points,
  scatter: Matrix,
  { components, factors, ridge, seed }: FactorFit,
): FactorModel {
  const { centres, members, subset } = kMeans(points, components, seed)
  const n = points.dimension
  const within = Matrix.mul(scatter, 1 / points.count)
  const weights = members.map((of) => of.length / subset.count)
  const W = centres.map((centre, k) => {
    const weight = weights[k] ?? 0
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++)
        within.set(i, j, within.get(i, j) - weight * (centre[i] ?? 0) * (centre[j] ?? 0))
    const of = members[k] ?? []
    const matrix = new Matrix(n, factors)
    for (let j = 0; j < factors; j++) {
      const point = of.length > 0 ? (of[j % of.length] ?? 0) : 0
      for (let i = 0; i < n; i++)
        matrix.set(i, j, ((subset.values[point * n + i] ?? 0) - (centre[i] ?? 0)) / Math.sqrt(2 * factors))
    }
    return matrix
  })
  // The scatter about the centres of the subset may be indefinite for all points: its diagonal is not.
  const diagonal = within.diag().map((value) => Math.max(value, 0) / 2 + ridge)
  return { weights, means: centres, factors: W, background: Matrix.diag(diagonal) }
}

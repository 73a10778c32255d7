import { EigenvalueDecomposition, Matrix, SVD } from 'ml-matrix'

/** What a control goes by, of the K particles of one sample. */
export interface Controlled {
  /** Normalised. */
  readonly weights: ArrayLike<number>
  /** φ, what weighs them, for each unit of time. */
  readonly potential: ArrayLike<number>
  /** h_i = ∇·s_i + s_i·∇log q of each vector of the basis: what it adds to φ as a drift. */
  readonly h: readonly ArrayLike<number>[]
}

/** Of a basis of gradients s_i = ∇ψ_i as well: s_i·s_j, and ψ_i. */
export interface Potentials extends Controlled {
  readonly products: readonly (readonly ArrayLike<number>[])[]
  readonly psi: readonly ArrayLike<number>[]
}

/**
 * θ of the drift Σθ_i·s_i for which φ + Σθ_i·h_i varies least over the weighted particles: weighted least squares with a
 * constant, as ∫q·h_i = 0 (variance-controlling guidance, arXiv 2509.21655).
 *
 * @example
 * ```ts
 * import { varianceControl } from '@tweedie/solvers'
 * varianceControl({ weights: [0.5, 0.25, 0.25], potential: [5, 7, 9], h: [[0, 1, 2]] }) // ≈ [-2]
 * ```
 */
export function varianceControl({ weights, potential, h }: Controlled): number[] {
  const roots = Float64Array.from(weights, Math.sqrt)
  const centred = h.map((values) => centre(values, weights).map((v, k) => v * (roots[k] ?? 0)))
  const right = centre(potential, weights).map((v, k) => -v * (roots[k] ?? 0))
  if (![...centred, right].every((values) => values.every(Number.isFinite))) return h.map(() => Number.NaN)
  const unit = centred.map((values) => inverse(Math.hypot(...values)))
  const design = new Matrix(
    centred.map((values, i) => Array.from(values, (v) => v * (unit[i] ?? 0))),
  ).transpose()
  const {
    leftSingularVectors: U,
    rightSingularVectors: V,
    diagonal,
  } = new SVD(design, { autoTranspose: true })
  const most = Math.max(...diagonal)
  const seen = U.transpose().mmul(Matrix.columnVector(right)).to1DArray()
  const parts = diagonal.map((s, i) => (s > rounding * most ? (seen[i] ?? 0) / s : 0))
  const theta = V.mmul(Matrix.columnVector(parts)).to1DArray()
  return theta.map((v, i) => v * (unit[i] ?? 0))
}

/**
 * θ of the gradient Σθ_i·∇ψ_i that comes nearest to the drift b = ∇ψ that leaves no φ to weigh, ∇·(q∇ψ) = −q·(φ − φ̄), by Ritz:
 * Σ_j E[s_i·s_j]·θ_j = Cov(φ, ψ_i) (energy-controlling guidance, arXiv 2509.21655).
 */
export const energyControl = ({ weights, potential, products, psi }: Potentials): number[] => {
  const g = centre(potential, weights)
  const one = Float64Array.from(weights, () => 1)
  return solved(
    products.map((row) => row.map((values) => product(weights, values, one))),
    psi.map((values) => product(weights, values, g)),
  )
}

const product = (w: ArrayLike<number>, a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0
  for (let k = 0; k < w.length; k++) sum += (w[k] ?? 0) * (a[k] ?? 0) * (b[k] ?? 0)
  return sum
}

/** Without its weighted mean. A particle of weight 0 may be anywhere. */
function centre(values: ArrayLike<number>, weights: ArrayLike<number>): Float64Array {
  const seen = Float64Array.from(values, (v, k) => ((weights[k] ?? 0) > 0 ? v : 0))
  const mean = product(
    weights,
    seen,
    Float64Array.from(weights, () => 1),
  )
  return seen.map((v) => v - mean)
}

const inverse = (v: number) => (v > 0 ? 1 / v : 0)

/** Directions of the basis, each vector at its own length, that are shorter than this beside the longest say nothing. */
const rounding = 1e-6

/** The solution of least norm of a symmetric system that may be singular; NaN where it is not finite, of a run that diverged. */
function solved(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  if (![...matrix.flat(), ...right].every(Number.isFinite)) return right.map(() => Number.NaN)
  const unit = matrix.map((row, i) => inverse(Math.sqrt(Math.max(row[i] ?? 0, 0))))
  const A = new Matrix(matrix.map((row, i) => row.map((v, j) => v * (unit[i] ?? 0) * (unit[j] ?? 0))))
  const { realEigenvalues, eigenvectorMatrix: Q } = new EigenvalueDecomposition(A, { assumeSymmetric: true })
  const parts = realEigenvalues.map((v) => (v > rounding * matrix.length ? 1 / v : 0))
  const b = Matrix.columnVector(right.map((v, i) => v * (unit[i] ?? 0)))
  const theta = Q.mmul(Matrix.diag(parts)).mmul(Q.transpose()).mmul(b).to1DArray()
  return theta.map((v, i) => v * (unit[i] ?? 0))
}

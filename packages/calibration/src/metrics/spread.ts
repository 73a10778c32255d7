import { CholeskyDecomposition, Matrix, SingularValueDecomposition } from 'ml-matrix'
import type { Points } from '../points.ts'
import type { Case, Posterior, SampleMetric } from '../types.ts'
import { defineSampleMetric } from './define.ts'
import { meanOf } from './moments.ts'

/** All of ℝᵈ, the row space of A, or what is orthogonal to it. */
type Directions = 'all' | 'measured' | 'unmeasured'

/** A subspace, and the posterior in it. */
interface Subspace {
  readonly rank: number
  /** The orthogonal projector; undefined for the whole space. */
  readonly projector?: Matrix
  /** tr QΣQ. */
  readonly variance: number
  /** L of QΣQ + c(I − Q) = LLᵀ; undefined where the posterior has no variance in some direction. */
  readonly factor?: Matrix
}

/** V Vᵀ of the right singular vectors of A with singular values above rounding. */
function rowSpace(A: Matrix): { projector: Matrix; rank: number } {
  const { diagonal, rightSingularVectors } = new SingularValueDecomposition(A, { autoTranspose: true })
  const least = Math.max(A.rows, A.columns) * 2 ** -52 * Math.max(...diagonal)
  const kept = diagonal.flatMap((s, k) => (s > least ? [k] : []))
  const V = rightSingularVectors.subMatrixColumn(kept)
  return { projector: V.mmul(V.transpose()), rank: kept.length }
}

function subspace(posterior: Posterior, matrix: Matrix | undefined, directions: Directions): Subspace {
  const sigma = posterior.covariance()
  const d = sigma.rows
  if (directions === 'all') return { rank: d, variance: sigma.trace(), ...factorOf(sigma) }
  if (matrix === undefined) return { rank: 0, variance: 0 }
  const rows = rowSpace(matrix)
  const measured = directions === 'measured'
  const rank = measured ? rows.rank : d - rows.rank
  if (rank === 0) return { rank, variance: 0 }
  const rest = Matrix.sub(Matrix.eye(d, d), rows.projector)
  const [projector, outside] = measured ? [rows.projector, rest] : [rest, rows.projector]
  const within = projector.mmul(sigma).mmul(projector)
  const variance = within.trace()
  const filled = Matrix.add(within, Matrix.mul(outside, variance / rank))
  return { rank, projector, variance, ...factorOf(filled) }
}

function factorOf(matrix: Matrix): { factor?: Matrix } {
  const symmetric = Matrix.add(matrix, matrix.transpose()).mul(0.5)
  const cholesky = new CholeskyDecomposition(symmetric)
  return cholesky.isPositiveDefinite() ? { factor: cholesky.lowerTriangularMatrix } : {}
}

const known = new WeakMap<Case, Map<Directions, Subspace>>()

/** The subspace of a case, worked out once. */
function subspaceOf(posed: Case, directions: Directions): Subspace {
  const kept = known.get(posed) ?? new Map<Directions, Subspace>()
  known.set(posed, kept)
  const found = kept.get(directions) ?? subspace(posed.posterior, posed.matrix, directions)
  kept.set(directions, found)
  return found
}

/** Q(x_i − x̄), as an N×d matrix. */
function centred({ values, count, dimension }: Points, { projector }: Subspace): Matrix {
  const mean = meanOf({ values, count, dimension })
  const rows = Matrix.from1DArray(count, dimension, Array.from(values)).subRowVector(Array.from(mean))
  return projector === undefined ? rows : rows.mmul(projector)
}

const squares = (matrix: Matrix): number => matrix.to1DArray().reduce((sum, v) => sum + v * v, 0)

/** Σ ‖L⁻¹ z_i‖² of the rows z_i. */
function whitenedSquares(rows: Matrix, L: Matrix): number {
  const d = L.rows
  const z = new Float64Array(d)
  let sum = 0
  for (let i = 0; i < rows.rows; i++)
    for (let j = 0; j < d; j++) {
      let rest = rows.get(i, j)
      for (let k = 0; k < j; k++) rest -= L.get(j, k) * z[k]!
      z[j] = rest / L.get(j, j)
      sum += z[j]! ** 2
    }
  return sum
}

const places: Readonly<Record<Directions, { suffix: string; words: string }>> = {
  all: { suffix: '', words: '' },
  measured: { suffix: '-measured', words: ' in the measured directions' },
  unmeasured: { suffix: '-unmeasured', words: ' out of the measured directions' },
}

const lackOf = (posed: Case, directions: Directions, whitened: boolean): string | undefined => {
  if (directions !== 'all' && posed.matrix === undefined) return 'a linear measurement'
  const { rank, factor } = subspaceOf(posed, directions)
  if (rank === 0) return `directions that are ${directions}`
  return whitened && factor === undefined ? 'a posterior that varies in every direction' : undefined
}

/** tr QSQ/tr QΣQ: the samples' covariance S over the posterior's, Q the projector of the directions. */
const ratioIn = (directions: Directions): SampleMetric =>
  defineSampleMetric({
    name: `variance-ratio${places[directions].suffix}`,
    title: `variance of the samples over the posterior's${places[directions].words}`,
    unit: '',
    better: 'target',
    target: 1,
    source: 'tr S/tr Σ; the measured directions are the row space of A',
    lacks: (posed) => lackOf(posed, directions, false),
    of: (samples, { posed }) => {
      const place = subspaceOf(posed, directions)
      return squares(centred(samples, place)) / (samples.count - 1) / place.variance
    },
  })

/** tr((QΣQ)⁺S)/rank Q: 1 on average for exact draws, every direction counting alike. */
const whitenedIn = (directions: Directions): SampleMetric =>
  defineSampleMetric({
    name: `whitened${places[directions].suffix}`,
    title: `variance ratio, every direction in units of its own spread, tr(Σ⁻¹S)/d${places[directions].words}`,
    unit: '',
    better: 'target',
    target: 1,
    source: 'tr(Σ⁻¹S)/d: mean of the generalised eigenvalues of the two covariances',
    lacks: (posed) => lackOf(posed, directions, true),
    of: (samples, { posed }) => {
      const place = subspaceOf(posed, directions)
      if (place.factor === undefined) return Number.NaN
      return whitenedSquares(centred(samples, place), place.factor) / (samples.count - 1) / place.rank
    },
  })

/**
 * tr S/tr Σ of samples with covariance S, over N − 1; 1 on average for exact draws. The same in the row space of A and out of
 * it: a total near 1 hides a measured direction in which a sampler is a hundredth as wide as it should be.
 */
export const varianceRatio = ratioIn('all')
/** {@link varianceRatio} in the row space of A, tr QSQ/tr QΣQ. */
export const varianceRatioMeasured = ratioIn('measured')
/** {@link varianceRatio} in the null space of A. */
export const varianceRatioUnmeasured = ratioIn('unmeasured')
/**
 * tr(Σ⁻¹S)/d: the variance ratio with every direction in units of its own spread; 1 on average for exact draws. O(Nd²). The
 * same in the row space of A and out of it, with the posterior's marginal there.
 */
export const whitened = whitenedIn('all')
/** {@link whitened} in the row space of A. */
export const whitenedMeasured = whitenedIn('measured')
/** {@link whitened} in the null space of A. */
export const whitenedUnmeasured = whitenedIn('unmeasured')

import type { ExactPrior, Operator, Prior, Problem } from '@tweedie/solvers'
import { denseMatrix, isLinear } from '@tweedie/solvers'
import { OptionError, sizeOf } from '@tweedie/tensor'
import { Matrix, SingularValueDecomposition } from 'ml-matrix'
import { mixturePosterior } from '../posteriors/mixture.ts'
import type { Posterior } from '../types.ts'
import { mostNumbers } from './array.ts'

const isExact = (prior: Prior): prior is ExactPrior => 'law' in prior && 'given' in prior

/** A of a linear operator, [m, n] in the row-major order of its shapes. */
export function matrixOfOperator(operator: Operator): Matrix {
  using dense = denseMatrix(operator)
  const [rows = 0, columns = 0] = dense.shape
  return Matrix.from1DArray(rows, columns, Array.from(dense.dataSync()))
}

/**
 * Without noise, the measurement as one of independent rows: A = U S Vᵀ gives Vᵀx = S⁻¹Uᵀy in the directions it sees.
 * @throws {OptionError} where no x has this y.
 */
function independent(A: Matrix, y: readonly number[]): { A: Matrix; y: number[] } {
  const svd = new SingularValueDecomposition(A, { autoTranspose: true })
  const { diagonal: s, leftSingularVectors: U, rightSingularVectors: V } = svd
  const least = Math.max(A.rows, A.columns) * 2 ** -52 * Math.max(...s)
  const seen = s.flatMap((value, i) => (value > least ? [i] : []))
  const coordinates = seen.map((i) => U.getColumn(i).reduce((sum, u, j) => sum + u * (y[j] ?? 0), 0))
  const left = y.map((value, j) =>
    seen.reduce((rest, i, k) => rest - U.get(j, i) * (coordinates[k] ?? 0), value),
  )
  const [off, size] = [Math.hypot(...left), Math.hypot(...y)]
  if (off > 1e-9 * size)
    throw new OptionError(
      'y',
      `no x has this measurement: ${off.toPrecision(3)} of its length ${size.toPrecision(3)} lies outside of the range of A; give the noise a σ_y above 0`,
    )
  const rows = seen.map((i) => V.getColumn(i))
  return { A: new Matrix(rows), y: coordinates.map((c, k) => c / (s[seen[k] ?? 0] ?? 1)) }
}

/** Why the posterior of a problem is not known; undefined where it is. */
export function whyNotExact(
  prior: Prior,
  { operator, noise }: Pick<Problem, 'operator' | 'noise'>,
): string | undefined {
  if (!isExact(prior))
    return `the law of the prior '${prior.name}' is not known: a Gaussian or a mixture is wanted`
  if (!isLinear(operator)) return `'${operator.name}' is not linear`
  if (operator.blind !== undefined) return `'${operator.name}' leaves its ${operator.blind.parameter} unknown`
  if (noise.sigma === undefined) return `the ${noise.name} noise is not Gaussian`
  const numbers = sizeOf(operator.inShape) * sizeOf(operator.outShape)
  if (numbers > mostNumbers)
    return `the matrix of '${operator.name}' has ${numbers} numbers; at most ${mostNumbers} are made`
  return undefined
}

/** The posterior of a problem, and A. */
export interface ExactPosterior {
  readonly posterior: Posterior
  readonly matrix: Matrix
}

/**
 * The posterior in closed form: of a Gaussian or mixture prior, a linear operator and Gaussian noise, σ_y = 0 among them.
 * @throws {OptionError} where it is not known ({@link whyNotExact}), where no x has the measurement of σ_y = 0, or where the
 * law of y is degenerate.
 */
export function exactPosteriorOf(prior: Prior, problem: Problem): ExactPosterior {
  const why = whyNotExact(prior, problem)
  const { operator, noise, y } = problem
  if (why !== undefined || !isExact(prior) || noise.sigma === undefined)
    throw new OptionError('exact', `the posterior is not known in closed form: ${why ?? ''}`)
  const matrix = matrixOfOperator(operator)
  const measured = Array.from(y.dataSync(), Number)
  const rows = noise.sigma > 0 ? { A: matrix, y: measured } : independent(matrix, measured)
  if (rows.A.rows === 0) return { posterior: mixturePosterior({ law: prior.law, logEvidence: 0 }), matrix }
  const found = prior.law.posterior(rows.A, rows.y, noise.sigma)
  const finite = found.law.components.every(
    ({ weight, mean }) => Number.isFinite(weight) && mean.every(Number.isFinite),
  )
  if (!finite)
    throw new OptionError(
      'exact',
      'the posterior overflows: numbers are too large, or y is too far from all that the prior makes likely',
    )
  return { posterior: mixturePosterior(found), matrix }
}

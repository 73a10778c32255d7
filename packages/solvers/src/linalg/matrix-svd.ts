import { Matrix, SingularValueDecomposition } from 'ml-matrix'
import type { HostMatrix } from './host-matrix.ts'
import { buildMatrix, transposed } from './host-matrix.ts'
import { reflect, reflectedBasis } from './reflected-basis.ts'

/** A = U·diag(s)·Vᵀ of an m×n matrix in n coordinates, as the interface `Svd` aligns them. */
export interface MatrixSvd {
  /** m×n; column i is the i-th left singular vector, or 0 where s_i = 0. */
  readonly u: HostMatrix
  /** The n singular values, zeros included. */
  readonly s: Float64Array
  /** n×n and orthogonal. */
  readonly v: HostMatrix
}

const fromMl = (matrix: Matrix): HostMatrix =>
  buildMatrix(matrix.rows, matrix.columns, (i, j) => matrix.get(i, j))

/** U, s, V of a matrix with at least as many rows as columns. */
function tallSvd({ rows, columns, data }: HostMatrix): MatrixSvd {
  const matrix = new Matrix(rows, columns)
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) matrix.set(i, j, data[i * columns + j]!)
  const svd = new SingularValueDecomposition(matrix)
  return {
    u: fromMl(svd.leftSingularVectors),
    s: Float64Array.from(svd.diagonal),
    v: fromMl(svd.rightSingularVectors),
  }
}

/** n×n orthogonal whose first r columns are the given orthonormal ones [n, r], by Householder reflections. */
export function completeBasis(first: HostMatrix): HostMatrix {
  const { rows: n, columns: r, data } = first
  const { reflections } = reflectedBasis(first)
  const out = buildMatrix(n, n, (i, j) => (j < r ? data[i * r + j]! : 0))
  for (let j = r; j < n; j++) {
    const column = new Float64Array(n)
    column[j] = 1
    for (const h of reflections.toReversed()) reflect(column, h)
    for (let i = 0; i < n; i++) out.data[i * n + j] = column[i]!
  }
  return out
}

/** The relative size at and below which a singular value is rounding error, as in NumPy's `matrix_rank`. */
export const rankTolerance = (...extents: readonly number[]): number => Math.max(...extents) * Number.EPSILON

/** s with what is at or below `rcond` times the largest set to 0, and U as m×n with 0 in the columns of those. */
function cut(u: HostMatrix, s: Float64Array, m: number, rcond: number) {
  const least = rcond * s.reduce((top, value) => Math.max(top, value), 0)
  const kept = s.map((value) => (value > least ? value : 0))
  return { s: kept, u: buildMatrix(m, s.length, (i, j) => (kept[j]! > 0 ? u.data[i * u.columns + j]! : 0)) }
}

/** The decomposition of a matrix with fewer rows than columns, of whose V only the first m columns are written out. */
export interface WideSvd extends Pick<MatrixSvd, 'u' | 's'> {
  /** n×m and orthonormal. */
  readonly first: HostMatrix
}

/**
 * The singular value decomposition of an m×n matrix, m < n, on the host. Time grows as m²·n, memory as m·n.
 * @param rcond - As of {@link matrixSvd}.
 */
export function wideSvd(a: HostMatrix, rcond = rankTolerance(a.rows, a.columns)): WideSvd {
  const { rows: m, columns: n } = a
  // Aᵀ = U s Vᵀ, so the two change places; coordinates m … n−1 span the rest of the null space.
  const { u: first, s, v: u } = tallSvd(transposed(a))
  const padded = Float64Array.from({ length: n }, (_, i) => (i < m ? s[i]! : 0))
  return { first, ...cut(u, padded, m, rcond) }
}

/**
 * The singular value decomposition of an m×n matrix on the host (ml-matrix), with V completed to an
 * orthogonal n×n basis. Singular values at or below `rcond` times the largest count as 0. Time grows as
 * m·n·min(m, n): fit for sides up to about a thousand.
 * @param rcond - At least 0; max(m, n)·2⁻⁵² where left out.
 */
export function matrixSvd(a: HostMatrix, rcond = rankTolerance(a.rows, a.columns)): MatrixSvd {
  if (a.rows < a.columns) {
    const { first, ...rest } = wideSvd(a, rcond)
    return { ...rest, v: completeBasis(first) }
  }
  const { u, s, v } = tallSvd(a)
  return { ...cut(u, s, a.rows, rcond), v }
}

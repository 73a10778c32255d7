import type { Shape, Tensor } from '@tweedie/tensor'
import { matmul } from '@tweedie/tensor'
import { constant } from './constant.ts'
import type { HostMatrix } from './host-matrix.ts'
import { buildMatrix } from './host-matrix.ts'
import { batchOf } from './per-sample.ts'

/** An orthogonal matrix V = H₁⋯H_r·D, n×n: H_k = I − 2·h_k·h_kᵀ, D of −1 and 1. */
export interface ReflectedBasis {
  /** The h_k, unit vectors of length n. */
  readonly reflections: readonly Float64Array[]
  /** The first r entries of the diagonal of D; the others are 1. */
  readonly signs: Float64Array
}

/** x − 2·h·(hᵀx) for a unit vector h, in place. */
export function reflect(x: Float64Array, h: Float64Array): void {
  let along = 0
  for (let i = 0; i < x.length; i++) along += h[i]! * x[i]!
  for (let i = 0; i < x.length; i++) x[i]! -= 2 * along * h[i]!
}

/** The orthogonal matrix whose first r columns are the given orthonormal ones [n, r], by Householder reflections. */
export function reflectedBasis({ rows: n, columns: r, data }: HostMatrix): ReflectedBasis {
  const reflections: Float64Array[] = []
  const signs = new Float64Array(r)
  for (let k = 0; k < r; k++) {
    const column = Float64Array.from({ length: n }, (_, i) => data[i * r + k]!)
    for (const h of reflections) reflect(column, h)
    const h = column.fill(0, 0, k)
    const sign = Math.sign(h[k]! || 1)
    h[k]! += sign * Math.hypot(...h)
    signs[k] = -sign
    const length = Math.hypot(...h)
    reflections.push(h.map((value) => value / length))
  }
  return { reflections, signs }
}

/**
 * x ↦ Vx and x ↦ Vᵀx of each sample in 4·n·r multiplications where the dense matrix has n²: H₁⋯H_r = I − Y·T·Yᵀ with the
 * columns h_k of Y and T upper triangular, T_kk = 2, its column k above that −2·T·Yᵀh_k (Schreiber & Van Loan 1989).
 *
 * @param inShape - Of a sample x = Vz with n elements; z is [N, n].
 */
export function reflectedMaps({ reflections, signs }: ReflectedBasis, inShape: Shape) {
  const [n, r] = [reflections[0]!.length, reflections.length]
  const T = new Float64Array(r * r)
  reflections.forEach((h, k) => {
    const along = reflections.slice(0, k).map((g) => g.reduce((sum, value, i) => sum + value * h[i]!, 0))
    for (let i = 0; i < k; i++)
      T[i * r + k] = -2 * along.reduce((sum, value, j) => sum + T[i * r + j]! * value, 0)
    T[k * r + k] = 2
  })
  const Y = constant(buildMatrix(n, r, (i, k) => reflections[k]![i]!).data, [n, r])
  /** The r×n matrix of rows Σ_j t(k, j)·h_jᵀ. */
  const mixed = (t: (k: number, j: number) => number) => {
    const rows = buildMatrix(r, n, (k, i) => reflections.reduce((sum, h, j) => sum + t(k, j) * h[i]!, 0))
    return constant(rows.data, [r, n])
  }
  const [TYt, TtYt] = [mixed((k, j) => T[k * r + j]!), mixed((k, j) => T[j * r + k]!)]
  const diagonal = Float64Array.from({ length: n }, (_, i) => signs[i] ?? 1)
  const D = constant(diagonal, [1, n])
  const turned = (x: Tensor, by: (like: Tensor) => Tensor) => x.sub(matmul(matmul(x, Y(x)), by(x)))
  return {
    v: (z: Tensor) => turned(z.reshape([batchOf(z), n]).mul(D(z)), TtYt).reshape([batchOf(z), ...inShape]),
    vt: (x: Tensor) => turned(x.reshape([batchOf(x), n]), TYt).mul(D(x)),
  }
}

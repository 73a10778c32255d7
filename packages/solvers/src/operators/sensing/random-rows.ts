import type { Key } from '@tweedie/tensor'
import { normal, scope } from '@tweedie/tensor'
import type { HostMatrix } from '../../linalg/host-matrix.ts'

/** Independent N(0, 1) entries on the host, each row from a key of its own: more rows have the same first ones. */
export const gaussianRows = (key: Key, rows: number, columns: number): HostMatrix => ({
  rows,
  columns,
  data: scope(() => {
    const keys = Array.from({ length: rows }, (_, i) => key.fold(i))
    return Float64Array.from(normal(keys, [columns], { dtype: 'float64', device: 'reference' }).dataSync())
  }),
})

/**
 * The first `rows` rows of a random orthogonal matrix of `columns`², uniform by Haar's measure: Gaussian rows by Gram and
 * Schmidt, a second time where cancellation left less than half of the squares. Time as rows²·columns.
 */
export function orthonormalRows(key: Key, rows: number, columns: number): HostMatrix {
  const { data } = gaussianRows(key, rows, columns)
  const row = (i: number) => data.subarray(i * columns, (i + 1) * columns)
  for (let i = 0; i < rows; i++) {
    const mine = row(i)
    let before = inner(mine, mine)
    for (let pass = 0; pass < 2; pass++) {
      for (let j = 0; j < i; j++) {
        const other = row(j)
        const along = inner(mine, other)
        for (let k = 0; k < columns; k++) mine[k]! -= along * other[k]!
      }
      const after = inner(mine, mine)
      if (after > before / 2) break
      before = after
    }
    const length = Math.sqrt(inner(mine, mine))
    for (let k = 0; k < columns; k++) mine[k]! /= length
  }
  return { rows, columns, data }
}

function inner(a: Float64Array, b: Float64Array): number {
  // Four sums, since each addition waits for the one before.
  const sums = [0, 0, 0, 0] as [number, number, number, number]
  const whole = a.length - (a.length % 4)
  for (let k = 0; k < whole; k += 4) {
    sums[0] += a[k]! * b[k]!
    sums[1] += a[k + 1]! * b[k + 1]!
    sums[2] += a[k + 2]! * b[k + 2]!
    sums[3] += a[k + 3]! * b[k + 3]!
  }
  for (let k = whole; k < a.length; k++) sums[0] += a[k]! * b[k]!
  return sums[0] + sums[1] + (sums[2] + sums[3])
}

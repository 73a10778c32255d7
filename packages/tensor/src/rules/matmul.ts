import { ShapeError } from '../errors.ts'
import type { Shape } from '../shape.ts'

/** Shape of a [… m, k] times b [… k, n], of the same leading axes: [… m, n]. */
export function matmulShape(a: Shape, b: Shape): Shape {
  const rank = a.length
  if (rank < 2 || b.length !== rank)
    throw new ShapeError('matmul', 'needs two operands of one rank, at least 2', [a, b])
  for (let i = 0; i < rank - 2; i++) {
    if (a[i] !== b[i]) throw new ShapeError('matmul', `batch axis ${i} is ${a[i]} and ${b[i]}`, [a, b])
  }
  const inner = a[rank - 1]!
  const rows = b[rank - 2]!
  if (inner !== rows) {
    throw new ShapeError('matmul', `left has ${inner} columns, right has ${rows} rows; they must agree`, [
      a,
      b,
    ])
  }
  return [...a.slice(0, -1), b[rank - 1]!]
}

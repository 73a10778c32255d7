import { normal, randomKey, ShapeError } from '@tweedie/tensor'
import type { Points } from '../points.ts'
import { pointAt } from '../points.ts'

const known = new Map<number, Points>()

/**
 * 500 unit vectors of ℝᵈ, uniform on the sphere: the same for all samples of a dimension, so that values can be compared.
 */
export function unitVectors(dimension: number): Points {
  const points = known.get(dimension) ?? drawn(500, dimension)
  known.set(dimension, points)
  return points
}

function drawn(count: number, dimension: number): Points {
  using normals = normal(randomKey(0).fold('directions'), [count, dimension], {
    dtype: 'float64',
    device: 'reference',
  })
  const points = { values: Float64Array.from(normals.dataSync(), Number), count, dimension }
  for (let i = 0; i < count; i++) {
    const direction = pointAt(points, i)
    const length = Math.sqrt(direction.reduce((sum, value) => sum + value * value, 0))
    for (let j = 0; j < dimension; j++) direction[j]! /= length
  }
  return points
}

/** ⟨x_i, u⟩ of all points; of four at a time, whose sums do not wait for each other. */
export function projected({ values, count, dimension: n }: Points, u: Float64Array): Float64Array {
  const out = new Float64Array(count)
  let i = 0
  for (; i + 4 <= count; i += 4) {
    let [p, q, r, s] = [0, 0, 0, 0]
    for (let j = 0, at = i * n; j < n; j++, at++) {
      const factor = u[j]!
      p += values[at]! * factor
      q += values[at + n]! * factor
      r += values[at + 2 * n]! * factor
      s += values[at + 3 * n]! * factor
    }
    out.set([p, q, r, s], i)
  }
  for (; i < count; i++) {
    let sum = 0
    for (let j = 0, at = i * n; j < n; j++, at++) sum += values[at]! * u[j]!
    out[i] = sum
  }
  return out
}

/** Coordinate j of all points. */
export function coordinate({ values, count, dimension }: Points, j: number): Float64Array {
  const out = new Float64Array(count)
  for (let i = 0; i < count; i++) out[i] = values[i * dimension + j]!
  return out
}

/** @throws {ShapeError} where two sets are not points of one space, or one is empty. */
export function requireSameSpace(op: string, a: Points, b: Points): void {
  if (a.dimension !== b.dimension || a.count === 0 || b.count === 0)
    throw new ShapeError(
      op,
      `needs points of one space, got ${a.count} of ${a.dimension} coordinates and ${b.count} of ${b.dimension}`,
    )
}

import type { Tensor } from '@tweedie/tensor'
import { ShapeError } from '@tweedie/tensor'

/** Points of ℝᵈ on the host, one after the other, in double precision. */
export interface Points {
  /** count · dimension numbers. */
  readonly values: Float64Array
  readonly count: number
  readonly dimension: number
}

/** Point i, a view. */
export const pointAt = ({ values, dimension }: Points, i: number): Float64Array =>
  values.subarray(i * dimension, (i + 1) * dimension)

/**
 * Points of numbers that are there.
 * @throws {ShapeError} where they are not a whole number of points.
 */
export function pointsOf(values: Float64Array, dimension: number): Points {
  const count = values.length / dimension
  if (dimension < 1 || !Number.isInteger(count))
    throw new ShapeError('pointsOf', `${values.length} numbers are no points of ${dimension} coordinates`)
  return { values, count, dimension }
}

/**
 * The rows of samples [N, …shape], each flattened.
 * @example
 * ```ts
 * import { pointsOfTensor } from '@tweedie/calibration'
 * import { tensor } from '@tweedie/tensor'
 * (await pointsOfTensor(tensor([[[1, 2]], [[3, 4]]]))).values // => [1, 2, 3, 4]
 * ```
 */
export async function pointsOfTensor(x: Tensor): Promise<Points> {
  const [count = 0, ...shape] = x.shape
  const dimension = shape.reduce((product, side) => product * side, 1)
  return { values: Float64Array.from(await x.data(), Number), count, dimension }
}

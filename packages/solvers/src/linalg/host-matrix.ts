import type { Tensor } from '@tweedie/tensor'
import { NonFiniteError, ShapeError } from '@tweedie/tensor'

/** A matrix on the host: double precision, row-major. */
export interface HostMatrix {
  readonly rows: number
  readonly columns: number
  readonly data: Float64Array
}

/** A matrix whose entry in row i, column j is `entry(i, j)`. */
export function buildMatrix(
  rows: number,
  columns: number,
  entry: (row: number, column: number) => number,
): HostMatrix {
  const data = new Float64Array(rows * columns)
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) data[i * columns + j] = entry(i, j)
  return { rows, columns, data }
}

/** Mᵀ. */
export const transposed = ({ rows, columns, data }: HostMatrix): HostMatrix =>
  buildMatrix(columns, rows, (i, j) => data[j * columns + i]!)

/** A·B. */
export function product(a: HostMatrix, b: HostMatrix): HostMatrix {
  const { rows, columns: inner } = a
  const { columns } = b
  const data = new Float64Array(rows * columns)
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < inner; k++) {
      const factor = a.data[i * inner + k]!
      if (factor === 0) continue
      for (let j = 0; j < columns; j++) data[i * columns + j]! += factor * b.data[k * columns + j]!
    }
  }
  return { rows, columns, data }
}

/**
 * A copy of a tensor [rows, columns] on the host.
 * @throws {ShapeError} where it has no two axes, or an axis is empty.
 * @throws {NonFiniteError} where an entry is NaN or infinite.
 * @throws {DeviceError} on a device that the host cannot read at once.
 */
export function hostMatrix(op: string, tensor: Tensor): HostMatrix {
  const [rows, columns] = tensor.shape
  if (tensor.shape.length !== 2 || tensor.size === 0) {
    throw new ShapeError(op, 'needs a matrix [rows, columns], neither of them 0', [tensor.shape])
  }
  const data = Float64Array.from(tensor.dataSync())
  const at = data.findIndex((value) => !Number.isFinite(value))
  if (at >= 0) {
    throw new NonFiniteError(`${op}: entry [${Math.floor(at / columns!)}, ${at % columns!}] is ${data[at]}`)
  }
  return { rows: rows!, columns: columns!, data }
}

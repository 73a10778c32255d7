import { DTypeError } from './errors.ts'

/** Element types. `float32` is the working type, `float64` serves gradient checks and oracles. */
export type DType = 'float32' | 'float64' | 'int32' | 'bool'

export type TypedArray = Float32Array | Float64Array | Int32Array | Uint8Array

/** The typed array that holds each element type on the host; a `bool` is a byte that is 0 or 1. */
export const hostArrays = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  bool: Uint8Array,
} as const satisfies Record<DType, unknown>

/** @throws {DTypeError} for what is no element type, as it may come from a caller without types. */
export function requireDType(op: string, dtype: DType): void {
  if (Object.hasOwn(hostArrays, dtype)) return
  const known = Object.keys(hostArrays).join(', ')
  throw new DTypeError(op, `no element type '${String(dtype)}'; there are ${known}`)
}

/** @throws {DTypeError} as {@link requireDType}. */
export function allocateHost(dtype: DType, length: number): TypedArray {
  requireDType('dtype', dtype)
  return new hostArrays[dtype](length)
}

export function bytesPerElement(dtype: DType): number {
  return hostArrays[dtype].BYTES_PER_ELEMENT
}

export const isFloat = (dtype: DType): boolean => dtype === 'float32' || dtype === 'float64'

/** The name of a typed array's kind, whichever realm it is of. */
const kindOf = (data: TypedArray): string => data[Symbol.toStringTag]

/** Whether an array is the one that holds an element type on the host. */
export const holds = (data: TypedArray, dtype: DType): boolean => kindOf(data) === hostArrays[dtype].name

/** All element types. */
export const dtypes = Object.keys(hostArrays) as readonly DType[]

/**
 * The element type that holds the values of a typed array unchanged.
 * @throws {DTypeError} where there is none.
 */
export function dtypeOf(data: TypedArray): DType {
  const dtype = dtypes.find((candidate) => holds(data, candidate))
  if (dtype === undefined)
    throw new DTypeError(
      'dtypeOf',
      `no element type holds a ${kindOf(data)} as it is; say which with { dtype }`,
    )
  return dtype
}

/**
 * A number as an element type takes it: toward int32 numbers beyond its range become its ends, NaN becomes 0, and
 * fractions are dropped (by the array that it is written to); toward bool all but 0 is 1, NaN included.
 */
export const converted: Readonly<Record<DType, (x: number) => number>> = {
  float32: (x) => x,
  float64: (x) => x,
  int32: (x) => Math.min(Math.max(x, -(2 ** 31)), 2 ** 31 - 1),
  bool: (x) => (x === 0 ? 0 : 1),
}

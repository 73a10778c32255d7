import type { Shape } from '@tweedie/tensor'
import { fromBFloat16, fromFloat16 } from './half.ts'

/** An array of a checkpoint: its name, its shape and how its elements are stored. */
export interface ArrayEntry {
  readonly name: string
  readonly shape: Shape
  readonly dtype: ElementType
}

/** Named arrays of any file format; what `loadParams` reads parameters from. */
export interface ArraySource<Entry extends { name: string; shape: Shape } = ArrayEntry> {
  readonly entries: readonly Entry[]
  /** The elements of an entry in row-major order. */
  values(name: string): Float32Array | Float64Array
}

/** Element types that are read. F32, F16 and BF16 become float32, all others float64. */
export type ElementType = keyof typeof elements

interface Element {
  readonly bytes: number
  readonly wide?: true
  readonly get: (view: DataView, at: number) => number
}

/** Little-endian readers. 64-bit integers are exact up to 2⁵³. */
const elements = {
  F64: { bytes: 8, wide: true, get: (v, at) => v.getFloat64(at, true) },
  F32: { bytes: 4, get: (v, at) => v.getFloat32(at, true) },
  F16: { bytes: 2, get: (v, at) => fromFloat16(v.getUint16(at, true)) },
  BF16: { bytes: 2, get: (v, at) => fromBFloat16(v.getUint16(at, true)) },
  I64: { bytes: 8, wide: true, get: (v, at) => Number(v.getBigInt64(at, true)) },
  I32: { bytes: 4, wide: true, get: (v, at) => v.getInt32(at, true) },
  I16: { bytes: 2, wide: true, get: (v, at) => v.getInt16(at, true) },
  I8: { bytes: 1, wide: true, get: (v, at) => v.getInt8(at) },
  U8: { bytes: 1, wide: true, get: (v, at) => v.getUint8(at) },
  BOOL: { bytes: 1, wide: true, get: (v, at) => (v.getUint8(at) === 0 ? 0 : 1) },
} satisfies Readonly<Record<string, Element>>

export const bytesPerStored = (type: ElementType): number => elements[type].bytes

/**
 * The elements of a strided array in row-major order. `offset` and `strides` (none negative) are in elements
 * of `bytes`; the caller has checked that all of them lie within.
 */
export function readStrided(
  bytes: Uint8Array,
  type: ElementType,
  shape: Shape,
  strides: readonly number[],
  offset: number,
): Float32Array | Float64Array {
  const { bytes: width, wide, get }: Element = elements[type]
  const size = shape.reduce((product, extent) => product * extent, 1)
  const out = wide === true ? new Float64Array(size) : new Float32Array(size)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const index = shape.map(() => 0)
  let at = offset
  for (let i = 0; i < size; i++) {
    out[i] = get(view, at * width)
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += strides[axis]!
      if (++index[axis]! < shape[axis]!) break
      at -= strides[axis]! * shape[axis]!
      index[axis] = 0
    }
  }
  return out
}

/** Strides of a row-major array. */
export function rowMajor(shape: Shape): number[] {
  const strides: number[] = []
  let step = 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = step
    step *= shape[axis]!
  }
  return strides
}

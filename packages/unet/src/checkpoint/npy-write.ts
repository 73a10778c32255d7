import type { DType, Shape } from '@tweedie/tensor'
import { OptionError } from '@tweedie/tensor'
import { littleHost } from './arrays.ts'
import { writeZip } from './zip-write.ts'

/** An array to be written. */
export interface NpyInput {
  readonly shape: Shape
  /** Elements in row-major order. */
  readonly values: ArrayLike<number>
  /** How they are stored; what the typed array holds (a Uint8Array: bool), float32 for a plain array. */
  readonly dtype?: DType
}

const stores = {
  float32: { description: '<f4', array: Float32Array },
  float64: { description: '<f8', array: Float64Array },
  int32: { description: '<i4', array: Int32Array },
  bool: { description: '|b1', array: Uint8Array },
} as const

/** The element type that a typed array holds; of any other, float32. */
const naturalType = (values: ArrayLike<number>): DType =>
  (Object.keys(stores) as DType[]).find((dtype) => values instanceof stores[dtype].array) ?? 'float32'

/** The elements' bytes, little-endian. */
function dataOf(values: ArrayLike<number>, dtype: DType): Uint8Array {
  const stored = new stores[dtype].array(values.length)
  if (dtype === 'bool') for (let i = 0; i < values.length; i++) stored[i] = values[i] === 0 ? 0 : 1
  else stored.set(values)
  const bytes = new Uint8Array(stored.buffer)
  const width = stored.BYTES_PER_ELEMENT
  if (!littleHost) for (let at = 0; at < bytes.length; at += width) bytes.subarray(at, at + width).reverse()
  return bytes
}

/**
 * The bytes of a `.npy` file (format 1.0, or 2.0 for a header beyond 64 kB; C order, little-endian; the data
 * starts at a multiple of 64 bytes).
 * @throws {OptionError} where the number of values does not fit the shape.
 * @example
 * ```ts
 * import { tensor } from '@tweedie/tensor'
 * import { parseNpy, writeNpy } from '@tweedie/unet'
 * const y = tensor([1, 2, 3])
 * const bytes = writeNpy({ shape: y.shape, values: y.dataSync() })
 * parseNpy(bytes, 'y.npy').values() // => [1, 2, 3]
 * ```
 */
export function writeNpy({ shape, values, dtype }: NpyInput): Uint8Array {
  const size = shape.reduce((product, extent) => product * extent, 1)
  if (!shape.every((extent) => Number.isSafeInteger(extent) && extent >= 0) || size !== values.length)
    throw new OptionError('shape', `[${shape.join(', ')}] does not hold ${values.length} values`)
  const stored = dtype ?? naturalType(values)
  const list = shape.length === 1 ? `${shape[0]},` : shape.join(', ')
  const text = `{'descr': '${stores[stored].description}', 'fortran_order': False, 'shape': (${list}), }`
  const wide = text.length + 1 + 64 > 0xffff
  const begin = wide ? 12 : 10
  const start = Math.ceil((begin + text.length + 1) / 64) * 64
  const data = dataOf(values, stored)
  const out = new Uint8Array(start + data.length).fill(0x20, begin, start)
  const view = new DataView(out.buffer)
  out.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, wide ? 2 : 1, 0])
  if (wide) view.setUint32(8, start - begin, true)
  else view.setUint16(8, start - begin, true)
  out.set(new TextEncoder().encode(text), begin)
  out[start - 1] = 0x0a
  out.set(data, start)
  return out
}

/**
 * The bytes of a `.npz` file, as `numpy.savez` writes it: stored, one member NAME.npy an array. It says
 * nothing of when it was made: the same arrays give the same bytes.
 * @throws {OptionError} where the number of values does not fit a shape, or all is beyond 4 GiB.
 */
export function writeNpz(arrays: Readonly<Record<string, NpyInput>>): Uint8Array {
  return writeZip(Object.entries(arrays).map(([name, array]) => [`${name}.npy`, writeNpy(array)] as const))
}

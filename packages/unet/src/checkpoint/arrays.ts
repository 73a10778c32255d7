import type { Shape } from '@tweedie/tensor'
import type { ParamSource } from '../param-source.ts'
import type { Pieces } from './bytes.ts'
import type { Fail } from './fail.ts'
import { fromBFloat16, fromFloat8E4M3, fromFloat8E5M2, fromFloat16 } from './half.ts'

/** An array of a checkpoint: its name, its shape and how its elements are stored. */
export interface ArrayEntry {
  readonly name: string
  readonly shape: Shape
  /** An {@link ElementType}, or a type of the file's own (complex numbers, say), whose values are not read. */
  readonly dtype: string
}

/** Named arrays of any file format; what `loadParams` reads parameters from. */
export interface ArraySource<Entry extends ArrayEntry = ArrayEntry> extends ParamSource {
  readonly entries: readonly Entry[]
}

/**
 * Element types that are read, in the names of safetensors. Floats of at most 32 bits become float32, all
 * others float64.
 */
export type ElementType = keyof typeof common | RareType

interface Element {
  readonly bytes: number
  readonly wide?: true
  readonly get: (view: DataView, at: number) => number
}

class InexactInteger extends Error {}

/** A 64-bit integer as a number. */
function exact(value: bigint): number {
  const number = Number(value)
  if (!Number.isSafeInteger(number) && BigInt(number) !== value) throw new InexactInteger(String(value))
  return number
}

/** Element types that are read once {@link addElements} has been told of them. */
type RareType = 'F8_E4M3FNUZ' | 'F8_E5M2FNUZ' | 'F8_E8M0'

type Reader = { [M in keyof DataView]: M extends `get${infer Name}` ? Name : never }[keyof DataView]

/** An element of `bytes` bytes that a method of DataView reads, little-endian. */
const element = <T = number>(
  bytes: number,
  name: Reader,
  value = (read: T): number => Number(read),
): Element => ({
  bytes,
  get: (view, at) => value(view[`get${name}`](at, true) as T),
})
/** The same, read into float64. */
const wide = <T = number>(bytes: number, name: Reader, value?: (read: T) => number): Element => ({
  ...element(bytes, name, value),
  wide: true,
})

const common = {
  F64: wide(8, 'Float64'),
  F32: element(4, 'Float32'),
  F16: element(2, 'Uint16', fromFloat16),
  BF16: element(2, 'Uint16', fromBFloat16),
  F8_E4M3: element(1, 'Uint8', fromFloat8E4M3),
  F8_E5M2: element(1, 'Uint8', fromFloat8E5M2),
  I64: wide(8, 'BigInt64', exact),
  I32: wide(4, 'Int32'),
  I16: wide(2, 'Int16'),
  I8: wide(1, 'Int8'),
  U64: wide(8, 'BigUint64', exact),
  U32: wide(4, 'Uint32'),
  U16: wide(2, 'Uint16'),
  U8: wide(1, 'Uint8'),
  BOOL: wide(1, 'Uint8', (byte) => (byte === 0 ? 0 : 1)),
} satisfies Readonly<Record<string, Element>>

const elements = common as Partial<Record<ElementType, Element>> as Record<ElementType, Element>

/** Has more element types read. */
export const addElements = (more: Readonly<Record<RareType, Element>>): void => {
  Object.assign(elements, more)
}

/** Names of the element types that are read. */
export const elementTypes = (): readonly ElementType[] => Object.keys(elements) as ElementType[]

export const isElementType = (name: unknown): name is ElementType =>
  typeof name === 'string' && Object.hasOwn(elements, name)

export const bytesPerStored = (type: ElementType): number => elements[type].bytes

/** Bytes of an element in the array that {@link ArraySource.values} gives. */
export const bytesPerRead = (type: ElementType): number => (elements[type].wide ? 8 : 4)

/** Axes of an array, at most; the limit of PyTorch and NumPy. */
export const maxRank = 64

/** What is said of an array of more axes. */
export const tooManyAxes = (rank: number): string => `${rank} axes; at most ${maxRank} are read`

/** Number of elements; Infinity where it is beyond all numbers. */
export const sizeOf = (shape: Shape): number =>
  shape.includes(0) ? 0 : shape.reduce((product, extent) => product * extent, 1)

const allocate = (type: ElementType, size: number) =>
  elements[type].wide ? new Float64Array(size) : new Float32Array(size)

/** The memory of an array as bytes. */
export const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array | Float64Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)

/** This machine stores the lowest byte of a number first. */
export const littleHost = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1

/**
 * The elements of an array from its bytes, row-major and little-endian, in pieces that no element lies across.
 * @param into - Where they are written as float32, in place of an array of their own.
 */
export function decodeWhole(
  pieces: Pieces,
  type: ElementType,
  size: number,
  fail: Fail,
  into?: Float32Array,
): Float32Array | Float64Array {
  const { bytes: width, get } = elements[type]
  const out = into ?? allocate(type, size)
  if ((type === 'F32' || type === 'F64') && out.BYTES_PER_ELEMENT === width && littleHost) {
    const target = bytesOf(out)
    let at = 0
    for (const piece of pieces) {
      target.set(piece, at)
      at += piece.length
    }
    return out
  }
  const table = width <= 2 && size >= 2 ** 16 ? tableOf(type) : undefined
  try {
    let i = 0
    for (const piece of pieces) {
      const view = new DataView(piece.buffer, piece.byteOffset, piece.byteLength)
      if (table === undefined) for (let at = 0; at < piece.length; at += width) out[i++] = get(view, at)
      else if (width === 1) for (let at = 0; at < piece.length; at++) out[i++] = table[view.getUint8(at)]!
      else for (let at = 0; at < piece.length; at += 2) out[i++] = table[view.getUint16(at, true)]!
    }
    return out
  } catch (error) {
    if (error instanceof InexactInteger)
      return fail(`holds the integer ${error.message}, which float64 cannot hold`)
    throw error
  }
}

/** As {@link decodeWhole}, from pieces of any length. */
export const decodePieces: typeof decodeWhole = (pieces, type, size, fail, into) =>
  decodeWhole(wholeElements(pieces, elements[type].bytes), type, size, fail, into)

/** Values of all patterns of an element type of at most 16 bits. */
function tableOf(type: ElementType): Float64Array {
  const { bytes, get } = elements[type]
  const view = new DataView(new ArrayBuffer(2))
  return Float64Array.from({ length: 2 ** (8 * bytes) }, (_, pattern) => {
    if (bytes === 1) view.setUint8(0, pattern)
    else view.setUint16(0, pattern, true)
    return get(view, 0)
  })
}

/** The same bytes in pieces that no element lies across. */
function* wholeElements(pieces: Pieces, width: number): Generator<Uint8Array> {
  const carry = new Uint8Array(width)
  let carried = 0
  for (const piece of pieces) {
    let from = 0
    if (carried > 0) {
      from = Math.min(width - carried, piece.length)
      carry.set(piece.subarray(0, from), carried)
      carried += from
      if (carried < width) continue
      yield carry
    }
    const whole = piece.length - ((piece.length - from) % width)
    if (whole > from) yield piece.subarray(from, whole)
    carry.set(piece.subarray(whole))
    carried = piece.length - whole
  }
}

/** Where the elements of a strided array lie: `offset` and `strides` (none negative) in elements. */
export interface Layout {
  readonly shape: Shape
  readonly strides: readonly number[]
  readonly offset: number
}

/** The elements of a strided array, each of `width` bytes, in row-major order; all lie within `bytes`. */
export function gatherStored(
  bytes: Uint8Array,
  width: number,
  { shape, strides, offset }: Layout,
): Uint8Array {
  const size = sizeOf(shape)
  const out = new Uint8Array(size * width)
  const index = shape.map(() => 0)
  let at = offset
  for (let i = 0; i < size; i++) {
    for (let byte = 0; byte < width; byte++) out[i * width + byte] = bytes[at * width + byte]!
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

/** Whether the elements lie one after the other in row-major order. */
export function isContiguous({ shape, strides }: Pick<Layout, 'shape' | 'strides'>): boolean {
  const wanted = rowMajor(shape)
  return shape.every((extent, axis) => extent <= 1 || strides[axis] === wanted[axis])
}

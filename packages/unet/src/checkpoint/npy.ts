import { printable } from '@tweedie/tensor'
import { show } from '../fields.ts'
import type { ElementType } from './arrays.ts'
import {
  bytesPerStored,
  decodePieces,
  gatherStored,
  maxRank,
  rowMajor,
  sizeOf,
  tooManyAxes,
} from './arrays.ts'
import type { Pieces } from './bytes.ts'
import { joinPieces } from './bytes.ts'
import type { Fail } from './fail.ts'
import { failIn } from './fail.ts'

/** NumPy's type strings less the byte order. */
const descriptions: Readonly<Record<string, ElementType>> = {
  f8: 'F64',
  f4: 'F32',
  f2: 'F16',
  i8: 'I64',
  i4: 'I32',
  i2: 'I16',
  i1: 'I8',
  u8: 'U64',
  u4: 'U32',
  u2: 'U16',
  u1: 'U8',
  b1: 'BOOL',
}

/** What the header of a `.npy` file says. */
export interface NpyHeader {
  readonly shape: readonly number[]
  /** The element type; of types that are not read, NumPy's own description. */
  readonly dtype: ElementType | { readonly unread: string }
  readonly little: boolean
  /** Elements lie in Fortran order, the first axis fastest. */
  readonly fortran: boolean
  /** Where the data starts. */
  readonly start: number
}

/** An array of a `.npy` file. */
export interface NpyArray {
  readonly shape: readonly number[]
  readonly dtype: ElementType
  /** The elements in row-major order; floats of at most 32 bits as float32, all else as float64. */
  values(): Float32Array | Float64Array
}

/** A header is at most this long; NumPy's own limit is 10,000 bytes. */
export const npyHeaderBytes = 2 ** 16

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]

/**
 * Reads the header of a `.npy` file of format 1.0 to 3.0.
 * @param bytes - The file's start: all of it, or {@link npyHeaderBytes}.
 * @param size - Length of the whole file.
 */
export function parseNpyHeader(bytes: Uint8Array, size: number, fail: Fail): NpyHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < 10 || magic.some((byte, i) => bytes[i] !== byte)) fail('not a .npy file')
  const version = bytes[6]!
  if (version < 1 || version > 3) fail(`npy format ${version}; 1 to 3 are read`)
  const wide = version > 1
  if (wide && bytes.length < 12) fail('npy: truncated header')
  const begin = wide ? 12 : 10
  const length = wide ? view.getUint32(8, true) : view.getUint16(8, true)
  const start = begin + length
  if (start > size) fail('npy: truncated header')
  if (start > bytes.length) fail(`npy: a header of ${length} bytes is absurd`)
  const header = new TextDecoder().decode(bytes.subarray(begin, start))
  const fortran = /'fortran_order':\s*(True|False)/.exec(header)?.[1]
  const list = /'shape':\s*\(([\dL\s,]*)\)/.exec(header)?.[1]
  if (fortran === undefined || list === undefined) return fail('npy: the header does not say shape and order')
  const shape = (list.match(/\d+/g) ?? []).map(Number)
  if (shape.length > maxRank) fail(`npy: ${tooManyAxes(shape.length)}`)
  if (!shape.every(Number.isSafeInteger)) fail('npy: an extent is beyond 2^53')
  const description = /'descr':\s*'([^']{1,80})'/.exec(header)?.[1]
  const [, order, name = ''] = /^([<>|=])(\w+)$/.exec(description ?? '') ?? []
  const known = Object.hasOwn(descriptions, name) ? descriptions[name] : undefined
  const dtype = known ?? { unread: printable(description ?? 'a structured type', 80) }
  if (known !== undefined && sizeOf(shape) * bytesPerStored(known) !== size - start)
    fail(`npy: [${shape.join(', ')}] of ${known} does not fit ${size - start} bytes of data`)
  return { shape, dtype, little: order !== '>', fortran: fortran === 'True', start }
}

const reasons: readonly (readonly [start: RegExp, what: string])[] = [
  [/^.?O/, 'Python objects'],
  [/^.?c/, 'complex numbers'],
  [/^.?[SUaV]/, 'text or raw bytes'],
  [/^.?[mM]/, 'dates'],
]

/** The element type. @throws where it is not read, by `fail`, which says why. */
export function npyElementType({ dtype }: NpyHeader, fail: Fail): ElementType {
  if (typeof dtype === 'string') return dtype
  const what = reasons.find(([start]) => start.test(dtype.unread))?.[1]
  return fail(
    `npy: element type ${show(dtype.unread)}${what === undefined ? '' : ` (${what})`} is not read; ${Object.keys(descriptions).join(', ')} are`,
  )
}

/**
 * Reads a `.npy` file (format 1.0 to 3.0): numbers and booleans of either byte order, in C or Fortran order.
 * The bytes are not trusted; nothing in them is evaluated.
 * @param file - Name of the file, for messages.
 * @throws {FileFormatError} saying what is wrong.
 * @example
 * ```ts
 * import { parseNpy, writeNpy } from '@tweedie/unet'
 * const bytes = writeNpy({ shape: [2, 2], values: Float32Array.of(1, 2, 3, 4) })
 * const { shape, dtype, values } = parseNpy(bytes, 'y.npy')
 * shape // => [2, 2]
 * dtype // => 'F32'
 * values() // => [1, 2, 3, 4]
 * ```
 */
export function parseNpy(bytes: Uint8Array, file: string): NpyArray {
  const fail: Fail = failIn(file)
  const header = parseNpyHeader(bytes, bytes.length, fail)
  const dtype = npyElementType(header, fail)
  return { shape: header.shape, dtype, values: () => npyValues([bytes.subarray(header.start)], header, fail) }
}

/** The elements of an array as they are stored, but row-major and little-endian. */
export function npyStored(pieces: Pieces, header: NpyHeader, fail: Fail): Pieces {
  const { shape, little, fortran } = header
  const width = bytesPerStored(npyElementType(header, fail))
  const turned = fortran && shape.filter((extent) => extent > 1).length > 1
  if (!turned && (little || width === 1)) return pieces
  const all = joinPieces(pieces, sizeOf(shape) * width)
  if (!little) for (let at = 0; at < all.length; at += width) all.subarray(at, at + width).reverse()
  const strides = rowMajor([...shape].reverse()).reverse()
  return [turned ? gatherStored(all, width, { shape, strides, offset: 0 }) : all]
}

/** The elements of an array from the pieces of its data. */
export function npyValues(
  pieces: Pieces,
  header: NpyHeader,
  fail: Fail,
  into?: Float32Array,
): Float32Array | Float64Array {
  const type = npyElementType(header, fail)
  return decodePieces(npyStored(pieces, header, fail), type, sizeOf(header.shape), fail, into)
}

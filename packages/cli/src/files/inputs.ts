import { createHash } from 'node:crypto'
import type { InputRecord } from '@tweedie/runs'
import { FileFormatError, OptionError } from '@tweedie/tensor'
import { parseNpy, parseNpz } from '@tweedie/unet'
import type { OpenPicture } from '../images/read.ts'
import { largestPicture, openPicture } from '../images/read.ts'
import type { Io } from '../io.ts'
import { readBytes } from './bytes.ts'
import { absolute } from './write.ts'

/** An array of numbers from an npy or npz file. */
export interface NumberArray {
  readonly shape: readonly number[]
  /** Its element type, in the words of safetensors: F32, I64 … */
  readonly dtype: string
  values(): Float32Array | Float64Array
  /** The file and, of an npz file, the array: for messages. */
  readonly from: string
  /** Its name in an npz file. */
  readonly name?: string
}

/** A file of the user's, read once: a picture of which the header was looked at, or an array. */
export interface Input {
  readonly record: InputRecord
  readonly content:
    | { readonly kind: 'picture'; readonly picture: OpenPicture }
    | { readonly kind: 'array'; readonly array: NumberArray }
}

/** Bytes of the largest file of numbers that is read: three channels of 4096×4096 float32, and some. */
const largestArray = 256 * 2 ** 20

const startsWith = (bytes: Uint8Array, mark: string) =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1', 0, mark.length) === mark
const isNpy = (bytes: Uint8Array) => startsWith(bytes, '\x93NUMPY')
const isNpz = (bytes: Uint8Array) => startsWith(bytes, 'PK\x03\x04') || startsWith(bytes, 'PK\x05\x06')
/** A length, of which the upper bytes are zero, and the beginning of JSON. */
const isSafetensors = (bytes: Uint8Array) =>
  bytes[8] === 0x7b && bytes.subarray(4, 8).every((byte) => byte === 0)

/**
 * Reads a picture, an npy file or an npz file, told apart by its first bytes; a pipe will do.
 * @param wanted - Which array of an npz file is meant where it holds several.
 * @throws {FileFormatError} where it is none of them, or is damaged.
 * @throws {OptionError} where an npz file leaves open which array is meant.
 */
export async function readInput(io: Io, file: string, wanted: readonly string[] = []): Promise<Input> {
  const most = (start: Uint8Array) => (isNpy(start) || isNpz(start) ? largestArray : largestPicture)
  const bytes = await readBytes(absolute(io.cwd, file), { most, signal: io.signal })
  const record = { file, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }
  if (isNpy(bytes))
    return { record, content: { kind: 'array', array: { ...parseNpy(bytes, file), from: file } } }
  if (isSafetensors(bytes))
    throw new FileFormatError(file, 'is a checkpoint in safetensors, not a picture, npy or npz')
  if (isNpz(bytes)) return { record, content: { kind: 'array', array: fromNpz(bytes, file, wanted) } }
  return { record, content: { kind: 'picture', picture: openPicture(bytes, file) } }
}

function fromNpz(bytes: Uint8Array, file: string, wanted: readonly string[]): NumberArray {
  const { entries, values } = parseNpz(bytes, file)
  const named = wanted.flatMap((name) => entries.filter((entry) => entry.name === name))
  const entry = named[0] ?? (entries.length === 1 ? entries[0] : undefined)
  if (entry !== undefined)
    return { ...entry, values: () => values(entry.name), from: `${file}:${entry.name}` }
  const names = entries.map(({ name, shape }) => `${name} [${shape.join(', ')}]`).join(', ')
  throw new OptionError(
    file,
    entries.length === 0
      ? 'holds no npy array; where it is a checkpoint, tweedie convert makes .safetensors of it'
      : `holds several arrays, ${names}${wanted.length === 0 ? '' : `, none of them named ${wanted.join(' or ')}`}; save the one that is meant as .npy`,
  )
}

/**
 * The numbers of an array in float32.
 * @throws {FileFormatError} where one is NaN, infinite, or too large.
 */
export function finiteFloats(array: NumberArray): Float32Array {
  const { shape, from } = array
  const given = array.values()
  const values = given instanceof Float32Array ? given : Float32Array.from(given)
  const bad = values.findIndex((value) => !Number.isFinite(value))
  if (bad < 0) return values
  let count = 0
  for (const value of values) if (!Number.isFinite(value)) count++
  const index: number[] = []
  for (let d = shape.length - 1, rest = bad; d >= 0; d--) {
    const extent = shape[d] ?? 1
    index.unshift(rest % extent)
    rest = Math.floor(rest / extent)
  }
  throw new FileFormatError(
    from,
    `${count === 1 ? 'one of its values is' : `${count} of its values are`} not finite in float32, the first ${given[bad]} at [${index.join(', ')}]; ` +
      'what was not measured is left out by the operator (inpaint), not marked in the numbers',
  )
}

/** A shape without its ones: [1, 28, 28], [28, 28] and [1, 1, 28, 28] hold the same numbers in the same order. */
const squeezed = (shape: readonly number[]) => shape.filter((extent) => extent !== 1).join()

/** Whether an array is of a shape, up to axes of one element. */
export const hasShape = (array: NumberArray, shape: readonly number[]): boolean =>
  squeezed(array.shape) === squeezed(shape)

/**
 * The numbers of an array that has to be of a certain shape, up to axes of one element.
 * @param what - Whose shape it is, such as `a measurement by 'sr:4' is`.
 * @throws {OptionError} naming both shapes.
 * @throws {FileFormatError} as {@link finiteFloats} does.
 */
export function requireShape(
  array: NumberArray,
  shape: readonly number[],
  file: string,
  what: string,
): Float32Array {
  if (hasShape(array, shape)) return finiteFloats(array)
  const last = [...shape.slice(1), shape[0] ?? 1]
  const hint =
    shape.length > 1 && squeezed(array.shape) === squeezed(last)
      ? '; its channels come last: numpy.moveaxis(x, -1, 0) moves them to the front'
      : ''
  throw new OptionError(
    file,
    `the array is [${array.shape.join(', ')}], ${what} [${shape.join(', ')}]${hint}`,
  )
}

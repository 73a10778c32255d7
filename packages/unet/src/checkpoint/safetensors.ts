import type { Device, Shape, Tensor } from '@tweedie/tensor'
import { fromData } from '@tweedie/tensor'
import { isRecord, show } from '../fields.ts'
import {
  bytesOf,
  bytesPerStored,
  decodeWhole,
  elementTypes,
  isElementType,
  littleHost,
  maxRank,
  sizeOf,
  tooManyAxes,
} from './arrays.ts'
import type { ValueBudget } from './budget.ts'
import { valueBudget } from './budget.ts'
import type { ByteSource } from './bytes.ts'
import { asSource, rangePieces, readRange } from './bytes.ts'
import type { Checkpoint } from './checkpoint.ts'
import type { Fail } from './fail.ts'
import { failIn } from './fail.ts'
import { scanJson } from './json-scan.ts'
import { readRareElements } from './rare-elements.ts'
import { stranger } from './strangers.ts'
import { choosing } from './weight-sets.ts'

/** The format's own limit of the header, 100 MB. */
const maxHeader = 100_000_000

/** One tensor of a file, checked: its bytes are those from `begin` to `end` of the whole file. */
export interface SafetensorsEntry {
  readonly name: string
  /** An {@link ElementType}, or another type of the format, whose values are not read. */
  readonly dtype: string
  readonly shape: Shape
  readonly begin: number
  readonly end: number
}

/** What a file holds. */
export interface Safetensors {
  readonly entries: readonly SafetensorsEntry[]
  /** The file's `__metadata__`. */
  readonly metadata: Readonly<Record<string, string>>
  /**
   * The elements of an entry: floats of at most 32 bits as float32, all else as float64.
   * @throws {FileFormatError} for a type that is not read, and for integers that float64 cannot hold.
   */
  values(name: string, into?: Float32Array): Float32Array | Float64Array
}

/**
 * Reads a safetensors file: 8 bytes of header length, a JSON header, the data; now the header, a tensor's
 * data when it is asked for. The bytes are not trusted: lengths, offsets, overlaps, types and shapes are all
 * checked before anything is made of them.
 * @param file - Name of the file, for messages.
 * @throws {FileFormatError} saying what is wrong.
 * @example
 * ```ts
 * import { tensor } from '@tweedie/tensor'
 * import { parseSafetensors, writeSafetensors } from '@tweedie/unet'
 * const bytes = writeSafetensors({ 'conv.bias': tensor([1, 2]) })
 * Array.from(parseSafetensors(bytes, 'a.safetensors').values('conv.bias')) // => [1, 2]
 * ```
 */
export function parseSafetensors(
  bytes: Uint8Array | ByteSource,
  file: string,
): Safetensors & Checkpoint<SafetensorsEntry> {
  readRareElements()
  return choosing(safetensorsOf(asSource(bytes), file, stranger))
}

/**
 * {@link parseSafetensors} of a source.
 * @param tell - What a file is that is no safetensors file ('is a …'); undefined where that is not known.
 */
export function safetensorsOf(
  source: ByteSource,
  file: string,
  tell: (source: ByteSource) => string | undefined,
): Safetensors & Checkpoint<SafetensorsEntry> {
  const fail: Fail = failIn(file)
  const start = headerEnd(source, tell, fail)
  const header = parseHeader(source, start, valueBudget(source.size, file), fail)
  const entries: SafetensorsEntry[] = []
  let metadata: Readonly<Record<string, string>> = {}
  for (const [name, value] of header) {
    if (name === '__metadata__') metadata = checkMetadata(value, fail)
    else entries.push(checkEntry(name, value, start, fail))
  }
  checkLayout(entries, start, source.size, fail)
  const byName = new Map(entries.map((entry) => [entry.name, entry]))
  const stored = (name: string) => {
    const { dtype, shape, begin, end } = byName.get(name) ?? fail(`holds no tensor ${show(name)}`)
    const type = isElementType(dtype)
      ? dtype
      : fail(`tensor ${show(name)}: dtype ${show(dtype)} is not read; ${elementTypes().join(', ')} are`)
    return { type, size: sizeOf(shape), begin, pieces: rangePieces(source, begin, end - begin) }
  }
  return {
    format: 'safetensors',
    entries,
    metadata,
    beside: [],
    stored: (name) => stored(name).pieces,
    values: (name, into) => {
      const { pieces, type, size, begin } = stored(name)
      if (type === 'F32' && littleHost) {
        const out = into ?? new Float32Array(size)
        source.readInto(bytesOf(out), begin)
        return out
      }
      // Pieces of a range are whole elements: their length is a multiple of every element's.
      return decodeWhole(pieces, type, size, (message) => fail(`tensor ${show(name)} ${message}`), into)
    },
  }
}

/** Where the header ends and the data starts. */
function headerEnd(source: ByteSource, tell: (source: ByteSource) => string | undefined, fail: Fail): number {
  const { size } = source
  const notOurs = (message: string): never => {
    const what = tell(source)
    return fail(what === undefined ? `${message}; not a safetensors file` : `${what}, not a safetensors file`)
  }
  if (size < 8)
    notOurs(`truncated: ${size} bytes, but a safetensors file starts with 8 bytes of header length`)
  const view = new DataView(readRange(source, 0, Math.min(9, size)).buffer)
  const length = view.getUint32(4, true) * 2 ** 32 + view.getUint32(0, true)
  if (length > maxHeader) notOurs(`header length ${length} is absurd (limit ${maxHeader})`)
  if (length < 2) notOurs(`header length ${length} leaves no room for JSON`)
  if (8 + length > size) {
    // A header that starts well was cut; anything else is no header.
    const cut = `truncated: the header needs ${8 + length} bytes, the file has ${size}`
    return size > 8 && view.getUint8(8) === 0x7b ? fail(cut) : notOurs(cut)
  }
  return 8 + length
}

function parseHeader(source: ByteSource, end: number, budget: ValueBudget, fail: Fail): [string, unknown][] {
  // As bytes there and as text of up to two bytes a character.
  budget.values(2 * end)
  const bytes = readRange(source, 8, end - 8)
  const twice = scanJson(bytes, budget, fail)
  let header: unknown
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch (error) {
    return fail(`the header is not JSON: ${(error as Error).message}`)
  }
  if (!isRecord(header)) {
    return fail(`the header must be a JSON object, got ${show(header)}`)
  }
  if (twice !== undefined)
    fail(
      twice.depth === 1
        ? `two tensors are named ${show(twice.key)}`
        : `the header names ${show(twice.key)} twice in one object`,
    )
  return Object.entries(header)
}

function checkMetadata(value: unknown, fail: Fail): Record<string, string> {
  if (!isRecord(value)) return fail(`__metadata__ must map names to strings, got ${show(value)}`)
  for (const [key, item] of Object.entries(value))
    if (typeof item !== 'string')
      fail(`__metadata__ must map names to strings, but ${show(key)} is ${show(item)}`)
  return value as Record<string, string>
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

function checkEntry(name: string, value: unknown, start: number, fail: Fail): SafetensorsEntry {
  const wrong = (message: string): never => fail(`tensor ${show(name)}: ${message}`)
  if (!isRecord(value)) return wrong(`expected an object, got ${show(value)}`)
  const { dtype, shape, data_offsets: offsets } = value
  if (typeof dtype !== 'string') return wrong(`the dtype must be a string, got ${show(dtype)}`)
  if (!Array.isArray(shape) || !shape.every(isCount))
    return wrong(`the shape must be non-negative integers, got ${show(shape)}`)
  if (shape.length > maxRank) return wrong(tooManyAxes(shape.length))
  const [begin, end] = Array.isArray(offsets) && offsets.length === 2 ? (offsets as unknown[]) : []
  if (!isCount(begin) || !isCount(end) || begin > end)
    return wrong(`data_offsets must be [begin, end] with begin ≤ end, got ${show(offsets)}`)
  if (isElementType(dtype)) {
    const needed = sizeOf(shape) * bytesPerStored(dtype)
    if (needed !== end - begin)
      wrong(`${dtype} ${show(shape)} needs ${needed} bytes, data_offsets give ${end - begin}`)
  }
  return { name, dtype, shape, begin: start + begin, end: start + end }
}

/** The format wants the tensors to fill the data section without gaps or overlaps. */
function checkLayout(entries: readonly SafetensorsEntry[], start: number, size: number, fail: Fail): void {
  let covered = start
  let previous = ''
  for (const { name, begin, end } of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (end > size) fail(`truncated: tensor ${show(name)} ends at byte ${end}, the file has ${size}`)
    if (begin < covered) fail(`tensors ${show(previous)} and ${show(name)} overlap`)
    if (begin > covered) fail(`${begin - covered} bytes before tensor ${show(name)} belong to no tensor`)
    covered = end
    previous = name
  }
  if (covered !== size) fail(`${size - covered} bytes at the end belong to no tensor`)
}

/** All tensors of a file, on a device. Floats of at most 32 bits become float32, all else float64. */
export function safetensorsToTensors(
  source: Safetensors,
  options: { device?: string | Device } = {},
): Record<string, Tensor> {
  const tensors: Record<string, Tensor> = {}
  for (const { name, shape } of source.entries) {
    // As own properties, whatever the name: '__proto__' must not reach a prototype.
    const value = fromData(source.values(name), shape, options)
    Object.defineProperty(tensors, name, { value, enumerable: true, configurable: true, writable: true })
  }
  return tensors
}

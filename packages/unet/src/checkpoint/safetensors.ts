import type { Device, Shape, Tensor } from '@tweedie/tensor'
import { FileFormatError, fromData } from '@tweedie/tensor'
import { fromBFloat16, fromFloat16 } from './half.ts'

/** Element types that are read; all become float32 or float64. */
export type StoredDType = 'F64' | 'F32' | 'F16' | 'BF16'

const bytesOf: Readonly<Record<StoredDType, number>> = { F64: 8, F32: 4, F16: 2, BF16: 2 }
/** Types of the format that hold no floating-point parameters. */
const otherTypes = ['BOOL', 'U8', 'I8', 'U16', 'I16', 'U32', 'I32', 'U64', 'I64', 'F8_E4M3', 'F8_E5M2']
/** The format's own limit of the header, 100 MB. */
const maxHeader = 100_000_000
const maxRank = 16

/** One tensor of a file, checked: its bytes are `bytes.subarray(begin, end)` of the whole file. */
export interface SafetensorsEntry {
  readonly name: string
  readonly dtype: StoredDType
  readonly shape: Shape
  readonly begin: number
  readonly end: number
}

/** What a file holds. */
export interface Safetensors {
  readonly entries: readonly SafetensorsEntry[]
  /** The file's `__metadata__`. */
  readonly metadata: Readonly<Record<string, string>>
  /** The elements of an entry, widened to float32 (F64: float64). */
  values(name: string): Float32Array | Float64Array
}

/**
 * Reads a safetensors file: 8 bytes of header length, a JSON header, the data. The bytes are not trusted:
 * lengths, offsets, overlaps, types and shapes are all checked before anything is made of them.
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
export function parseSafetensors(bytes: Uint8Array, file: string): Safetensors {
  const fail = (message: string): never => {
    throw new FileFormatError(file, message)
  }
  if (bytes.length < 8)
    fail(`truncated: ${bytes.length} bytes, but a safetensors file starts with 8 bytes of header length`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const headerLength = view.getUint32(4, true) * 2 ** 32 + view.getUint32(0, true)
  if (headerLength > maxHeader)
    fail(`header length ${headerLength} is absurd (limit ${maxHeader}); not a safetensors file`)
  if (headerLength < 2) fail(`header length ${headerLength} leaves no room for JSON; not a safetensors file`)
  const start = 8 + headerLength
  if (start > bytes.length) fail(`truncated: the header needs ${start} bytes, the file has ${bytes.length}`)
  const header = parseHeader(bytes.subarray(8, start), fail)
  const entries: SafetensorsEntry[] = []
  let metadata: Readonly<Record<string, string>> = {}
  for (const [name, value] of header) {
    if (name === '__metadata__') metadata = checkMetadata(value, fail)
    else entries.push(checkEntry(name, value, start, fail))
  }
  checkLayout(entries, start, bytes.length, fail)
  const byName = new Map(entries.map((entry) => [entry.name, entry]))
  return {
    entries,
    metadata,
    values: (name) => decode(bytes, byName.get(name) ?? fail(`holds no tensor '${name}'`)),
  }
}

type Fail = (message: string) => never
const quote = (value: unknown) => JSON.stringify(value)?.slice(0, 60) ?? String(value)

function parseHeader(bytes: Uint8Array, fail: Fail): [string, unknown][] {
  let header: unknown
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    return fail(`the header is not JSON: ${(error as Error).message}`)
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) {
    return fail(`the header must be a JSON object, got ${quote(header)}`)
  }
  return Object.entries(header)
}

function checkMetadata(value: unknown, fail: Fail): Record<string, string> {
  const fits =
    typeof value === 'object' && value !== null && Object.values(value).every((v) => typeof v === 'string')
  return fits && !Array.isArray(value)
    ? (value as Record<string, string>)
    : fail('__metadata__ must map names to strings')
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

function checkEntry(name: string, value: unknown, start: number, fail: Fail): SafetensorsEntry {
  if (typeof value !== 'object' || value === null)
    return fail(`tensor '${name}': expected an object, got ${quote(value)}`)
  const { dtype, shape, data_offsets: offsets } = value as Record<string, unknown>
  if (typeof dtype !== 'string' || !Object.hasOwn(bytesOf, dtype)) {
    const known = otherTypes.includes(String(dtype))
    return fail(
      `tensor '${name}': ${known ? 'unsupported' : 'unknown'} dtype ${quote(dtype)}; ${Object.keys(bytesOf).join(', ')} are read`,
    )
  }
  if (!Array.isArray(shape) || shape.length > maxRank || !shape.every(isCount)) {
    return fail(
      `tensor '${name}': the shape must be up to ${maxRank} non-negative integers, got ${quote(shape)}`,
    )
  }
  if (
    !Array.isArray(offsets) ||
    offsets.length !== 2 ||
    !offsets.every(isCount) ||
    (offsets as number[])[0]! > (offsets as number[])[1]!
  ) {
    return fail(`tensor '${name}': data_offsets must be [begin, end] with begin ≤ end, got ${quote(offsets)}`)
  }
  const stored = dtype as StoredDType
  const needed = shape.reduce<number>((product, extent) => product * extent, bytesOf[stored])
  const [begin, end] = offsets as [number, number]
  if (needed !== end - begin) {
    return fail(
      `tensor '${name}': ${dtype} ${quote(shape)} needs ${needed} bytes, data_offsets give ${end - begin}`,
    )
  }
  return { name, dtype: stored, shape: shape as number[], begin: start + begin, end: start + end }
}

/** The format wants the tensors to fill the data section without gaps or overlaps. */
function checkLayout(entries: readonly SafetensorsEntry[], start: number, size: number, fail: Fail): void {
  let covered = start
  let previous = ''
  for (const { name, begin, end } of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (end > size) fail(`truncated: tensor '${name}' ends at byte ${end}, the file has ${size}`)
    if (begin < covered) fail(`tensors '${previous}' and '${name}' overlap`)
    if (begin > covered) fail(`${begin - covered} bytes before tensor '${name}' belong to no tensor`)
    covered = end
    previous = name
  }
  if (covered !== size) fail(`${size - covered} bytes at the end belong to no tensor`)
}

function decode(bytes: Uint8Array, { dtype, begin, end }: SafetensorsEntry): Float32Array | Float64Array {
  const count = (end - begin) / bytesOf[dtype]
  // A copy, because the format does not align tensors; not by slice, which for a Node Buffer is a view.
  const copy = new Uint8Array(end - begin)
  copy.set(bytes.subarray(begin, end))
  const { buffer } = copy
  if (dtype === 'F32') return new Float32Array(buffer)
  if (dtype === 'F64') return new Float64Array(buffer)
  const halves = new Uint16Array(buffer)
  const widen = dtype === 'F16' ? fromFloat16 : fromBFloat16
  const out = new Float32Array(count)
  for (let i = 0; i < count; i++) out[i] = widen(halves[i]!)
  return out
}

/** All tensors of a file, on a device. F64 becomes float64, all else float32. */
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

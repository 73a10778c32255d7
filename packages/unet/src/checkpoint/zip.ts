import { FileFormatError } from '@tweedie/tensor'
import { inflateSync } from 'fflate'
import { crc32 } from './crc32.ts'

/** The files of a zip archive. */
export interface Zip {
  readonly names: readonly string[]
  /** The contents of a file, checked against its CRC-32. @throws {FileFormatError} where they do not fit. */
  read(name: string): Uint8Array
}

interface ZipEntry {
  readonly method: number
  readonly crc: number
  readonly compressed: number
  readonly size: number
  readonly header: number
}

/** Deflate cannot do better than this, so that a larger claim is a lie (RFC 1951: 258 bytes in 2 bits). */
const bestRatio = 1032
const absent = 0xffffffff

/**
 * Reads the directory of a zip archive (stored and deflated files, ZIP64; PKWARE APPNOTE 6.3). The bytes
 * are not trusted: every offset and length is checked before use, a deflated size against what deflate can
 * reach.
 * @throws {FileFormatError} saying what is wrong.
 */
export function parseZip(bytes: Uint8Array, file: string): Zip {
  const fail = (message: string): never => {
    throw new FileFormatError(file, message)
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const within = (start: number, length: number, what: string) => {
    if (!(start >= 0 && length >= 0 && start + length <= bytes.length))
      fail(`zip: ${what} lies outside the file (${start} + ${length} of ${bytes.length} bytes)`)
  }
  const u64 = (at: number) => view.getUint32(at + 4, true) * 2 ** 32 + view.getUint32(at, true)
  const { count, start } = findDirectory(view, within, u64, fail)
  const entries = new Map<string, ZipEntry>()
  let at = start
  for (let i = 0; i < count; i++) {
    within(at, 46, 'a directory entry')
    if (view.getUint32(at, true) !== 0x02014b50) fail('zip: a directory entry has no signature')
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((o) => view.getUint16(at + o, true))
    const end = at + 46 + nameLength! + extraLength! + commentLength!
    within(at, end - at, 'a directory entry')
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength!))
    const [compressed, size, header] = wideFields(
      view,
      [20, 24, 42].map((o) => view.getUint32(at + o, true)),
      [1, 0, 2],
      at + 46 + nameLength!,
      extraLength!,
      u64,
      fail,
    )
    if ((view.getUint16(at + 8, true) & 1) !== 0) fail(`zip: '${name}' is encrypted`)
    if (entries.has(name)) fail(`zip: there are two files '${name}'`)
    entries.set(name, {
      method: view.getUint16(at + 10, true),
      crc: view.getUint32(at + 16, true),
      compressed: compressed!,
      size: size!,
      header: header!,
    })
    at = end
  }
  const read = (name: string): Uint8Array => {
    const entry = entries.get(name) ?? fail(`zip: there is no file '${name}'`)
    const { header, compressed, size, method } = entry
    within(header, 30, `the header of '${name}'`)
    if (view.getUint32(header, true) !== 0x04034b50) fail(`zip: '${name}' has no header`)
    const data = header + 30 + view.getUint16(header + 26, true) + view.getUint16(header + 28, true)
    within(data, compressed, `'${name}'`)
    const raw = bytes.subarray(data, data + compressed)
    const contents = method === 0 ? raw : inflate(name, raw, size, method, fail)
    if (contents.length !== size) fail(`zip: '${name}' has ${contents.length} bytes, not ${size}`)
    if (crc32(contents) !== entry.crc) fail(`zip: '${name}' is damaged (its checksum differs)`)
    return contents
  }
  return { names: [...entries.keys()], read }
}

type Fail = (message: string) => never

function inflate(name: string, raw: Uint8Array, size: number, method: number, fail: Fail): Uint8Array {
  if (method !== 8)
    return fail(`zip: '${name}' is compressed by method ${method}; stored and deflate are read`)
  if (size > bestRatio * raw.length + bestRatio)
    return fail(`zip: '${name}' claims ${size} bytes, which is absurd`)
  try {
    return inflateSync(raw, { out: new Uint8Array(size) })
  } catch (error) {
    return fail(`zip: '${name}' cannot be inflated: ${(error as Error).message}`)
  }
}

/** Where the directory starts and how many entries it has. */
function findDirectory(
  view: DataView,
  within: (start: number, length: number, what: string) => void,
  u64: (at: number) => number,
  fail: Fail,
): { count: number; start: number } {
  const size = view.byteLength
  let end = size - 22
  while (end >= 0 && end >= size - 22 - 0xffff && view.getUint32(end, true) !== 0x06054b50) end--
  if (end < 0 || end < size - 22 - 0xffff)
    return fail('not a zip archive, or truncated: its directory is missing')
  const count = view.getUint16(end + 10, true)
  const start = view.getUint32(end + 16, true)
  if (count !== 0xffff && start !== absent) return { count, start }
  within(end - 20, 20, 'the ZIP64 locator')
  if (view.getUint32(end - 20, true) !== 0x07064b50) return { count, start }
  const wide = u64(end - 20 + 8)
  within(wide, 56, 'the ZIP64 directory record')
  if (view.getUint32(wide, true) !== 0x06064b50)
    return fail('zip: the ZIP64 directory record has no signature')
  return { count: u64(wide + 32), start: u64(wide + 48) }
}

/**
 * 32-bit fields, those of the value 0xffffffff replaced by the 64-bit ones of the extra field, which come in
 * the order of `ranks`.
 */
function wideFields(
  view: DataView,
  fields: readonly number[],
  ranks: readonly number[],
  extra: number,
  length: number,
  u64: (at: number) => number,
  fail: Fail,
): number[] {
  const out = [...fields]
  const order = fields.map((_, i) => i).sort((a, b) => ranks[a]! - ranks[b]!)
  const wanted = order.filter((i) => fields[i] === absent)
  if (wanted.length === 0) return out
  for (let at = extra; at + 4 <= extra + length; at += 4 + view.getUint16(at + 2, true)) {
    if (view.getUint16(at, true) !== 1) continue
    if (view.getUint16(at + 2, true) < 8 * wanted.length || at + 4 + 8 * wanted.length > extra + length) break
    wanted.forEach((i, k) => (out[i] = u64(at + 4 + 8 * k)))
    return out
  }
  return fail('zip: a ZIP64 field is missing')
}

import { show } from '../fields.ts'
import type { Budget } from './budget.ts'
import type { ByteSource } from './bytes.ts'
import { readRange } from './bytes.ts'
import type { Fail } from './fail.ts'

/** A file of an archive, as the directory has it. */
export interface ZipEntry {
  /** 0: stored, 8: deflated. */
  readonly method: number
  readonly crc: number
  readonly compressed: number
  readonly size: number
  /** Where its own header lies. */
  readonly header: number
  /** What it must end before: the next file's header or the directory. */
  readonly limit: number
  /** The bytes of its name. */
  readonly path: Uint8Array
}

const absent = 0xffffffff

/** The entries of an archive's directory by name, in its order, checked not to share bytes. */
export function readDirectory(source: ByteSource, budget: Budget, fail: Fail): Map<string, ZipEntry> {
  const { count, start, length } = findDirectory(source, fail)
  // Names, entries and the order of headers: about this much memory an entry.
  if (count * 46 > length) fail(`zip: a directory of ${length} bytes has no room for ${count} files`)
  budget.values(count * 200 + 2 * length)
  const bytes = readRange(source, start, length)
  const view = new DataView(bytes.buffer)
  const entries = new Map<string, ZipEntry>()
  let at = 0
  for (let i = 0; i < count; i++) {
    if (at + 46 > length) fail('zip: a directory entry lies outside the directory')
    if (view.getUint32(at, true) !== 0x02014b50) fail('zip: a directory entry has no signature')
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((o) => view.getUint16(at + o, true))
    const end = at + 46 + nameLength! + extraLength! + commentLength!
    if (end > length) fail('zip: a directory entry lies outside the directory')
    const path = bytes.slice(at + 46, at + 46 + nameLength!)
    const name = new TextDecoder().decode(path)
    const [compressed, size, header] = wideFields(view, at, at + 46 + nameLength!, extraLength!, fail)
    if ((view.getUint16(at + 8, true) & 1) !== 0) fail(`zip: ${show(name)} is encrypted`)
    if (entries.has(name)) fail(`zip: there are two files ${show(name)}`)
    const [method, crc] = [view.getUint16(at + 10, true), view.getUint32(at + 16, true)]
    entries.set(name, { method, crc, compressed, size, header, limit: start, path })
    at = end
  }
  return separated(entries, fail)
}

/** The entries with the limits that their neighbours set. @throws where two overlap. */
function separated(entries: Map<string, ZipEntry>, fail: Fail): Map<string, ZipEntry> {
  const order = [...entries].sort(([, a], [, b]) => a.header - b.header)
  for (const [i, [name, entry]] of order.entries()) {
    const next = order[i + 1]
    const limit = next === undefined ? entry.limit : Math.min(entry.limit, next[1].header)
    if (!(entry.header + 30 + entry.path.length + entry.compressed <= limit))
      fail(
        next === undefined || entry.limit < next[1].header
          ? `zip: ${show(name)} reaches beyond the end of the files (byte ${entry.limit})`
          : `zip: ${show(name)} and ${show(next[0])} overlap`,
      )
    entries.set(name, { ...entry, limit })
  }
  return entries
}

const u64 = (view: DataView, at: number) => view.getUint32(at + 4, true) * 2 ** 32 + view.getUint32(at, true)

/** Where the directory lies and how many entries it has. */
function findDirectory(source: ByteSource, fail: Fail): { count: number; start: number; length: number } {
  const { size } = source
  // The record at the end, a comment of up to 64 kB, the locator of ZIP64 before it.
  const tail = Math.min(size, 22 + 0xffff + 20)
  const bytes = readRange(source, size - tail, tail)
  const view = new DataView(bytes.buffer)
  let end = tail - 22
  while (end >= 0 && view.getUint32(end, true) !== 0x06054b50) end--
  if (end < 0) return fail('not a zip archive, or truncated: its directory is missing')
  const within = (start: number, length: number, what: string) => {
    if (!(start + length <= size))
      fail(`zip: ${what} lies outside the file (${start} + ${length} of ${size} bytes)`)
  }
  const plain = {
    count: view.getUint16(end + 10, true),
    length: view.getUint32(end + 12, true),
    start: view.getUint32(end + 16, true),
  }
  const isWide = plain.count === 0xffff || plain.length === absent || plain.start === absent
  if (!isWide || end < 20 || view.getUint32(end - 20, true) !== 0x07064b50) {
    within(plain.start, plain.length, 'the directory')
    return plain
  }
  const at = u64(view, end - 20 + 8)
  within(at, 56, 'the ZIP64 directory record')
  const record = new DataView(readRange(source, at, 56).buffer)
  if (record.getUint32(0, true) !== 0x06064b50)
    return fail('zip: the ZIP64 directory record has no signature')
  const wide = { count: u64(record, 32), length: u64(record, 40), start: u64(record, 48) }
  within(wide.start, wide.length, 'the directory')
  return wide
}

/**
 * Compressed size, size and header of the entry at `at`: 32-bit fields, those of the value 0xffffffff
 * replaced by the 64-bit ones of the extra field, where the size comes first.
 */
function wideFields(
  view: DataView,
  at: number,
  extra: number,
  length: number,
  fail: Fail,
): [compressed: number, size: number, header: number] {
  const fields: [number, number, number] = [
    view.getUint32(at + 20, true),
    view.getUint32(at + 24, true),
    view.getUint32(at + 42, true),
  ]
  const wanted = ([1, 0, 2] as const).filter((i) => fields[i] === absent)
  if (wanted.length === 0) return fields
  const end = extra + length
  for (let field = extra; field + 4 <= end; field += 4 + view.getUint16(field + 2, true)) {
    if (view.getUint16(field, true) !== 1) continue
    const room = view.getUint16(field + 2, true)
    if (room < 8 * wanted.length || field + 4 + 8 * wanted.length > end) break
    wanted.forEach((i, k) => {
      fields[i] = u64(view, field + 4 + 8 * k)
    })
    return fields
  }
  return fail('zip: a ZIP64 field is missing')
}

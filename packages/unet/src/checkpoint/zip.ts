import { Inflate } from 'fflate'
import { show } from '../fields.ts'
import type { Budget } from './budget.ts'
import { budgetOf } from './budget.ts'
import type { ByteSource, Pieces } from './bytes.ts'
import { asSource, joinPieces, rangePieces, readRange } from './bytes.ts'
import { crc32 } from './crc32.ts'
import type { Fail } from './fail.ts'
import { failIn } from './fail.ts'
import type { ZipEntry } from './zip-directory.ts'
import { readDirectory } from './zip-directory.ts'

/** The files of a zip archive, read when they are asked for. */
export interface Zip {
  readonly names: readonly string[]
  /** Length of a file, as the directory claims. */
  size(name: string): number
  /**
   * The contents of a file, piece by piece. At the end the length and the CRC-32 are checked.
   * @param held - Bytes of memory that the caller makes of it, drawn from the budget where it is compressed.
   * @throws {FileFormatError} where they do not fit.
   */
  pieces(name: string, held?: number): Pieces
  /**
   * `length` bytes of a file from `offset` on; undefined for one that is compressed, which has to be read from its start.
   * All of the file is read once, for its checksum.
   * @throws {FileFormatError} as {@link pieces}.
   */
  part(name: string, offset: number, length: number): Pieces | undefined
  /** The first bytes of a file, at most `length`; without a checksum. */
  start(name: string, length: number): Uint8Array
  /** All contents of a file. @throws {FileFormatError} as {@link pieces}. */
  read(name: string): Uint8Array
}

/** Deflate cannot do better than this, so that a larger claim is a lie (RFC 1951: 258 bytes in 2 bits). */
const bestRatio = 1032

/**
 * Reads the directory of a zip archive (stored and deflated files, ZIP64; PKWARE APPNOTE 6.3). The bytes
 * are not trusted: every offset and length is checked before use, no two files may share bytes, and a
 * deflated size is checked against what deflate can reach and what the budget has.
 * @throws {FileFormatError} saying what is wrong.
 */
export function parseZip(
  bytes: Uint8Array | ByteSource,
  file: string,
  budget: Budget = budgetOf(bytes instanceof Uint8Array ? bytes.length : bytes.size, file),
): Zip {
  const fail: Fail = failIn(file)
  const source = asSource(bytes)
  const sumOf = source.crc32 ?? crc32
  const entries = readDirectory(source, budget, fail)
  const checked = (name: string): ZipEntry => {
    const entry = entries.get(name) ?? fail(`zip: there is no file ${show(name)}`)
    const { method, size, compressed } = entry
    if (method !== 0 && method !== 8)
      fail(`zip: ${show(name)} is compressed by method ${method}; stored and deflate are read`)
    if (method === 0 && size !== compressed) fail(`zip: ${show(name)} has ${compressed} bytes, not ${size}`)
    if (size > bestRatio * compressed + bestRatio)
      fail(`zip: ${show(name)} claims ${size} bytes, which is absurd`)
    return entry
  }
  const contents = (name: string, entry: ZipEntry, pieceLength?: number): Pieces => {
    const raw = rangePieces(source, dataOf(source, name, entry, fail), entry.compressed, pieceLength)
    return entry.method === 0 ? raw : inflated(name, raw, fail)
  }
  function* pieces(name: string, held?: number): Generator<Uint8Array> {
    const entry = checked(name)
    const { method, size, crc } = entry
    if (method !== 0) budget.elements(name, held ?? size)
    let length = 0
    let sum = 0
    for (const piece of contents(name, entry, method === 0 ? undefined : 2 ** 13)) {
      length += piece.length
      if (length > size) fail(`zip: ${show(name)} has more than the ${size} bytes that it claims`)
      sum = sumOf(piece, sum)
      yield piece
    }
    if (length !== size) fail(`zip: ${show(name)} has ${length} bytes, not ${size}`)
    if (sum !== crc) fail(`zip: ${show(name)} is damaged (its checksum differs)`)
  }
  const whole = new Set<string>()
  return {
    names: [...entries.keys()],
    size: (name) => checked(name).size,
    pieces,
    part: (name, offset, length) => {
      const entry = checked(name)
      if (entry.method !== 0) return undefined
      if (!whole.has(name)) for (const _ of pieces(name));
      whole.add(name)
      return rangePieces(source, dataOf(source, name, entry, fail) + offset, length)
    },
    start: (name, length) => {
      const entry = checked(name)
      const out = new Uint8Array(Math.min(length, entry.size))
      let at = 0
      for (const piece of contents(name, entry, Math.min(length, 2 ** 8))) {
        const part = piece.subarray(0, out.length - at)
        out.set(part, at)
        at += part.length
        if (at === out.length) break
      }
      return out.subarray(0, at)
    },
    read: (name) => {
      const { method, size } = checked(name)
      if (method !== 0) budget.elements(name, size)
      return joinPieces(pieces(name), size)
    },
  }
}

/** Where the data of a file starts, by its own header, which must agree with the directory. */
function dataOf(source: ByteSource, name: string, entry: ZipEntry, fail: Fail): number {
  const { header, compressed, limit, path } = entry
  if (header + 30 > limit) fail(`zip: the header of ${show(name)} lies outside the file`)
  const bytes = readRange(source, header, 30)
  const view = new DataView(bytes.buffer)
  if (view.getUint32(0, true) !== 0x04034b50) fail(`zip: ${show(name)} has no header`)
  const nameLength = view.getUint16(26, true)
  const data = header + 30 + nameLength + view.getUint16(28, true)
  if (data + compressed > limit) fail(`zip: ${show(name)} reaches into what follows it`)
  const own = readRange(source, header + 30, nameLength)
  if (own.length !== path.length || own.some((byte, i) => byte !== path[i]))
    fail(`zip: ${show(name)} has another name in its own header`)
  return data
}

function* inflated(name: string, raw: Pieces, fail: Fail): Generator<Uint8Array> {
  const ready: Uint8Array[] = []
  const inflate = new Inflate((piece) => {
    ready.push(piece)
  })
  const push = (piece: Uint8Array, last: boolean) => {
    try {
      inflate.push(piece, last)
    } catch (error) {
      fail(`zip: ${show(name)} cannot be inflated: ${(error as Error).message}`)
    }
  }
  for (const piece of raw) {
    push(piece, false)
    yield* ready.splice(0)
  }
  push(new Uint8Array(0), true)
  yield* ready.splice(0)
}

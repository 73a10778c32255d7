/**
 * Bytes that are read by ranges, in memory or in a file, so that a list of tensors costs no more than its
 * header and a file may be of any size.
 */
export interface ByteSource {
  readonly size: number
  /** Fills `target` with the bytes from `offset` on; the caller has checked that they are there. */
  readInto(target: Uint8Array, offset: number): void
  /** Told of bytes that will be read in pieces, before the first is. */
  announce?(offset: number, length: number): void
  /** CRC-32 as `crc32.ts` works it out, where the platform that the bytes come from has a faster one. */
  crc32?(bytes: Uint8Array, before: number): number
}

/** Consecutive pieces of bytes; each is good until the next is asked for. */
export type Pieces = Iterable<Uint8Array>

/** Length of the pieces that files are read in; a multiple of the length of every element. */
const pieceBytes = 2 ** 20

/** Bytes in memory as a source. */
export function memorySource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    readInto: (target, offset) => target.set(bytes.subarray(offset, offset + target.length)),
  }
}

export const isByteSource = (value: Uint8Array | ByteSource): value is ByteSource =>
  !(value instanceof Uint8Array)

/** What a reader was given, as a source. */
export const asSource = (value: Uint8Array | ByteSource): ByteSource =>
  isByteSource(value) ? value : memorySource(value)

/** `length` bytes of a source from `offset` on, as a source. */
export const partOf = (source: ByteSource, offset: number, length: number): ByteSource => ({
  size: length,
  readInto: (target, at) => source.readInto(target, offset + at),
})

/** `length` bytes from `offset` on. */
export function readRange(source: ByteSource, offset: number, length: number): Uint8Array {
  const out = new Uint8Array(length)
  source.readInto(out, offset)
  return out
}

/** `length` bytes from `offset` on, piece by piece in one buffer. */
export function* rangePieces(
  source: ByteSource,
  offset: number,
  length: number,
  pieceLength = pieceBytes,
): Generator<Uint8Array> {
  source.announce?.(offset, length)
  const buffer = new Uint8Array(Math.min(length, pieceLength))
  for (let at = 0; at < length; at += buffer.length) {
    const piece = buffer.subarray(0, Math.min(buffer.length, length - at))
    source.readInto(piece, offset + at)
    yield piece
  }
}

/** The `length` bytes from `offset` on; all pieces are read, so that a checksum at their end is checked. */
export function* slicePieces(pieces: Pieces, offset: number, length: number): Generator<Uint8Array> {
  let at = 0
  for (const piece of pieces) {
    const slice = piece.subarray(Math.max(0, offset - at), Math.max(0, offset + length - at))
    if (slice.length > 0) yield slice
    at += piece.length
  }
}

/** The bytes of the pieces, of which there are `length`. */
export function joinPieces(pieces: Pieces, length: number): Uint8Array {
  const out = new Uint8Array(length)
  let at = 0
  for (const piece of pieces) {
    out.set(piece, at)
    at += piece.length
  }
  return out
}

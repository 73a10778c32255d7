/**
 * Bytes that are read by ranges, in memory or in a file, so that a list of tensors costs no more than its
 * header and a file may be of any size.
 */
export interface ByteSource {
  readonly size: number
  /** Fills `target` with the bytes from `offset` on; the caller has checked that they are there. */
  readInto(target: Uint8Array, offset: number): void
}

/** Consecutive pieces of bytes; each is good until the next is asked for. */
export type Pieces = Iterable<Uint8Array>

/** Length of the pieces that files are read in. */
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

/** `length` bytes from `offset` on. */
export function readRange(source: ByteSource, offset: number, length: number): Uint8Array {
  const out = new Uint8Array(length)
  source.readInto(out, offset)
  return out
}

/** `length` bytes from `offset` on, piece by piece in one buffer. */
export function* rangePieces(source: ByteSource, offset: number, length: number): Generator<Uint8Array> {
  const buffer = new Uint8Array(Math.min(length, pieceBytes))
  for (let at = 0; at < length; at += buffer.length) {
    const piece = buffer.subarray(0, Math.min(buffer.length, length - at))
    source.readInto(piece, offset + at)
    yield piece
  }
}

/** The pieces less their first `count` bytes. */
export function* skipBytes(pieces: Pieces, count: number): Generator<Uint8Array> {
  let left = count
  for (const piece of pieces) {
    const from = Math.min(left, piece.length)
    left -= from
    if (from < piece.length) yield piece.subarray(from)
  }
}

/** The first `length` bytes of the pieces, which go on being read to their end. */
export function joinPieces(pieces: Pieces, length: number): Uint8Array {
  const out = new Uint8Array(length)
  let at = 0
  for (const piece of pieces) {
    out.set(piece.subarray(0, Math.max(0, length - at)), Math.min(at, length))
    at += piece.length
  }
  return out
}

import { FileFormatError } from '@tweedie/tensor'

/** The contents of an IDX file of unsigned bytes. */
export interface Idx {
  readonly shape: readonly number[]
  readonly values: Uint8Array
}

/**
 * Reads an IDX file (the format of MNIST: two zero bytes, a type, a rank, big-endian extents, the data)
 * that holds unsigned bytes. Every length is checked.
 * @param file - Name of the file, for messages.
 * @throws {FileFormatError} saying what is wrong.
 * @example
 * ```ts
 * import { parseIdx } from '@tweedie/unet'
 * parseIdx(Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 7, 9), 'labels').shape // => [2]
 * ```
 */
export function parseIdx(bytes: Uint8Array, file: string): Idx {
  const fail = (message: string): never => {
    throw new FileFormatError(file, message)
  }
  if (bytes.length < 4)
    fail(`truncated: ${bytes.length} bytes, but an IDX file starts with 4 bytes of magic number`)
  const [zero, zero2, type, rank] = bytes as unknown as readonly [number, number, number, number]
  if (zero !== 0 || zero2 !== 0) fail('does not start with two zero bytes; not an IDX file')
  if (type !== 0x08) fail(`holds type 0x${type.toString(16)}; only unsigned bytes (0x8) are read`)
  if (rank < 1 || rank > 8) fail(`has ${rank} axes; 1 … 8 are read`)
  const start = 4 + 4 * rank
  if (bytes.length < start)
    fail(`truncated: the extents of ${rank} axes need ${start} bytes, the file has ${bytes.length}`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i))
  const size = shape.reduce((product, extent) => product * extent, 1)
  if (size !== bytes.length - start) {
    fail(`[${shape.join(', ')}] needs ${size} bytes of data, the file has ${bytes.length - start}`)
  }
  return { shape, values: bytes.subarray(start) }
}

/**
 * Bytes of a whole IDX file of unsigned bytes by the header that `start` begins with; undefined where that is none,
 * or cut.
 */
export function idxSize(start: Uint8Array): number | undefined {
  const rank = start[3]
  if (rank === undefined || start[0] !== 0 || start[1] !== 0 || start.length < 4 + 4 * rank) return undefined
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength)
  let size = 1
  for (let i = 0; i < rank; i++) size *= view.getUint32(4 + 4 * i)
  return 4 + 4 * rank + size
}

/** The whole numbers of a TIFF's directory, by tag; read only when they are asked for. */
export interface Directory {
  /** Whether numbers of more than a byte start with the least significant one. */
  readonly little: boolean
  /** Whether another directory follows. */
  readonly more: boolean
  /** Whether the file ends within the directory. */
  readonly cut: boolean
  /**
   * The numbers of a tag; none where the directory does not have it.
   * @throws {RangeError} where they are no whole numbers, lie beyond the file, or are more than `most`.
   */
  numbers(tag: number, most?: number): readonly number[]
  /** The bytes of a tag; undefined where the directory does not have it, or they are damaged. */
  bytes(tag: number): Uint8Array | undefined
}

/** Bytes a value of each type of whole numbers: BYTE, SHORT, LONG. */
const widths: Readonly<Record<number, 1 | 2 | 4>> = { 1: 1, 3: 2, 4: 4 }

/**
 * Reads a TIFF's first directory (TIFF 6.0, section 2), which is what EXIF is as well.
 * @throws {RangeError} where it is no such thing.
 */
export function readDirectory(bytes: Uint8Array): Directory {
  const order = String.fromCharCode(bytes[0] ?? 0, bytes[1] ?? 0)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const little = order === 'II'
  if ((!little && order !== 'MM') || bytes.length < 8 || view.getUint16(2, little) !== 42)
    throw new RangeError('it has no TIFF header')
  const start = view.getUint32(4, little)
  if (start + 2 > bytes.length) throw new RangeError('its directory lies beyond its end')
  const end = start + 2 + 12 * view.getUint16(start, little)
  const entries = new Map<number, number>()
  for (let at = start + 2; at < end && at + 12 <= bytes.length; at += 12) {
    const tag = view.getUint16(at, little)
    if (!entries.has(tag)) entries.set(tag, at)
  }
  return {
    little,
    cut: end > bytes.length,
    bytes: (tag) => {
      const at = entries.get(tag)
      // Of one byte each: BYTE, ASCII, SBYTE, UNDEFINED.
      if (at === undefined || ![1, 2, 6, 7].includes(view.getUint16(at + 2, little))) return undefined
      const length = view.getUint32(at + 4, little)
      const from = length <= 4 ? at + 8 : view.getUint32(at + 8, little)
      return from + length > bytes.length ? undefined : bytes.subarray(from, from + length)
    },
    more: end + 4 <= bytes.length && view.getUint32(end, little) !== 0,
    numbers: (tag, most = 1) => {
      const at = entries.get(tag)
      if (at === undefined) return []
      const width = widths[view.getUint16(at + 2, little)]
      if (width === undefined) throw new RangeError(`its tag ${tag} holds no whole numbers`)
      const length = view.getUint32(at + 4, little)
      const from = width * length <= 4 ? at + 8 : view.getUint32(at + 8, little)
      if (from + width * length > bytes.length)
        throw new RangeError(`the values of its tag ${tag} lie beyond its end`)
      if (length > most)
        throw new RangeError(`its tag ${tag} has ${length} values; at most ${most} make sense`)
      const read = { 1: 'getUint8', 2: 'getUint16', 4: 'getUint32' } as const
      return Array.from({ length }, (_, i) => view[read[width]](from + width * i, little))
    },
  }
}

/** Interleaved samples of a picture, as its file has them. */
export interface Raster {
  readonly width: number
  readonly height: number
  /** 1: grey, 2: grey and alpha, 3: colour, 4: colour and alpha. */
  readonly channels: 1 | 2 | 3 | 4
  /** The sample that stands for white, or for opaque. */
  readonly top: number
  /** height · width · channels samples, 0 … top. */
  readonly data: ArrayLike<number>
  /** The colours were multiplied by alpha already. */
  readonly premultiplied?: boolean
}

/** What a picture file says of itself before a pixel is decoded. */
export interface Scanned {
  /** As stored; an orientation may still turn the picture. */
  readonly width: number
  readonly height: number
  /** How EXIF says that the stored picture is turned, 1 … 8; 1 is upright. */
  readonly orientation: number
  /** Of a sample; 8 where they are left out. */
  readonly bits?: number
  /** What a user should know of the file. */
  readonly notes?: readonly string[]
  /** @throws {Error} where the pixels are damaged, or of a kind that is not read. */
  decode(): Raster
}

/** A kind of picture file. */
export interface Format {
  readonly name: string
  /** Whether a file's first bytes are of this kind. */
  matches(bytes: Buffer): boolean
  /**
   * Reads the header, at a cost in proportion to the file.
   * @throws {Error} saying what is wrong with it.
   */
  scan(bytes: Buffer): Scanned
}

/** A sound file of a kind that is not read. */
export class UnreadError extends RangeError {
  /** @param remedy - What to do. */
  constructor(what: string, remedy = 'save it as PNG') {
    super(`${what} is not read; ${remedy}`)
  }
}

/** @throws {RangeError} where a picture has no pixels. */
export function requirePixels(width: number, height: number): void {
  if (width <= 0 || height <= 0) throw new RangeError(`its header says ${width}×${height} pixels`)
}

/** A big-endian sample of 1, 2, 4, 8 or 16 bits, the index counting samples from the first bit of a row. */
export function sampleAt(row: Uint8Array, index: number, depth: number): number {
  if (depth === 8) return row[index] ?? 0
  if (depth === 16) return ((row[2 * index] ?? 0) << 8) | (row[2 * index + 1] ?? 0)
  const bit = index * depth
  return ((row[bit >> 3] ?? 0) >> (8 - depth - (bit & 7))) & (2 ** depth - 1)
}

import type { Format, Raster } from './format.ts'
import { requirePixels, sampleAt, UnreadError } from './format.ts'

/** What a BMP's two headers say. */
interface Head {
  readonly width: number
  readonly height: number
  /** Rows go from the bottom up, unless the height is negative. */
  readonly fromBottom: boolean
  readonly depth: number
  /** Where the pixels start, and the bytes of a row, which are padded to four. */
  readonly start: number
  readonly stride: number
  /** The bits of red, green, blue and alpha in a pixel of 16 or 32 bits. */
  readonly masks: readonly number[]
  readonly palette: Buffer
  /** Bytes a colour of the palette. */
  readonly entry: number
}

/**
 * BMP without compression: 1, 2, 4 and 8 bits of a palette, 16 and 32 bits with or without masks, 24 bits; from
 * the bottom up or from the top down. The small libraries that read BMP pass over palettes or over the order of rows.
 */
export const bmp: Format = {
  name: 'BMP',
  matches: (bytes) => bytes[0] === 0x42 && bytes[1] === 0x4d,
  scan(bytes) {
    const head = readHead(bytes)
    const { width, height } = head
    return { width, height, orientation: 1, decode: () => decode(bytes, head) }
  },
}

const compressions = ['none', 'RLE8', 'RLE4', 'masks', 'JPEG', 'PNG', 'masks']

/** The masks of pixels whose file names none. */
const standardMasks: Readonly<Record<number, readonly number[]>> = {
  16: [0x7c00, 0x3e0, 0x1f, 0],
  32: [0xff0000, 0xff00, 0xff, 0],
}

/** @throws {RangeError} where the headers are cut off or senseless, or the pixels are compressed. */
function readHead(bytes: Buffer): Head {
  if (bytes.length < 26) throw new RangeError('cut off within its header')
  const start = bytes.readUInt32LE(10)
  const size = bytes.readUInt32LE(14)
  const old = size === 12
  if (!old && size < 40) throw new UnreadError(`a BMP with a header of ${size} bytes`)
  if (14 + size > bytes.length) throw new RangeError('cut off within its header')
  const width = old ? bytes.readUInt16LE(18) : bytes.readInt32LE(18)
  const signed = old ? bytes.readUInt16LE(20) : bytes.readInt32LE(22)
  const height = Math.abs(signed)
  requirePixels(width, height)
  const depth = bytes.readUInt16LE(old ? 24 : 28)
  if (![1, 2, 4, 8, 16, 24, 32].includes(depth)) throw new RangeError(`its header says ${depth} bits a pixel`)
  const compression = old ? 0 : bytes.readUInt32LE(30)
  const coded = compressions[compression] ?? `compression ${compression}`
  if (coded !== 'none' && coded !== 'masks') throw new UnreadError(`a BMP compressed by ${coded}`)
  if (coded === 'masks' && depth !== 16 && depth !== 32)
    throw new RangeError(`its header says masks for pixels of ${depth} bits`)
  const given = Math.max(size === 40 ? (compression === 6 ? 4 : 3) : 0, size >= 56 ? 4 : size >= 52 ? 3 : 0)
  const masksEnd = 54 + 4 * given
  if (coded === 'masks' && masksEnd > bytes.length) throw new RangeError('cut off within its masks')
  const masks =
    coded === 'masks'
      ? [0, 1, 2, 3].map((i) => (i < given ? bytes.readUInt32LE(54 + 4 * i) : 0))
      : (standardMasks[depth] ?? [])
  const entry = old ? 3 : 4
  const used = old ? 0 : bytes.readUInt32LE(46)
  const colours = depth > 8 ? 0 : used === 0 || used > 2 ** depth ? 2 ** depth : used
  const tableStart = 14 + size
  // Old files may list fewer colours than their depth has, and start the pixels right after.
  const palette = bytes.subarray(
    tableStart,
    Math.min(tableStart + colours * entry, Math.max(start, tableStart)),
  )
  const stride = 4 * Math.ceil((width * depth) / 32)
  return { width, height, fromBottom: signed > 0, depth, start, stride, masks, palette, entry }
}

/** @throws {RangeError} where pixels are missing, or of a colour that the palette does not have. */
function decode(bytes: Buffer, head: Head): Raster {
  const { width, height, fromBottom, depth, start, stride, masks } = head
  const wanted = start + stride * (height - 1) + Math.ceil((width * depth) / 8)
  if (wanted > bytes.length)
    throw new RangeError(`cut off after ${bytes.length} bytes; its pixels reach to ${wanted}`)
  const channels = (masks[3] ?? 0) === 0 ? 3 : 4
  const data = new Uint8Array(width * height * channels)
  const read = depth <= 8 ? fromPalette(head) : depth === 24 ? fromBytes : fromMasks(masks, depth / 8)
  for (let y = 0; y < height; y++) {
    const row = bytes.subarray(start + stride * (fromBottom ? height - 1 - y : y))
    for (let x = 0; x < width; x++) read(row, x, data, (y * width + x) * channels)
  }
  return { width, height, channels, top: 255, data }
}

/** Puts pixel x of a row into `out` at `to`. */
type ReadPixel = (row: Buffer, x: number, out: Uint8Array, to: number) => void

const fromBytes: ReadPixel = (row, x, out, to) => {
  for (let c = 0; c < 3; c++) out[to + c] = row[3 * x + 2 - c] ?? 0
}

function fromPalette({ depth, palette, entry }: Head): ReadPixel {
  const colours = Math.floor(palette.length / entry)
  return (row, x, out, to) => {
    const index = sampleAt(row, x, depth)
    if (index >= colours) throw new RangeError(`a pixel is of colour ${index} of a palette of ${colours}`)
    for (let c = 0; c < 3; c++) out[to + c] = palette[entry * index + 2 - c] ?? 0
  }
}

function fromMasks(masks: readonly number[], bytesEach: number): ReadPixel {
  const fields = masks
    .filter((mask, c) => c < 3 || mask !== 0)
    .map((mask) => {
      const shift = mask === 0 ? 0 : 31 - Math.clz32(mask & -mask)
      return { shift, most: mask >>> shift }
    })
  return (row, x, out, to) => {
    const pixel = row.readUIntLE(x * bytesEach, bytesEach)
    for (const [c, { shift, most }] of fields.entries())
      out[to + c] = most === 0 ? 0 : Math.round((255 * ((pixel >>> shift) & most)) / most)
  }
}

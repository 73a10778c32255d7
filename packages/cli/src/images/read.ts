import type { Picture } from '@tweedie/runs'
import { FileFormatError } from '@tweedie/tensor'
import { readBytes } from '../files/bytes.ts'
import { bmp } from './formats/bmp.ts'
import type { Format, Raster } from './formats/format.ts'
import { UnreadError } from './formats/format.ts'
import { gif } from './formats/gif.ts'
import { jpeg } from './formats/jpeg.ts'
import { png } from './formats/png.ts'
import { strangerOf } from './formats/strangers.ts'
import { tiff } from './formats/tiff.ts'
import { webp } from './formats/webp.ts'
import { isLying, upright } from './upright.ts'

/** Bytes of the largest picture file that is looked at, whatever it holds. */
export const largestPicture = 256 * 2 ** 20
/** Pixels of the largest picture, and of the longest side: more are refused before anything is decoded. */
const mostPixels = 2 ** 25
const longestSide = 2 ** 15

const formats: readonly Format[] = [png, jpeg, webp, tiff, bmp, gif]
const formatNames = 'PNG, JPEG, WebP, TIFF, BMP or GIF'

/** A picture from a file, and what a user should know of how it was read. */
export interface ReadPicture {
  readonly picture: Picture
  readonly notes: readonly string[]
}

/** A picture file of which only the header was looked at. */
export interface OpenPicture {
  /** Of the picture as it is to be looked at, turned as its EXIF says. */
  readonly width: number
  readonly height: number
  /** Of a sample, as stored: more than 8 are kept. */
  readonly bits: number
  /** Decodes it, once. @throws {FileFormatError} where its pixels are damaged. */
  decode(): ReadPicture
}

/**
 * Reads the header of a picture file of grey or colour pixels. The file is not trusted: its kind is told by its
 * first bytes, its size is checked before anything is decoded.
 * @param file - Name of the file, for messages.
 * @throws {FileFormatError} where it is no picture, is broken, is of a kind that is not read, or absurdly large.
 */
export function openPicture(content: Uint8Array, file: string): OpenPicture {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength)
  if (bytes.length === 0)
    throw new FileFormatError(file, `the file is empty; it should be a ${formatNames} image`)
  const format = formats.find((each) => each.matches(bytes))
  if (format === undefined) {
    const stranger = strangerOf(bytes)
    throw stranger === undefined
      ? new FileFormatError(file, `not a ${formatNames} image`)
      : new FileFormatError(
          file,
          `${stranger}, which is not read; save it as PNG, for instance with ImageMagick: magick IN OUT.png`,
        )
  }
  const attempt = <T>(work: () => T): T => {
    try {
      return work()
    } catch (error) {
      if (!(error instanceof Error)) throw error
      if (error instanceof UnreadError) throw new FileFormatError(file, error.message)
      const cause = error.cause instanceof Error ? ` (${error.cause.message})` : ''
      throw new FileFormatError(file, `broken ${format.name}: ${error.message}${cause}`)
    }
  }
  const header = attempt(() => {
    const scanned = format.scan(bytes)
    const { width, height } = scanned
    if (Math.max(width, height) <= longestSide && width * height <= mostPixels) return scanned
    throw new RangeError(
      `${width}×${height} pixels are too many; at most ${mostPixels} are read, ${longestSide} a side`,
    )
  })
  const { orientation, notes = [] } = header
  const [width, height] = isLying(orientation) ? [header.height, header.width] : [header.width, header.height]
  let decoded: ReadPicture | undefined
  const { bits = 8 } = header
  return {
    width,
    height,
    bits,
    decode: () => {
      if (decoded !== undefined) return decoded
      const { picture, opaque } = attempt(() => planes(header.decode()))
      decoded = {
        picture: upright(picture, orientation),
        notes: [
          ...notes,
          ...(opaque ? [] : ['transparent pixels were put on black']),
          ...(orientation === 1
            ? []
            : [`the picture was turned upright, as its EXIF orientation ${orientation} says`]),
        ],
      }
      return decoded
    },
  }
}

/**
 * Reads a picture file whole, once; a pipe will do.
 * @throws {FileFormatError} as {@link openPicture} does.
 */
export async function readPicture(path: string, signal?: AbortSignal): Promise<ReadPicture> {
  return openPicture(await readBytes(path, { most: () => largestPicture, signal }), path).decode()
}

/** Interleaved samples as planes in [0, 1]; three equal planes become grey, transparency turns black. */
function planes(raster: Raster): { picture: Picture; opaque: boolean } {
  const { width, height, channels, top, data: raw, premultiplied = false } = raster
  const size = width * height
  if (raw.length !== size * channels)
    throw new RangeError(`${raw.length} samples for ${width}×${height}×${channels}`)
  const alphaAt = channels === 2 || channels === 4 ? channels - 1 : undefined
  const colors = channels >= 3 ? 3 : 1
  let grey = true
  let opaque = true
  const data = new Float32Array(size * colors)
  for (let i = 0; i < size; i++) {
    const at = i * channels
    const alpha = alphaAt === undefined ? 1 : (raw[at + alphaAt] ?? 0) / top
    opaque &&= alpha === 1
    for (let c = 0; c < colors; c++) {
      const value = raw[at + c] ?? 0
      grey &&= value === raw[at] || alpha === 0
      data[c * size + i] = (value / top) * (premultiplied ? 1 : alpha)
    }
  }
  const picture: Picture = grey
    ? { channels: 1, height, width, data: data.slice(0, size) }
    : { channels: 3, height, width, data }
  return { picture, opaque }
}

import { readFile, stat } from 'node:fs/promises'
import { FileFormatError } from '@tweedie/tensor'
import { convertIndexedToRgb, decode as decodePng } from 'fast-png'
import jpeg from 'jpeg-js'
import { scanJpeg, scanPng } from './headers.ts'
import type { Picture } from './picture.ts'

/** The largest file and the longest side that are looked at, whatever they hold. */
const limits = { bytes: 32 * 2 ** 20, side: 4096 }

/** A picture from a file, and what a user should know of how it was read. */
export interface ReadPicture {
  readonly picture: Picture
  readonly notes: readonly string[]
}

/**
 * Reads a PNG or JPEG of grey or colour pixels. The file is not trusted: its kind is told by its first
 * bytes, its size is checked in the header before anything is decoded.
 * @param accept - Called with the size in the header; throws where no such picture is wanted.
 * @throws {FileFormatError} where the file is no picture, is broken, or is absurdly large.
 */
export async function readPicture(
  path: string,
  accept: (width: number, height: number) => void = () => undefined,
): Promise<ReadPicture> {
  const { size } = await stat(path)
  if (size > limits.bytes) {
    throw new FileFormatError(
      path,
      `${(size / 2 ** 20).toFixed(0)} MB is too large; at most ${limits.bytes / 2 ** 20} MB are read`,
    )
  }
  const bytes = await readFile(path)
  if (bytes.length === 0)
    throw new FileFormatError(path, 'the file is empty; it should be a PNG or JPEG image')
  const kind =
    bytes[0] === 0x89 && bytes.toString('latin1', 1, 4) === 'PNG'
      ? 'PNG'
      : bytes[0] === 0xff && bytes[1] === 0xd8
        ? 'JPEG'
        : undefined
  if (kind === undefined) throw new FileFormatError(path, 'not a PNG or JPEG image')
  try {
    const header = kind === 'PNG' ? scanPng(bytes) : scanJpeg(bytes)
    if (header.width > limits.side || header.height > limits.side) {
      throw new RangeError(
        `${header.width}×${header.height} pixels are too many; at most ${limits.side} a side are read`,
      )
    }
    accept(header.width, header.height)
    return kind === 'PNG' ? fromPng(header.essential) : fromJpeg(bytes)
  } catch (error) {
    if (!(error instanceof Error) || error.name === 'OptionError') throw error
    const cause = error.cause instanceof Error ? ` (${error.cause.message})` : ''
    throw new FileFormatError(path, `broken ${kind}: ${error.message}${cause}`)
  }
}

function fromPng(bytes: Uint8Array): ReadPicture {
  const image = decodePng(bytes, { checkCrc: true })
  const indexed = image.palette !== undefined
  const raw = indexed ? convertIndexedToRgb(image) : image.depth < 8 ? unpackGrey(image) : image.data
  const channels = indexed ? image.palette![0]!.length : image.channels
  const top = indexed ? 255 : 2 ** image.depth - 1
  return planes(raw, image.width, image.height, channels, top)
}

/** The samples of a grey PNG of 1, 2 or 4 bits, whose rows start on whole bytes. */
function unpackGrey(image: {
  width: number
  height: number
  depth: number
  data: ArrayLike<number>
}): Uint8Array {
  const { width, height, depth, data } = image
  const rowBytes = Math.ceil((width * depth) / 8)
  const out = new Uint8Array(width * height)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const bit = x * depth
      out[y * width + x] = (data[y * rowBytes + (bit >> 3)]! >> (8 - depth - (bit & 7))) & (2 ** depth - 1)
    }
  }
  return out
}

function fromJpeg(bytes: Uint8Array): ReadPicture {
  const image = jpeg.decode(bytes, {
    useTArray: true,
    formatAsRGBA: false,
    tolerantDecoding: false,
    maxMemoryUsageInMB: 512,
  })
  return planes(image.data, image.width, image.height, 3, 255)
}

/** Interleaved samples as planes in [0, 1]; three equal planes become grey, transparency turns black. */
function planes(
  raw: ArrayLike<number>,
  width: number,
  height: number,
  channels: number,
  top: number,
): ReadPicture {
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
    const alpha = alphaAt === undefined ? 1 : raw[at + alphaAt]! / top
    opaque &&= alpha === 1
    for (let c = 0; c < colors; c++) {
      grey &&= raw[at + c] === raw[at]
      data[c * size + i] = (raw[at + c]! / top) * alpha
    }
  }
  const picture: Picture = grey
    ? { channels: 1, height, width, data: data.slice(0, size) }
    : { channels: 3, height, width, data }
  return { picture, notes: opaque ? [] : ['transparent pixels were put on black'] }
}

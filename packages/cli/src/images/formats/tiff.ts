import { orientationOf } from '../exif.ts'
import type { Format, Raster } from './format.ts'
import { requirePixels, sampleAt, UnreadError } from './format.ts'
import { profileNotes } from './profile.ts'
import type { Directory } from './tiff-directory.ts'
import { readDirectory } from './tiff-directory.ts'
import { unpackers } from './tiff-packing.ts'

const tags = {
  kind: 254,
  width: 256,
  height: 257,
  bits: 258,
  compression: 259,
  photometric: 262,
  fillOrder: 266,
  stripOffsets: 273,
  samples: 277,
  rowsPerStrip: 278,
  stripBytes: 279,
  planar: 284,
  predictor: 317,
  palette: 320,
  tileWidth: 322,
  tileHeight: 323,
  tileOffsets: 324,
  tileBytes: 325,
  extra: 338,
  sampleFormat: 339,
  profile: 34675,
} as const

/** What a pixel's first samples mean. */
const photometrics: Readonly<
  Record<number, { samples: number; kind: 'white' | 'grey' | 'colour' | 'palette' }>
> = {
  0: { samples: 1, kind: 'white' },
  1: { samples: 1, kind: 'grey' },
  2: { samples: 3, kind: 'colour' },
  3: { samples: 1, kind: 'palette' },
}

interface Head {
  readonly width: number
  readonly height: number
  readonly bits: number
  readonly samples: number
  readonly kind: 'white' | 'grey' | 'colour' | 'palette'
  /** Each sample in a plane of its own. */
  readonly separate: boolean
}

/**
 * TIFF 6.0 of whole numbers: grey (either way round), colour and palettes of 1 to 16 bits, with alpha, in strips
 * or tiles, together or in planes, packed by PackBits, LZW or deflate, with or without differences. Of several
 * pictures in a file the first is read.
 */
export const tiff: Format = {
  name: 'TIFF',
  matches: (bytes) => ['II*\0', 'MM\0*'].includes(bytes.toString('latin1', 0, 4)),
  scan(bytes) {
    const directory = readDirectory(bytes)
    if (directory.cut) throw new RangeError(`cut off after ${bytes.length} bytes, within its directory`)
    const one = (tag: number, otherwise: number) => directory.numbers(tag)[0] ?? otherwise
    const [width, height] = [one(tags.width, 0), one(tags.height, 0)]
    requirePixels(width, height)
    // Cameras put a small preview in front, and the picture in a form of their own.
    if ((one(tags.kind, 0) & 1) === 1)
      throw new UnreadError(
        "a camera's raw file, whose first picture is a preview,",
        'develop it, and save it as PNG',
      )
    const profile = directory.bytes(tags.profile)
    return {
      width,
      height,
      bits: directory.numbers(tags.bits, 64)[0] ?? 1,
      orientation: orientationOf(bytes),
      notes: [
        ...(directory.more ? ['only the first of several pictures was read'] : []),
        ...(profile === undefined ? [] : profileNotes(profile)),
      ],
      decode: () => decode(bytes, directory, width, height),
    }
  },
}

function decode(bytes: Buffer, directory: Directory, width: number, height: number): Raster {
  const head = readHead(directory, width, height)
  const samples = readSamples(bytes, directory, head)
  const size = width * height
  const top = 2 ** head.bits - 1
  const base = head.kind === 'colour' ? 3 : 1
  const extra = head.samples > base ? (directory.numbers(tags.extra, 64)[0] ?? 0) : 0
  const hasAlpha = extra === 1 || extra === 2
  const kept = base + (hasAlpha ? 1 : 0)
  const data = head.bits === 16 ? new Uint16Array(size * kept) : new Uint8Array(size * kept)
  for (let i = 0; i < size; i++) {
    for (let c = 0; c < kept; c++) {
      const value = samples[i * head.samples + c] ?? 0
      data[i * kept + c] = head.kind === 'white' && c === 0 ? top - value : value
    }
  }
  if (head.kind === 'palette') return fromPalette(directory, head, data, kept)
  return { width, height, channels: kept as Raster['channels'], top, data, premultiplied: extra === 1 }
}

/** @throws {UnreadError} for what this reader does not know. */
function readHead(directory: Directory, width: number, height: number): Head {
  const one = (tag: number, otherwise: number) => directory.numbers(tag)[0] ?? otherwise
  const [interpretation] = directory.numbers(tags.photometric)
  if (interpretation === undefined) throw new RangeError('it does not say what its samples mean')
  const photometric = photometrics[interpretation]
  if (photometric === undefined)
    throw new UnreadError(`a TIFF of photometric interpretation ${interpretation}`)
  const samples = one(tags.samples, 1)
  const [bits = 1, ...others] = directory.numbers(tags.bits, 64)
  const formats = directory.numbers(tags.sampleFormat, 64)
  if (formats.some((format) => format !== 1))
    throw new UnreadError('a TIFF of signed or fractional numbers', 'save the numbers as .npy')
  if (![1, 2, 4, 8, 16].includes(bits) || others.some((other) => other !== bits))
    throw new UnreadError(`a TIFF of ${[bits, ...others].join(', ')} bits`)
  if (samples < photometric.samples || samples > 8)
    throw new RangeError(`its header says ${samples} samples a pixel`)
  if (one(tags.fillOrder, 1) !== 1) throw new UnreadError('a TIFF with its bits from the right')
  return {
    width,
    height,
    bits,
    samples,
    kind: photometric.kind,
    separate: one(tags.planar, 1) === 2 && samples > 1,
  }
}

/** All samples, pixel by pixel, whatever the pieces they are stored in. */
function readSamples(bytes: Buffer, directory: Directory, head: Head): Uint8Array | Uint16Array {
  const { width, height, bits, samples, separate } = head
  const tiled = directory.numbers(tags.tileWidth).length > 0
  const one = (tag: number, otherwise: number) => directory.numbers(tag)[0] ?? otherwise
  const across = tiled ? one(tags.tileWidth, 0) : width
  const down = tiled ? one(tags.tileHeight, 0) : Math.min(height, one(tags.rowsPerStrip, height))
  if (across < 1 || down < 1 || (tiled && (across > 4096 || down > 4096)))
    throw new RangeError(`its pieces are ${across}×${down} pixels`)
  const columns = Math.ceil(width / across)
  const pieces = columns * Math.ceil(height / down) * (separate ? samples : 1)
  const offsets = directory.numbers(tiled ? tags.tileOffsets : tags.stripOffsets, bytes.length)
  const lengths = directory.numbers(tiled ? tags.tileBytes : tags.stripBytes, bytes.length)
  if (offsets.length < pieces || lengths.length < pieces)
    throw new RangeError(`it has ${Math.min(offsets.length, lengths.length)} pieces of ${pieces}`)
  const unpack = unpackers[one(tags.compression, 1)]
  if (unpack === undefined) throw new UnreadError(`a TIFF of compression ${one(tags.compression, 1)}`)
  const predictor = one(tags.predictor, 1)
  if (predictor > 2 || (predictor === 2 && bits < 8))
    throw new UnreadError(`a TIFF of predictor ${predictor}`)
  const together = separate ? 1 : samples
  const rowBytes = Math.ceil((across * together * bits) / 8)
  const out =
    bits === 16 ? new Uint16Array(width * height * samples) : new Uint8Array(width * height * samples)
  const perPlane = pieces / (separate ? samples : 1)
  const values = new Uint16Array(across * together)
  for (let p = 0; p < pieces; p++) {
    const [plane, within] = [Math.floor(p / perPlane), p % perPlane]
    const [left, above] = [(within % columns) * across, Math.floor(within / columns) * down]
    const rows = Math.min(down, height - above)
    const [offset = 0, length = 0] = [offsets[p], lengths[p]]
    if (offset + length > bytes.length)
      throw new RangeError(`cut off after ${bytes.length} bytes, within its pixels`)
    const raw = unpack(bytes.subarray(offset, offset + length), rowBytes * down)
    if (raw.length < rowBytes * rows) throw new RangeError('a piece of it has too few bytes')
    for (let y = 0; y < rows; y++) {
      const row = raw.subarray(y * rowBytes, (y + 1) * rowBytes)
      for (let i = 0; i < values.length; i++) {
        const stored =
          bits === 16 && directory.little
            ? (row[2 * i] ?? 0) | ((row[2 * i + 1] ?? 0) << 8)
            : sampleAt(row, i, bits)
        values[i] =
          predictor === 2 && i >= together ? (stored + (values[i - together] ?? 0)) % 2 ** bits : stored
      }
      for (let x = 0; x < Math.min(across, width - left); x++) {
        const to = ((above + y) * width + left + x) * samples + plane
        for (let s = 0; s < together; s++) out[to + s] = values[x * together + s] ?? 0
      }
    }
  }
  return out
}

/** Colours in the place of numbers of a palette, whose 16 bits are taken as 8: most writers multiply by 256. */
function fromPalette(directory: Directory, head: Head, data: ArrayLike<number>, kept: number): Raster {
  const colours = 2 ** head.bits
  const palette = directory.numbers(tags.palette, 3 * 65536)
  if (palette.length < 3 * colours)
    throw new RangeError('its pixels are numbers of a palette, and it has none')
  const size = head.width * head.height
  const out = new Uint8Array(3 * size)
  for (let i = 0; i < size; i++) {
    const index = data[i * kept] ?? 0
    for (let c = 0; c < 3; c++) out[3 * i + c] = (palette[c * colours + index] ?? 0) >> 8
  }
  return { width: head.width, height: head.height, channels: 3, top: 255, data: out }
}

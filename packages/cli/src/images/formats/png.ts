import { crc32, inflateSync } from 'node:zlib'
import { orientationOf } from '../exif.ts'
import type { Format, Raster } from './format.ts'
import { requirePixels, sampleAt } from './format.ts'
import { colourChunks, colourNotes } from './png-colour.ts'
import { exifInText } from './png-profile.ts'
import { passesOf, unfilter } from './png-rows.ts'

/** Samples a pixel, and the depths allowed, by PNG's colour type. */
const colourTypes: Readonly<Record<number, { samples: number; depths: readonly number[] }>> = {
  0: { samples: 1, depths: [1, 2, 4, 8, 16] },
  2: { samples: 3, depths: [8, 16] },
  3: { samples: 1, depths: [1, 2, 4, 8] },
  4: { samples: 2, depths: [8, 16] },
  6: { samples: 4, depths: [8, 16] },
}
const paletteType = 3

/** The fields of IHDR. */
interface Head {
  readonly width: number
  readonly height: number
  readonly depth: number
  readonly type: number
  readonly samples: number
  readonly interlaced: boolean
}

/** The chunks that pixels need: all others may hold bombs, and are not looked into. */
interface Parts {
  readonly head: Head
  readonly palette: Uint8Array | undefined
  readonly transparency: Uint8Array | undefined
  readonly packed: readonly Uint8Array[]
  readonly exif: Uint8Array | undefined
  readonly notes: readonly string[]
}

/** A PNG by the specification (ISO/IEC 15948): every colour type, depth and interlace; bounded by its header. */
export const png: Format = {
  name: 'PNG',
  matches: (bytes) => bytes[0] === 0x89 && bytes.toString('latin1', 1, 4) === 'PNG',
  scan(bytes) {
    const parts = readParts(bytes)
    const { width, height, depth } = parts.head
    return {
      width,
      height,
      bits: depth,
      orientation: parts.exif === undefined ? 1 : orientationOf(parts.exif),
      notes: parts.notes,
      decode: () => decode(parts),
    }
  },
}

/** Chunks by name: those that must be sound, and those that are left aside where they are not. */
const needed = new Set(['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND'])
const optional: ReadonlySet<string> = new Set(['eXIf', 'acTL', ...colourChunks])

function readParts(bytes: Buffer): Parts {
  const packed: Uint8Array[] = []
  const single = new Map<string, Buffer>()
  let head: Head | undefined
  let profile: Buffer | undefined
  for (let at = 8, type = ''; type !== 'IEND'; ) {
    if (at + 12 > bytes.length)
      throw new RangeError(`cut off after ${bytes.length} bytes, before the end of the image`)
    const length = bytes.readUInt32BE(at)
    type = bytes.toString('latin1', at + 4, at + 8)
    const end = at + 12 + length
    if (end > bytes.length)
      throw new RangeError(`cut off after ${bytes.length} bytes; its ${type} part wants ${end}`)
    const data = bytes.subarray(at + 8, end - 4)
    if (needed.has(type) || optional.has(type)) {
      const sound = crc32(bytes.subarray(at + 4, end - 4)) === bytes.readUInt32BE(end - 4)
      if (!sound && needed.has(type)) throw new RangeError(`its ${type} part does not match its checksum`)
      if (type === 'IDAT') packed.push(data)
      else if (sound && !single.has(type)) single.set(type, data)
    }
    if (type === 'tEXt' || type === 'zTXt') profile ??= exifInText(type, data)
    head ??= readHead(bytes, type, at, length)
    at = end
  }
  if (head === undefined) throw new RangeError('it has no header')
  requirePixels(head.width, head.height)
  const packedBytes = packed.reduce((sum, part) => sum + part.length, 0)
  // Deflate never makes noise much longer; interlaced rows are shorter, so that their filter bytes weigh more.
  const { width, height, depth, samples } = head
  if (packedBytes > 4 * height * (1 + Math.ceil((width * depth * samples) / 8)) + 4096)
    throw new RangeError(`${packedBytes} bytes of data are too many for ${width}×${height} pixels`)
  const [palette, transparency, exif] = ['PLTE', 'tRNS', 'eXIf'].map((name) => single.get(name))
  // The frames of an animation are in chunks of their own; what old readers show is its first, or stands for it.
  const animated = single.has('acTL') ? ['it is an animation, of which the first picture was read'] : []
  return {
    ...{ head, packed, palette, transparency, exif: exif ?? profile },
    notes: [...colourNotes(single), ...animated],
  }
}

/** @throws {RangeError} unless the first chunk is a sound IHDR. */
function readHead(bytes: Buffer, type: string, at: number, length: number): Head {
  if (type !== 'IHDR' || length !== 13) throw new RangeError('its header is malformed')
  const [depth, colour, compression, filter, interlace] = bytes.subarray(at + 16, at + 21)
  const known = colourTypes[colour ?? -1]
  if (known === undefined || depth === undefined || !known.depths.includes(depth))
    throw new RangeError(`its header says colour type ${colour} of ${depth} bits, which there is not`)
  if (compression !== 0 || filter !== 0 || interlace === undefined || interlace > 1)
    throw new RangeError(
      `its header says compression ${compression}, filter ${filter}, interlace ${interlace}, which there is not`,
    )
  return {
    width: bytes.readUInt32BE(at + 8),
    height: bytes.readUInt32BE(at + 12),
    depth,
    type: colour ?? 0,
    samples: known.samples,
    interlaced: interlace === 1,
  }
}

function decode(parts: Parts): Raster {
  const samples = readSamples(parts)
  if (parts.head.type === paletteType) return fromPalette(parts, samples)
  const { head, transparency } = parts
  const { width, height, depth } = head
  const top = 2 ** depth - 1
  const channels = head.samples as Raster['channels']
  const keyed = transparency !== undefined && (channels === 1 || channels === 3)
  if (!keyed) return { width, height, channels, top, data: samples }
  return {
    width,
    height,
    channels: channels === 1 ? 2 : 4,
    top,
    data: keyOut(samples, channels, depth, transparency),
  }
}

/** All samples of the picture, row by row, whatever the order they are stored in. */
function readSamples({ head, packed }: Parts): Uint8Array | Uint16Array {
  const { width, height, depth, samples, interlaced } = head
  const passes = passesOf(width, height, interlaced)
  const rowBytes = (columns: number) => Math.ceil((columns * samples * depth) / 8)
  const total = passes.reduce((sum, pass) => sum + pass.rows * (1 + rowBytes(pass.columns)), 0)
  const raw = inflate(packed, total)
  const out =
    depth === 16 ? new Uint16Array(width * height * samples) : new Uint8Array(width * height * samples)
  let at = 0
  for (const pass of passes) {
    const length = rowBytes(pass.columns)
    const step = Math.max(1, (samples * depth) / 8)
    let above = new Uint8Array(length)
    for (let r = 0; r < pass.rows; r++) {
      const row = raw.subarray(at + 1, at + 1 + length)
      unfilter(raw[at] ?? 0, row, above, step)
      at += 1 + length
      above = row
      const start = (pass.y + r * pass.dy) * width
      for (let c = 0; c < pass.columns; c++) {
        const to = (start + pass.x + c * pass.dx) * samples
        for (let s = 0; s < samples; s++) out[to + s] = sampleAt(row, c * samples + s, depth)
      }
    }
  }
  return out
}

/** @throws {RangeError} unless the data unpack to `length` bytes, or a little more. */
function inflate(packed: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  let raw: Buffer<ArrayBuffer>
  try {
    raw = inflateSync(Buffer.concat(packed), { maxOutputLength: length + 65536 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      throw new RangeError('its data unpack to more than its pixels')
    throw new RangeError('its compressed data are damaged', { cause: error })
  }
  if (raw.length < length)
    throw new RangeError(`its data unpack to ${raw.length} bytes, its pixels are ${length}`)
  return raw
}

/** Samples with an alpha channel: 0 at pixels of the transparent colour, compared before any scaling. */
function keyOut(
  samples: Uint8Array | Uint16Array,
  channels: number,
  depth: number,
  transparency: Uint8Array,
): Uint16Array {
  if (transparency.length !== 2 * channels)
    throw new RangeError(`its tRNS part has ${transparency.length} bytes, not ${2 * channels}`)
  const top = 2 ** depth - 1
  const key = Array.from({ length: channels }, (_, c) => sampleAt(transparency, c, 16) & top)
  const count = samples.length / channels
  const out = new Uint16Array(count * (channels + 1))
  for (let i = 0; i < count; i++) {
    let opaque = 0
    for (let c = 0; c < channels; c++) {
      const value = samples[i * channels + c] ?? 0
      out[i * (channels + 1) + c] = value
      if (value !== key[c]) opaque = top
    }
    out[i * (channels + 1) + channels] = opaque
  }
  return out
}

/** Colours in the place of numbers of a palette. */
function fromPalette({ head, palette, transparency }: Parts, samples: ArrayLike<number>): Raster {
  if (palette === undefined) throw new RangeError('its pixels are numbers of a palette, and it has none')
  const colours = palette.length / 3
  if (!Number.isInteger(colours) || colours < 1 || colours > 256)
    throw new RangeError(`its palette has ${palette.length} bytes, which are no colours`)
  const channels = transparency === undefined ? 3 : 4
  const data = new Uint8Array(samples.length * channels)
  for (let i = 0; i < samples.length; i++) {
    const index = samples[i] ?? 0
    if (index >= colours) throw new RangeError(`a pixel is of colour ${index} of a palette of ${colours}`)
    for (let c = 0; c < 3; c++) data[i * channels + c] = palette[3 * index + c] ?? 0
    if (transparency !== undefined) data[i * channels + 3] = transparency[index] ?? 255
  }
  return { width: head.width, height: head.height, channels, top: 255, data }
}

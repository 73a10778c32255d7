import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { orientationOf } from '../exif.ts'
import type { Format, Raster, Scanned } from './format.ts'
import { requirePixels, UnreadError } from './format.ts'
import { profileNotes } from './profile.ts'

/**
 * JPEG by libjpeg-turbo, compiled to WebAssembly: baseline and progressive, 8 bits; grey, YCbCr and RGB, told
 * apart as libjpeg does (JFIF, Adobe's marker, the components' names); CMYK and YCCK, inverted as Adobe writes
 * them whether or not its marker says so, which is what browsers and Pillow take for granted.
 */
export const jpeg: Format = {
  name: 'JPEG',
  matches: (bytes) => bytes[0] === 0xff && bytes[1] === 0xd8,
  scan: (bytes) => {
    const header = readHeader(bytes)
    return { ...header, notes: profileOf(bytes), decode: () => decode(bytes, header.width, header.height) }
  },
}

/** A progressive file may pass over its pixels thousands of times: scans, and pixels times scans. */
const mostScans = 500
const mostWork = 64 * 4096 ** 2

/** @throws {RangeError} where the frame header is missing, or of a kind that is not read. */
function readHeader(bytes: Buffer): Omit<Scanned, 'decode'> {
  let orientation: number | undefined
  let at = 2
  while (at + 9 <= bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1] ?? 0
    if (marker === 0xff) {
      at++ // a fill byte
      continue
    }
    if (marker === 0xda) break
    const body = bytes.subarray(at + 4, at + 2 + bytes.readUInt16BE(at + 2))
    if (marker === 0xe1 && orientation === undefined && body.toString('latin1', 0, 6) === 'Exif\0\0')
      orientation = orientationOf(body)
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)
    if (!isFrame) {
      at += 2 + bytes.readUInt16BE(at + 2)
      continue
    }
    if (marker > 0xc2)
      throw new UnreadError(marker >= 0xc9 ? 'arithmetic coding' : 'a lossless or hierarchical JPEG')
    if (bytes[at + 4] !== 8) throw new UnreadError(`a JPEG of ${bytes[at + 4]} bits`)
    const [height, width] = [bytes.readUInt16BE(at + 5), bytes.readUInt16BE(at + 7)]
    requirePixels(width, height)
    // EXIF may follow the frame header, though it hardly ever does.
    return { width, height, orientation: orientation ?? exifAfter(bytes, at) }
  }
  throw new RangeError('it has no frame header, or is cut off before it')
}

/** @throws {RangeError} where the pixels are passed over too often. */
function boundWork(bytes: Buffer, width: number, height: number): void {
  let scans = 0
  for (let at = bytes.indexOf('ffda', 2, 'hex'); at !== -1; at = bytes.indexOf('ffda', at + 2, 'hex')) scans++
  if (scans > mostScans || width * height * scans > mostWork)
    throw new RangeError(`${width}×${height} pixels in ${scans} scans are too much work`)
}

/** The orientation in EXIF between the frame header at `from` and the first scan. */
function exifAfter(bytes: Buffer, from: number): number {
  for (let at = from; at + 9 <= bytes.length && bytes[at] === 0xff && bytes[at + 1] !== 0xda; ) {
    const end = at + 2 + bytes.readUInt16BE(at + 2)
    if (bytes[at + 1] === 0xe1 && bytes.toString('latin1', at + 4, at + 10) === 'Exif\0\0')
      return orientationOf(bytes.subarray(at + 4, end))
    at = end
  }
  return 1
}

const profileMark = 'ICC_PROFILE\0'

/** What is to be said of the colour profile in the segments before the first scan (ICC.1:2022, B.4), which may be several. */
function profileOf(bytes: Buffer): string[] {
  const parts: { readonly number: number; readonly data: Buffer }[] = []
  for (let at = 2; at + 4 <= bytes.length && bytes[at] === 0xff && bytes[at + 1] !== 0xda; ) {
    if (bytes[at + 1] === 0xff) {
      at++ // a fill byte
      continue
    }
    const end = at + 2 + bytes.readUInt16BE(at + 2)
    const body = bytes.subarray(at + 4, end)
    if (bytes[at + 1] === 0xe2 && body.toString('latin1', 0, 12) === profileMark && body.length >= 14)
      parts.push({ number: body[12] ?? 0, data: body.subarray(14) })
    at = end
  }
  if (parts.length === 0) return []
  parts.sort((a, b) => a.number - b.number)
  return profileNotes(Buffer.concat(parts.map(({ data }) => data)))
}

/** TurboJPEG's numbers of colour spaces and of pixel formats. */
const space = { grey: 2, cmyk: 3, ycck: 4 }
const pixelFormat = { rgb: 0, grey: 6, cmyk: 11 }

/** The part of TurboJPEG's interface (version 2) that is used; numbers are addresses. */
interface Turbo {
  readonly memory: WebAssembly.Memory
  malloc(bytes: number): number
  tjInitDecompress(): number
  tjDecompressHeader3(
    handle: number,
    data: number,
    length: number,
    width: number,
    height: number,
    subsampling: number,
    space: number,
  ): number
  tjDecompress2(
    handle: number,
    data: number,
    length: number,
    out: number,
    width: number,
    pitch: number,
    height: number,
    format: number,
    flags: number,
  ): number
}

let compiled: WebAssembly.Module | undefined

/** A decoder with a memory of its own, which a damaged file may leave in any state: one for each picture. */
function startTurbo(): Turbo {
  compiled ??= new WebAssembly.Module(
    readFileSync(createRequire(import.meta.url).resolve('@cwasm/jpeg-turbo/jpeg-turbo.wasm')),
  )
  const fail = () => {
    throw new RangeError('its data are damaged')
  }
  const nothing = () => 0
  const { exports } = new WebAssembly.Instance(compiled, {
    env: { setjmp: nothing, longjmp: fail },
    wasi_snapshot_preview1: {
      environ_sizes_get: nothing,
      environ_get: fail,
      proc_exit: fail,
      fd_close: fail,
      fd_seek: fail,
      fd_write: fail,
    },
  })
  return exports as unknown as Turbo
}

/** @throws {RangeError} where the data are damaged or cut off. */
function decode(bytes: Buffer, width: number, height: number): Raster {
  boundWork(bytes, width, height)
  const turbo = startTurbo()
  const room = (length: number) => {
    const at = turbo.malloc(length)
    if (at === 0) throw new RangeError(`no room for ${length} bytes`)
    return at
  }
  const data = room(bytes.length)
  new Uint8Array(turbo.memory.buffer).set(bytes, data)
  const handle = turbo.tjInitDecompress()
  const facts = room(16)
  if (turbo.tjDecompressHeader3(handle, data, bytes.length, facts, facts + 4, facts + 8, facts + 12) !== 0)
    throw new RangeError('its header is damaged')
  const [seenWidth, seenHeight, , colours = -1] = new Int32Array(turbo.memory.buffer, facts, 4)
  if (seenWidth !== width || seenHeight !== height)
    throw new RangeError('it has two frame headers that differ')
  const isCmyk = colours === space.cmyk || colours === space.ycck
  const [channels, format] = isCmyk
    ? ([4, pixelFormat.cmyk] as const)
    : colours === space.grey
      ? ([1, pixelFormat.grey] as const)
      : ([3, pixelFormat.rgb] as const)
  const out = room(width * height * channels)
  const status = turbo.tjDecompress2(handle, data, bytes.length, out, width, 0, height, format, 0)
  if (status !== 0) throw new RangeError('its data are damaged or cut off')
  const samples = new Uint8Array(turbo.memory.buffer, out, width * height * channels)
  if (channels === 4) return { width, height, channels: 3, top: 255, data: fromInvertedCmyk(samples) }
  return { width, height, channels, top: 255, data: samples }
}

/** Red, green and blue of inks that are stored inverted, 255 being none. */
function fromInvertedCmyk(samples: Uint8Array): Uint8Array {
  const out = new Uint8Array((samples.length / 4) * 3)
  for (let i = 0, to = 0; i < samples.length; i += 4) {
    const black = samples[i + 3] ?? 0
    for (let c = 0; c < 3; c++) out[to++] = Math.round(((samples[i + c] ?? 0) * black) / 255)
  }
  return out
}

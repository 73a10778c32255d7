import { decode } from '@cwasm/webp'
import { orientationOf } from '../exif.ts'
import type { Format, Raster, Scanned } from './format.ts'
import { requirePixels } from './format.ts'
import { profileNotes } from './profile.ts'

/** WebP by libwebp, compiled to WebAssembly: lossy, lossless and with alpha; of an animation the first picture. */
export const webp: Format = {
  name: 'WebP',
  matches: (bytes) => bytes.toString('latin1', 0, 4) === 'RIFF' && bytes.toString('latin1', 8, 12) === 'WEBP',
  scan(bytes) {
    const { frame, ...header } = readHeader(bytes)
    const { width, height } = header
    return {
      ...header,
      decode: () => {
        if (frame !== undefined) return decodeFrame(frame, width, height)
        const image = decode(bytes)
        if (image.width !== width || image.height !== height)
          throw new RangeError(
            `its header says ${width}×${height} pixels, its data ${image.width}×${image.height}`,
          )
        return { width, height, channels: 4, top: 255, data: image.data }
      },
    }
  },
}

/** The size in the header of each kind of frame (RFC 9649). */
const sizes: Readonly<Record<string, (data: Buffer) => [width: number, height: number]>> = {
  VP8X: (data) => [1 + data.readUIntLE(4, 3), 1 + data.readUIntLE(7, 3)],
  'VP8 ': (data) => [data.readUInt16LE(6) & 0x3fff, data.readUInt16LE(8) & 0x3fff],
  VP8L: (data) => {
    const bits = data.readUInt32LE(1)
    return [1 + (bits & 0x3fff), 1 + ((bits >> 14) & 0x3fff)]
  },
}

/** The first picture of an animation: where it lies on the canvas, and a WebP of it alone. */
interface Frame {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
  readonly file: Buffer
}

/** @throws {RangeError} where an ANMF part is too short. */
function readFrame(data: Buffer): Frame {
  if (data.length < 24) throw new RangeError('its ANMF part is too short')
  const [left, top] = [2 * data.readUIntLE(0, 3), 2 * data.readUIntLE(3, 3)]
  const [width, height] = [1 + data.readUIntLE(6, 3), 1 + data.readUIntLE(9, 3)]
  const parts = data.subarray(16)
  // Alpha beside the frame wants the header of the extended format, which says that there is some.
  const extended = Buffer.alloc(18)
  extended.write('VP8X', 'latin1')
  extended.writeUInt32LE(10, 4)
  extended[8] = 0x10
  extended.writeUIntLE(width - 1, 12, 3)
  extended.writeUIntLE(height - 1, 15, 3)
  const head = parts.toString('latin1', 0, 4) === 'ALPH' ? [extended] : []
  const body = Buffer.concat([Buffer.from('WEBP'), ...head, parts])
  const riff = Buffer.from('RIFF\0\0\0\0', 'latin1')
  riff.writeUInt32LE(body.length, 4)
  return { left, top, width, height, file: Buffer.concat([riff, body]) }
}

/** The first picture of an animation on its canvas, which is see-through elsewhere. */
function decodeFrame(
  { left, top, width: wide, height: tall, file }: Frame,
  width: number,
  height: number,
): Raster {
  if (left + wide > width || top + tall > height)
    throw new RangeError('its first picture lies beyond its canvas')
  const inner = readHeader(file)
  if (inner.width !== wide || inner.height !== tall)
    throw new RangeError(
      `its first picture says ${wide}×${tall} pixels, the data of it ${inner.width}×${inner.height}`,
    )
  const image = decode(file)
  if (image.width !== wide || image.height !== tall) throw new RangeError('its first picture is damaged')
  const data = new Uint8Array(4 * width * height)
  for (let y = 0; y < tall; y++)
    data.set(image.data.subarray(4 * y * wide, 4 * (y + 1) * wide), 4 * ((top + y) * width + left))
  return { width, height, channels: 4, top: 255, data }
}

/** @throws {RangeError} where a part reaches beyond the file, or there is no frame. */
function readHeader(bytes: Buffer): Omit<Scanned, 'decode'> & { readonly frame: Frame | undefined } {
  let [width, height, orientation] = [0, 0, 1]
  let framed = false
  let frames = 0
  let frame: Frame | undefined
  const notes: string[] = []
  for (let at = 12; at + 8 <= bytes.length; ) {
    const type = bytes.toString('latin1', at, at + 4)
    const length = bytes.readUInt32LE(at + 4)
    const end = at + 8 + length
    if (end > bytes.length)
      throw new RangeError(`cut off after ${bytes.length} bytes; its ${type.trim()} part wants ${end}`)
    const data = bytes.subarray(at + 8, end)
    if (type === 'ANMF') {
      frame ??= readFrame(data)
      frames++
    }
    if (type === 'ICCP' && notes.length === 0) notes.push(...profileNotes(data))
    const sizeOf = Object.hasOwn(sizes, type) ? sizes[type] : undefined
    if (sizeOf !== undefined) {
      if (length < 10) throw new RangeError(`its ${type.trim()} part is too short`)
      const size = sizeOf(data)
      // The canvas and the frame must agree; where they do not, the larger one is what has to be bounded.
      width = Math.max(width, size[0])
      height = Math.max(height, size[1])
      framed ||= type !== 'VP8X'
    }
    if (type === 'EXIF' && orientation === 1) orientation = orientationOf(data)
    at = end + (length & 1)
  }
  if (!framed && frame === undefined) throw new RangeError('it has no frame, or is cut off before it')
  requirePixels(width, height)
  if (frames > 1) notes.push('it is an animation, of which the first picture was read')
  return { width, height, orientation, notes, frame: framed ? undefined : frame }
}

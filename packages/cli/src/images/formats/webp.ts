import { decode } from '@cwasm/webp'
import { orientationOf } from '../exif.ts'
import type { Format, Scanned } from './format.ts'
import { requirePixels, UnreadError } from './format.ts'

/** WebP by libwebp, compiled to WebAssembly: lossy, lossless and with alpha; no animations. */
export const webp: Format = {
  name: 'WebP',
  matches: (bytes) => bytes.toString('latin1', 0, 4) === 'RIFF' && bytes.toString('latin1', 8, 12) === 'WEBP',
  scan(bytes) {
    const header = readHeader(bytes)
    const { width, height } = header
    return {
      ...header,
      decode: () => {
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

/** @throws {RangeError} where a part reaches beyond the file, or there is no frame. */
function readHeader(bytes: Buffer): Omit<Scanned, 'decode'> {
  let [width, height, orientation] = [0, 0, 1]
  let framed = false
  for (let at = 12; at + 8 <= bytes.length; ) {
    const type = bytes.toString('latin1', at, at + 4)
    const length = bytes.readUInt32LE(at + 4)
    const end = at + 8 + length
    if (end > bytes.length)
      throw new RangeError(`cut off after ${bytes.length} bytes; its ${type.trim()} part wants ${end}`)
    const data = bytes.subarray(at + 8, end)
    if (type === 'ANIM' || type === 'ANMF') throw new UnreadError('an animation')
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
  if (!framed) throw new RangeError('it has no frame, or is cut off before it')
  requirePixels(width, height)
  return { width, height, orientation }
}

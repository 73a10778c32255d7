import type { Picture } from '@tweedie/runs'
import { encode, hasPngSignature } from 'fast-png'

/** The tEXt entry by which we know our own pictures again. */
const software = 'tweedie'

/** An 8-bit PNG of a picture, marked as written by tweedie. */
export function encodePicture(picture: Picture, text: Readonly<Record<string, string>> = {}): Uint8Array {
  const { channels, height, width, data } = picture
  const size = height * width
  const bytes = new Uint8Array(size * channels)
  for (let i = 0; i < size; i++) {
    for (let c = 0; c < channels; c++) bytes[i * channels + c] = Math.round(255 * data[c * size + i]!)
  }
  return encode({ width, height, channels, depth: 8, data: bytes, text: { Software: software, ...text } })
}

/** Whether a file is a PNG that {@link encodePicture} made, told by its chunks alone: no pixel is decoded. */
export function isOurPng(bytes: Uint8Array): boolean {
  if (!hasPngSignature(bytes)) return false
  const mark = Buffer.from(`tEXtSoftware\0${software}`, 'latin1')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = 8; at + 12 <= bytes.length; ) {
    const end = at + 12 + view.getUint32(at)
    if (end > bytes.length) return false
    if (mark.equals(bytes.subarray(at + 4, end - 4))) return true
    at = end
  }
  return false
}

/** A picture as a data URI for HTML. */
export const dataUri = (png: Uint8Array): string =>
  `data:image/png;base64,${Buffer.from(png).toString('base64')}`

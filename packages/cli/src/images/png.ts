import { encode, hasPngSignature } from 'fast-png'
import type { Picture } from './picture.ts'

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

/** Whether a file is a PNG that {@link encodePicture} made: by its texts, without a look at its pixels. */
export function isOurPng(content: Uint8Array): boolean {
  if (!hasPngSignature(content)) return false
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength)
  for (let at = 8; at + 12 <= bytes.length; at += 12 + bytes.readUInt32BE(at)) {
    const end = at + 8 + bytes.readUInt32BE(at)
    if (bytes.toString('latin1', at + 4, at + 8) === 'tEXt')
      if (bytes.toString('latin1', at + 8, end) === `Software\0${software}`) return true
  }
  return false
}

/** A picture as a data URI for HTML. */
export const dataUri = (png: Uint8Array): string =>
  `data:image/png;base64,${Buffer.from(png).toString('base64')}`

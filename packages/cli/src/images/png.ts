import type { Picture } from '@tweedie/runs'
import { encode, hasPngSignature } from 'fast-png'

/** The tEXt entry by which we know our own pictures again. */
const software = 'tweedie'

/** How a PNG is written. */
export interface PngOptions {
  /** Bits of a sample. */
  readonly depth?: 8 | 16
  /** More entries of text. */
  readonly text?: Readonly<Record<string, string>>
}

/** A PNG of a picture, of 8 bits unless 16 are asked for, marked as written by tweedie. */
export function encodePicture(picture: Picture, { depth = 8, text = {} }: PngOptions = {}): Uint8Array {
  const { channels, height, width, data } = picture
  const size = height * width
  const top = 2 ** depth - 1
  const samples = depth === 8 ? new Uint8Array(size * channels) : new Uint16Array(size * channels)
  for (let i = 0; i < size; i++) {
    for (let c = 0; c < channels; c++) samples[i * channels + c] = Math.round(top * data[c * size + i]!)
  }
  return encode({ width, height, channels, depth, data: samples, text: { Software: software, ...text } })
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

/** What a picture file says of itself before it is decoded. */
export interface Header {
  readonly width: number
  readonly height: number
  /** The file with all that pixels do not need left out (PNG: profiles and texts, which may be bombs). */
  readonly essential: Uint8Array
}

const pngChunks = new Set(['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND'])

/**
 * Walks the chunks of a PNG: every length must lie within the file, and the compressed pixels cannot be
 * much longer than the pixels themselves, so that decompression stays in proportion to the picture.
 * @throws {RangeError} where they do not.
 */
export function scanPng(bytes: Uint8Array): Header {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const kept: Uint8Array[] = [bytes.subarray(0, 8)]
  let [width, height, rawBytes, packedBytes] = [0, 0, 0, 0]
  for (let at = 8, type = ''; type !== 'IEND'; ) {
    if (at + 12 > bytes.length)
      throw new RangeError(`cut off after ${bytes.length} bytes, before the end of the image`)
    const length = view.getUint32(at)
    type = String.fromCharCode(...bytes.subarray(at + 4, at + 8))
    const end = at + 12 + length
    if (end > bytes.length)
      throw new RangeError(`cut off after ${bytes.length} bytes; its ${type} part wants ${end}`)
    if (type === 'IHDR') {
      if (length !== 13 || at !== 8) throw new RangeError('its header is malformed')
      width = view.getUint32(at + 8)
      height = view.getUint32(at + 12)
      const bitsPerPixel = bytes[at + 16]! * ([1, 0, 3, 1, 2, 0, 4][bytes[at + 17]!] ?? 0)
      rawBytes = 2 * height * (1 + Math.ceil((width * bitsPerPixel) / 8)) // twice: interlaced rows are shorter
    }
    if (type === 'IDAT') packedBytes += length
    if (pngChunks.has(type)) kept.push(bytes.subarray(at, end))
    at = end
  }
  if (width === 0 || height === 0) throw new RangeError(`its header says ${width}×${height} pixels`)
  if (packedBytes > 2 * rawBytes + 4096)
    throw new RangeError(`${packedBytes} bytes of data are too many for ${width}×${height} pixels`)
  return { width, height, essential: Buffer.concat(kept) }
}

/**
 * Finds the size of a JPEG in its start-of-frame segment.
 * @throws {RangeError} where there is none.
 */
export function scanJpeg(bytes: Uint8Array): Header {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = 2; at + 9 <= bytes.length; ) {
    if (bytes[at] !== 0xff) break
    const marker = bytes[at + 1]!
    if (marker === 0xff) {
      at++ // a fill byte
      continue
    }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)
    if (isFrame) {
      const [height, width] = [view.getUint16(at + 5), view.getUint16(at + 7)]
      if (width === 0 || height === 0) throw new RangeError(`its header says ${width}×${height} pixels`)
      return { width, height, essential: bytes }
    }
    if (marker === 0xda) break
    at += 2 + view.getUint16(at + 2)
  }
  throw new RangeError('it has no frame header, or is cut off before it')
}

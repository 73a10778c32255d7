import { createHash } from 'node:crypto'
import type { Samples } from './pictures.ts'
import { isPictureSet } from './pictures.ts'

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
  new Uint8Array(buffer, byteOffset, byteLength)

/**
 * SHA-256 of a set: its shape, then its pixels, then its labels where it has some; hexadecimal. The same for every packing of the
 * same images. Of pictures the number of channels, then the size and the pixels of each; not how they are cropped.
 */
export function imagesSha256(images: Samples): string {
  const { shape, pixels, labels } = images
  const hash = createHash('sha256')
  if (isPictureSet(images)) {
    hash.update(`${shape[0]}`)
    for (const { height, width, at } of images.pictures)
      hash.update(`;${height},${width};`).update(bytesOf(pixels.subarray(at, at + shape[0] * height * width)))
  } else hash.update(shape.join()).update(bytesOf(images.pixels))
  if (labels !== undefined) hash.update(bytesOf(labels))
  return hash.digest('hex')
}

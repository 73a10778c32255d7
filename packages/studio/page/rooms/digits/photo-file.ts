import type { Photo } from './engine/photos.ts'

/**
 * A picture file in colour, so that its longer side is `most`, and both sides are multiples of `divisor`; never enlarged more
 * than that needs.
 * @throws {Error} in words, where the browser cannot read it.
 */
export async function photoOfFile(file: Blob, most: number, divisor: number): Promise<Photo> {
  const bitmap = await createImageBitmap(file).catch(() => {
    throw new Error('this file is no picture that the browser can read')
  })
  const { height, width } = sizeWithin(bitmap, most, divisor)
  const canvas = Object.assign(document.createElement('canvas'), { width, height })
  const context = canvas.getContext('2d', { willReadFrequently: true })
  if (!context) throw new Error('this browser draws no pictures')
  context.fillStyle = '#fff'
  context.fillRect(0, 0, width, height)
  context.imageSmoothingQuality = 'high'
  // The middle, where the sides are cut to multiples.
  const scale = Math.max(width / bitmap.width, height / bitmap.height)
  const [w, h] = [bitmap.width * scale, bitmap.height * scale]
  context.drawImage(bitmap, (width - w) / 2, (height - h) / 2, w, h)
  bitmap.close()
  const { data } = context.getImageData(0, 0, width, height)
  return { height, width, data: Uint8Array.from(data.filter((_, i) => i % 4 !== 3)) }
}

/** Sides in the proportion of a picture, the longer one `most`, each rounded to a multiple of `divisor`. */
export function sizeWithin(
  picture: { readonly height: number; readonly width: number },
  most: number,
  divisor: number,
): { readonly height: number; readonly width: number } {
  const scale = most / Math.max(picture.height, picture.width)
  const side = (length: number) => Math.max(1, Math.round((length * scale) / divisor)) * divisor
  return { height: side(picture.height), width: side(picture.width) }
}

import { OptionError, ShapeError } from '@tweedie/tensor'

/** Images of one size with 8 bits per value; image i is `pixels` from i·C·H·W on. */
export interface ImageSet {
  /** [C, H, W] of one image. */
  readonly shape: readonly [number, number, number]
  readonly count: number
  readonly pixels: Uint8Array
}

/**
 * An image set of bytes in the order [N, C, H, W].
 * @throws {ShapeError} where the bytes do not make whole images.
 */
export function imageSet(pixels: Uint8Array, shape: readonly [number, number, number]): ImageSet {
  const size = shape[0] * shape[1] * shape[2]
  if (!(size > 0) || pixels.length % size !== 0) {
    throw new ShapeError('imageSet', `${pixels.length} bytes do not make whole images`, [shape])
  }
  return { shape, count: pixels.length / size, pixels }
}

/** The values of image i in [−1, 1] (v/127.5 − 1), written to `out` from `at` on. */
export function readImage(images: ImageSet, i: number, out: Float32Array, at: number): void {
  if (!(Number.isInteger(i) && i >= 0 && i < images.count)) {
    throw new OptionError('readImage', `image ${i} is outside 0 … ${images.count - 1}`)
  }
  const [c, h, w] = images.shape
  const size = c * h * w
  for (let j = 0; j < size; j++) out[at + j] = images.pixels[i * size + j]! / 127.5 - 1
}

/** The images at the given places, in that order. */
export function selectImages(images: ImageSet, places: readonly number[]): ImageSet {
  const [c, h, w] = images.shape
  const size = c * h * w
  const pixels = new Uint8Array(places.length * size)
  places.forEach((place, i) => pixels.set(images.pixels.subarray(place * size, (place + 1) * size), i * size))
  return imageSet(pixels, images.shape)
}

/** The pixels of each image as one string, to compare whole images by. */
function fingerprints(images: ImageSet): string[] {
  const [c, h, w] = images.shape
  const size = c * h * w
  const decoder = new TextDecoder('latin1')
  return Array.from({ length: images.count }, (_, i) => decoder.decode(images.pixels.slice(i * size, (i + 1) * size)))
}

/**
 * The images that are not, pixel for pixel, among `heldOut`; in their order.
 * @throws {ShapeError} where the two sets differ in size.
 * @example
 * ```ts
 * import { excludeByPixels, imageSet } from '@tweedie/unet'
 * const all = imageSet(Uint8Array.of(1, 2, 3, 4, 5, 6), [1, 1, 2])
 * Array.from(excludeByPixels(all, imageSet(Uint8Array.of(3, 4), [1, 1, 2])).pixels) // => [1, 2, 5, 6]
 * ```
 */
export function excludeByPixels(images: ImageSet, heldOut: ImageSet): ImageSet {
  if (images.shape.join() !== heldOut.shape.join()) {
    throw new ShapeError('excludeByPixels', 'the two sets hold images of different shapes', [images.shape, heldOut.shape])
  }
  const known = new Set(fingerprints(heldOut))
  const kept = fingerprints(images).flatMap((print, i) => (known.has(print) ? [] : [i]))
  return selectImages(images, kept)
}

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

/** Places of images by a hash of their pixels (FNV-1a, 32 bits). */
function placesByHash(images: ImageSet): Map<number, number[]> {
  const [c, h, w] = images.shape
  const size = c * h * w
  const places = new Map<number, number[]>()
  for (let i = 0; i < images.count; i++) {
    let hash = 0x811c9dc5
    for (let j = i * size; j < (i + 1) * size; j++) hash = Math.imul(hash ^ images.pixels[j]!, 0x01000193)
    const same = places.get(hash)
    if (same === undefined) places.set(hash, [i])
    else same.push(i)
  }
  return places
}

function sameImage(a: ImageSet, i: number, b: ImageSet, k: number): boolean {
  const size = a.pixels.length / a.count
  for (let j = 0; j < size; j++) if (a.pixels[i * size + j] !== b.pixels[k * size + j]) return false
  return true
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
    throw new ShapeError('excludeByPixels', 'the two sets hold images of different shapes', [
      images.shape,
      heldOut.shape,
    ])
  }
  const known = placesByHash(heldOut)
  const drop = new Set<number>()
  for (const [hash, places] of placesByHash(images)) {
    const candidates = known.get(hash) ?? []
    for (const i of places) if (candidates.some((k) => sameImage(images, i, heldOut, k))) drop.add(i)
  }
  return selectImages(
    images,
    Array.from({ length: images.count }, (_, i) => i).filter((i) => !drop.has(i)),
  )
}

import { FileFormatError, OptionError, ShapeError } from '@tweedie/tensor'
import type { Idx } from './idx.ts'

/** Images of one size with 8 bits per value; image i is `pixels` from i·C·H·W on. */
export interface ImageSet<V extends Uint8Array | Float32Array = Uint8Array> {
  /** [C, H, W] of one image. */
  readonly shape: readonly [number, number, number]
  readonly count: number
  readonly pixels: V
  /** The class of each image, where that is known. */
  readonly labels?: Uint8Array
}

/** What networks are trained on: images, whose bytes stand for values in [−1, 1], or, as of latents, values as they are. */
export type Samples = ImageSet<Uint8Array | Float32Array>

/**
 * An image set of bytes, or values, in the order [N, C, H, W].
 * @throws {ShapeError} where the bytes do not make whole images.
 */
export function imageSet<V extends Uint8Array | Float32Array>(
  pixels: V,
  shape: readonly [number, number, number],
): ImageSet<V> {
  const size = shape[0] * shape[1] * shape[2]
  if (!(size > 0) || pixels.length % size !== 0) {
    throw new ShapeError('imageSet', `${pixels.length} bytes do not make whole images`, [shape])
  }
  return { shape, count: pixels.length / size, pixels }
}

/**
 * The images of an IDX array: [N, H, W] are grey; [N, C, H, W] have C channels, and so have [N, H, W, C] where C is 1
 * or 3 and the second axis is neither.
 * @param file - Name of the file, for messages.
 * @throws {FileFormatError} for another rank, or an empty image.
 */
export function imagesOfIdx({ shape, values }: Idx, file: string): ImageSet {
  const [, a = 0, b = 0, c = 0] = shape
  const fail = () => {
    throw new FileFormatError(
      file,
      `holds [${shape.join(', ')}]; images are [N, H, W], [N, C, H, W] or [N, H, W, C]`,
    )
  }
  if (shape.length === 3) return a * b > 0 ? imageSet(values, [1, a, b]) : fail()
  if (shape.length !== 4 || a * b * c === 0) return fail()
  const isChannels = (extent: number) => extent === 1 || extent === 3
  if (isChannels(a) || !isChannels(c)) return imageSet(values, [a, b, c])
  return imageSet(channelsFirst(values, a * b, c), [c, a, b])
}

/** Pixels of `area` places with their channels side by side, rearranged to one plane per channel. */
function channelsFirst(values: Uint8Array, area: number, channels: number): Uint8Array {
  if (channels === 1) return values
  const out = new Uint8Array(values.length)
  for (let from = 0; from < values.length; from += area * channels) {
    for (let i = 0; i < area; i++) {
      for (let k = 0; k < channels; k++) out[from + k * area + i] = values[from + i * channels + k]!
    }
  }
  return out
}

/** The values of image i (of bytes in [−1, 1], v/127.5 − 1), written to `out` from `at` on. */
export function readImage(images: Samples, i: number, out: Float32Array, at: number): void {
  if (!(Number.isInteger(i) && i >= 0 && i < images.count)) {
    throw new OptionError('readImage', `image ${i} is outside 0 … ${images.count - 1}`)
  }
  const [c, h, w] = images.shape
  const size = c * h * w
  const { pixels } = images
  if (pixels instanceof Float32Array) out.set(pixels.subarray(i * size, (i + 1) * size), at)
  else for (let j = 0; j < size; j++) out[at + j] = pixels[i * size + j]! / 127.5 - 1
}

/** The images at the given places, in that order. */
export function selectImages(images: ImageSet, places: readonly number[]): ImageSet {
  const [c, h, w] = images.shape
  const size = c * h * w
  const { shape, labels } = images
  const pixels = new Uint8Array(places.length * size)
  places.forEach((place, i) => pixels.set(images.pixels.subarray(place * size, (place + 1) * size), i * size))
  const selected = imageSet(pixels, shape)
  if (labels === undefined) return selected
  return { ...selected, labels: Uint8Array.from(places, (place) => labels[place]!) }
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

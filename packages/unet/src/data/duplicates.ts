import { ShapeError } from '@tweedie/tensor'
import type { ImageSet } from './images.ts'
import { selectImages, selectLabels } from './images.ts'
import type { PictureSet, Samples } from './pictures.ts'
import { isPictureSet, placeOf } from './pictures.ts'

/** The pixels of image i as they are held, and its size. */
function imageOf(images: Samples, i: number): { readonly size: string; readonly bytes: Uint8Array } {
  const [channels] = images.shape
  const { height, width, at } = placeOf(images, i)
  const values = images.pixels.subarray(at, at + channels * height * width)
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
  return { size: `${values.BYTES_PER_ELEMENT}:${channels}×${height}×${width}`, bytes }
}

/** FNV-1a, 32 bits. */
function hashOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193)
  return hash
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/**
 * Places of images that are, pixel for pixel and of the same size, among others; in order. Hashes are compared first, then
 * all pixels.
 */
export function placesAmong(images: Samples, others: Samples): number[] {
  const known = new Map<number, number[]>()
  for (let k = 0; k < others.count; k++) {
    const hash = hashOf(imageOf(others, k).bytes)
    const same = known.get(hash)
    if (same === undefined) known.set(hash, [k])
    else same.push(k)
  }
  const found: number[] = []
  for (let i = 0; i < images.count; i++) {
    const { size, bytes } = imageOf(images, i)
    const isThere = known.get(hashOf(bytes))?.some((k) => {
      const other = imageOf(others, k)
      return other.size === size && sameBytes(bytes, other.bytes)
    })
    if (isThere === true) found.push(i)
  }
  return found
}

/** The images but those at some places, in their order. */
export function withoutPlaces<S extends Samples>(images: S, places: readonly number[]): S {
  const drop = new Set(places)
  const kept = Array.from({ length: images.count }, (_, i) => i).filter((i) => !drop.has(i))
  return selectSamples(images, kept)
}

/** The samples at the given places, in that order; pictures are not copied. */
export function selectSamples<S extends Samples>(images: S, places: readonly number[]): S
export function selectSamples(images: Samples, places: readonly number[]): Samples {
  if (!isPictureSet(images)) return selectImages(images, places)
  const pictures: PictureSet['pictures'] = places.map((place) => placeOf(images, place))
  const { labels, ...rest } = images
  const selected = { ...rest, pictures, count: places.length }
  return labels === undefined ? selected : { ...selected, labels: selectLabels(labels, places) }
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
  return withoutPlaces(images, placesAmong(images, heldOut))
}

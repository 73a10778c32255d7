import type { Key } from '@tweedie/tensor'
import { OptionError, randomKey, randomUnits } from '@tweedie/tensor'
import type { ImageSet, Labels, Values } from './images.ts'
import { readImage, selectLabels } from './images.ts'

/** Where a picture lies among the values of a set: its planes [C, height, width] from `at` on. */
export interface PicturePlace {
  readonly height: number
  readonly width: number
  readonly at: number
}

/** The values of all pictures, in memory or in a file: as much of an array as is needed to read them. */
export interface Pixels {
  readonly length: number
  subarray(from: number, to: number): Values
}

/** How a sample is made of a picture, besides its size. */
export interface Augment {
  /** Mirrored left to right, every second time. */
  readonly flip: boolean
  /** Turned by 0, 1, 2 or 3 quarters, each as often. */
  readonly turn: boolean
}

/** Pictures of any sizes, of which samples are crops of one size. */
export interface PictureSet extends Augment {
  /** [C, H, W] of one crop. */
  readonly shape: readonly [number, number, number]
  /** Number of pictures. */
  readonly count: number
  readonly pixels: Pixels
  readonly pictures: readonly PicturePlace[]
  readonly labels?: Labels
}

/** What networks are trained on: images of one size, or crops of pictures of any size. */
export type Samples = ImageSet<Values> | PictureSet

export const isPictureSet = (images: Samples): images is PictureSet => 'pictures' in images

/** Where image i lies. @throws {OptionError} for one that is not there. */
export function placeOf(images: Samples, i: number): PicturePlace {
  if (!(Number.isInteger(i) && i >= 0 && i < images.count))
    throw new OptionError('placeOf', `image ${i} is outside 0 … ${images.count - 1}`)
  if (isPictureSet(images)) return images.pictures[i]!
  const [channels, height, width] = images.shape
  return { height, width, at: i * channels * height * width }
}

/**
 * Crops, flips and turns of pictures, or of images of one size, which are shared.
 * @param crop - Height and width of a sample.
 * @throws {OptionError} where a picture is smaller than its crops, turned ones among them.
 */
export function pictureSet(
  images: ImageSet<Values> | Omit<PictureSet, 'shape' | keyof Augment>,
  shape: readonly [number, number, number],
  { flip, turn }: Augment,
): PictureSet {
  const places =
    'pictures' in images
      ? images.pictures
      : Array.from({ length: images.count }, (_, i) => placeOf(images, i))
  const { count, pixels, labels } = images
  const set = { shape, count, pixels, pictures: places, flip, turn }
  const small = places.findIndex((place) => !holdsCrop(place, shape, turn))
  if (small >= 0) {
    const { height, width } = places[small]!
    throw new OptionError(
      'images',
      `picture ${small} of ${height}×${width} has no crops of ${shape[1]}×${shape[2]}${turn ? ', turned or not' : ''}`,
    )
  }
  return labels === undefined ? set : { ...set, labels }
}

/** Whether crops of a shape can be taken of a picture, turned by a quarter as well where that is asked for. */
export const holdsCrop = (
  { height, width }: Pick<PicturePlace, 'height' | 'width'>,
  [, h, w]: readonly [number, number, number],
  turn: boolean,
): boolean => height >= h && width >= w && (!turn || (height >= w && width >= h))

/** One way to make a sample of a picture: where its window begins, how often it is turned and whether it is mirrored. */
export interface Crop {
  readonly top: number
  readonly left: number
  /** Quarter turns against the clock, 0 … 3. */
  readonly quarters: number
  readonly mirrored: boolean
}

/** The crop that a key draws of picture `place` of a set: by the key, the size of the picture and that of the crop alone. */
export function drawCrop(set: PictureSet, place: number, key: Key): Crop {
  const [, h, w] = set.shape
  const { height, width } = placeOf(set, place)
  const [turn = 0, mirror = 0, y = 0, x = 0] = randomUnits(key.fold('crop'), 4)
  const quarters = set.turn ? Math.floor(4 * turn) : 0
  const [rows, columns] = quarters % 2 === 0 ? [h, w] : [w, h]
  return {
    quarters,
    mirrored: set.flip && mirror < 0.5,
    top: Math.floor(y * (height - rows + 1)),
    left: Math.floor(x * (width - columns + 1)),
  }
}

/**
 * The values of a crop (of bytes v/127.5 − 1) as [C, h, w], written to `out` from `at` on. The window of the picture is
 * turned, then mirrored.
 */
export function readCrop(
  set: PictureSet,
  place: number,
  { top, left, quarters, mirrored }: Crop,
  out: Float32Array,
  at: number,
): void {
  const [channels, h, w] = set.shape
  const { height, width, at: start } = placeOf(set, place)
  const [rows, columns] = quarters % 2 === 0 ? [h, w] : [w, h]
  // In the window, the place of output pixel (0, 0), and what one step down and one to the right add to it.
  const [first, down, right] = (
    [
      [0, width, 1],
      [columns - 1, -1, width],
      [(rows - 1) * width + columns - 1, -width, -1],
      [(rows - 1) * width, 1, -width],
    ] as const
  )[quarters]!
  const origin = mirrored ? first + (w - 1) * right : first
  const step = mirrored ? -right : right
  for (let c = 0; c < channels; c++) {
    const corner = start + (c * height + top) * width + left
    const window = set.pixels.subarray(corner, corner + (rows - 1) * width + columns)
    const isBytes = window instanceof Uint8Array
    for (let i = 0; i < h; i++) {
      let from = origin + i * down
      let to = at + (c * h + i) * w
      for (let j = 0; j < w; j++, from += step)
        out[to++] = isBytes ? window[from]! / 127.5 - 1 : window[from]!
    }
  }
}

/**
 * One sample of a set, as [C, H, W], written to `out` from `at` on: image `place` itself where images have one size, else the crop
 * of picture `place` that `key` draws. The same key gives the same crop, whoever asks and whenever.
 */
export function drawSample(images: Samples, place: number, key: Key, out: Float32Array, at: number): void {
  if (isPictureSet(images)) readCrop(images, place, drawCrop(images, place, key), out, at)
  else readImage(images, place, out, at)
}

/**
 * A batch of samples, [places.length, C, H, W]: of each place the sample that its key draws.
 * @example
 * ```ts
 * import { randomKey } from '@tweedie/tensor'
 * import { drawSamples, imageSet, pictureSet } from '@tweedie/unet'
 * const ramp = imageSet(Uint8Array.from({ length: 16 }, (_, i) => i), [1, 4, 4])
 * const crops = pictureSet(ramp, [1, 2, 2], { flip: true, turn: false })
 * drawSamples(crops, [0, 0, 0], [1, 2, 3].map((i) => randomKey(7).fold(i))).length // => 12
 * ```
 */
export function drawSamples(images: Samples, places: readonly number[], keys: readonly Key[]): Float32Array {
  const [c, h, w] = images.shape
  const out = new Float32Array(places.length * c * h * w)
  places.forEach((place, j) => {
    drawSample(images, place, keys[j]!, out, j * c * h * w)
  })
  return out
}

/** Pictures that all have the size of a sample as images of that size; undefined where one has another, or they are flipped or turned. */
export function wholeImages(set: PictureSet): ImageSet<Values> | undefined {
  const [, h, w] = set.shape
  const isWhole = set.pictures.every(({ height, width }) => height === h && width === w)
  if (!isWhole || set.flip || set.turn) return undefined
  // A crop of the whole picture is the picture, whatever the key.
  return fixedCrops(set, set.count, randomKey(0))
}

/**
 * `count` crops of a set as images of one size, for an evaluation on the same ones each time, each by a key of its own: of its
 * pictures in turn, or, where they are more, of some that are spread over all.
 */
export function fixedCrops(set: PictureSet, count: number, key: Key): ImageSet<Values> {
  const [c, h, w] = set.shape
  const size = c * h * w
  const places = Array.from({ length: count }, (_, i) =>
    set.count > count ? Math.floor((i * set.count) / count) : i % set.count,
  )
  const isBytes = set.pixels.subarray(0, 1) instanceof Uint8Array
  const pixels: Values = isBytes ? new Uint8Array(count * size) : new Float32Array(count * size)
  const one = new Float32Array(size)
  places.forEach((place, i) => {
    drawSample(set, place, key.fold(i), one, 0)
    if (isBytes) for (let j = 0; j < size; j++) pixels[i * size + j] = Math.round(127.5 * (one[j]! + 1))
    else pixels.set(one, i * size)
  })
  const images = { shape: set.shape, count, pixels }
  const { labels } = set
  return labels === undefined ? images : { ...images, labels: selectLabels(labels, places) }
}

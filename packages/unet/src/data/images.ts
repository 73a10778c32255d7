import { FileFormatError, OptionError, ShapeError } from '@tweedie/tensor'

/** How images are held: bytes stand for v/127.5 − 1, in [−1, 1]; floats are values as they are. */
export type Values = Uint8Array | Float32Array

/** The class of each image. */
export type Labels = Uint8Array | Int32Array

/** Images of one size, 8 bits per value unless V says otherwise; image i is `pixels` from i·C·H·W on. */
export interface ImageSet<V extends Values = Uint8Array> {
  /** [C, H, W] of one image. */
  readonly shape: readonly [number, number, number]
  readonly count: number
  readonly pixels: V
  /** The class of each image, where that is known. */
  readonly labels?: Labels
}

/**
 * An image set of bytes, or values, in the order [N, C, H, W].
 * @throws {ShapeError} where the bytes do not make whole images.
 */
export function imageSet<V extends Values>(pixels: V, shape: readonly [number, number, number]): ImageSet<V> {
  const size = shape[0] * shape[1] * shape[2]
  if (!(size > 0) || pixels.length % size !== 0) {
    throw new ShapeError('imageSet', `${pixels.length} bytes do not make whole images`, [shape])
  }
  return { shape, count: pixels.length / size, pixels }
}

/** An array of images, as files of IDX and NumPy hold them. */
interface ImageArray<V extends Values> {
  readonly shape: readonly number[]
  readonly values: V
}

/**
 * The images of an array: [N, H, W] are grey; [N, C, H, W] have C channels, and so have [N, H, W, C] where C is 1
 * or 3 and the second axis is neither.
 * @param file - Name of the file, for messages.
 * @throws {FileFormatError} for another rank, or an empty image.
 */
export function imagesOfArray<V extends Values>({ shape, values }: ImageArray<V>, file: string): ImageSet<V> {
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
function channelsFirst<V extends Values>(values: V, area: number, channels: number): V {
  if (channels === 1) return values
  const out = values.slice() as V
  for (let from = 0; from < values.length; from += area * channels) {
    for (let i = 0; i < area; i++) {
      for (let k = 0; k < channels; k++) out[from + k * area + i] = values[from + i * channels + k]!
    }
  }
  return out
}

/** The values of image i (of bytes in [−1, 1], v/127.5 − 1), written to `out` from `at` on. */
export function readImage(images: ImageSet<Values>, i: number, out: Float32Array, at: number): void {
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
export function selectImages<V extends Values>(images: ImageSet<V>, places: readonly number[]): ImageSet<V> {
  const [c, h, w] = images.shape
  const size = c * h * w
  const { shape, labels } = images
  const pixels = new (images.pixels.constructor as new (length: number) => V)(places.length * size)
  places.forEach((place, i) => pixels.set(images.pixels.subarray(place * size, (place + 1) * size), i * size))
  const selected = imageSet(pixels, shape)
  if (labels === undefined) return selected
  return { ...selected, labels: selectLabels(labels, places) }
}

/** The labels at the given places. */
export const selectLabels = (labels: Labels, places: readonly number[]): Labels =>
  labels instanceof Uint8Array
    ? Uint8Array.from(places, (place) => labels[place]!)
    : Int32Array.from(places, (place) => labels[place]!)

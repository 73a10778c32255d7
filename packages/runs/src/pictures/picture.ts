import type { Shape, Tensor } from '@tweedie/tensor'
import { fromData, ShapeError } from '@tweedie/tensor'

/** A picture in memory: planes of red, green and blue, or one of grey, with values in [0, 1]. */
export interface Picture {
  readonly channels: 1 | 3
  readonly height: number
  readonly width: number
  /** Row-major planes, [channels, height, width]. */
  readonly data: Float32Array
}

/** Whether a sample of a shape is a picture: [1, H, W] or [3, H, W]. */
export const isPicture = (shape: Shape): boolean => shape.length === 3 && (shape[0] === 1 || shape[0] === 3)

/** The luma of a colour picture (ITU-R BT.601); a grey one stays as it is. */
export function toGrey(picture: Picture): Picture {
  if (picture.channels === 1) return picture
  const size = picture.width * picture.height
  const { data } = picture
  return {
    ...picture,
    channels: 1,
    data: Float32Array.from(
      { length: size },
      (_, i) => 0.299 * data[i]! + 0.587 * data[size + i]! + 0.114 * data[2 * size + i]!,
    ),
  }
}

/** A grey picture as one of three equal planes; a colour one stays as it is. */
export function toColor(picture: Picture): Picture {
  if (picture.channels === 3) return picture
  const size = picture.width * picture.height
  return {
    ...picture,
    channels: 3,
    data: Float32Array.from({ length: 3 * size }, (_, i) => picture.data[i % size]!),
  }
}

/** Pictures of one size as a batch [N, C, H, W] in the data range [−1, 1]. */
export function toTensor(pictures: readonly Picture[]): Tensor {
  const { channels, height, width } = pictures[0]!
  const size = channels * height * width
  const values = new Float32Array(pictures.length * size)
  pictures.forEach((picture, n) => {
    if (picture.data.length !== size) throw new ShapeError('toTensor', 'pictures of one batch differ in size')
    for (let i = 0; i < size; i++) values[n * size + i] = 2 * picture.data[i]! - 1
  })
  return fromData(values, [pictures.length, channels, height, width])
}

/**
 * The pictures of a batch [N, C, H, W] in the data range [−1, 1]; what lies outside is clipped.
 * @throws {ShapeError} unless there are one or three channels.
 */
export async function toPictures(batch: Tensor): Promise<Picture[]> {
  const [count = 0, channels = 0, height = 0, width = 0] = batch.shape
  if (batch.rank !== 4 || (channels !== 1 && channels !== 3)) {
    throw new ShapeError('toPictures', 'needs a batch [N, C, H, W] with C = 1 or 3', [batch.shape])
  }
  const values = await batch.data()
  const size = channels * height * width
  return Array.from({ length: count }, (_, n) => ({
    channels,
    height,
    width,
    data: Float32Array.from({ length: size }, (_, i) =>
      Math.min(1, Math.max(0, (values[n * size + i]! + 1) / 2)),
    ),
  }))
}

/** A picture `factor` times as large, each pixel a square. */
export function enlarge(picture: Picture, factor: number): Picture {
  const { channels, height, width, data } = picture
  const out = { channels, height: height * factor, width: width * factor }
  const values = new Float32Array(channels * out.height * out.width)
  let at = 0
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < out.height; y++) {
      const row = (c * height + Math.floor(y / factor)) * width
      for (let x = 0; x < out.width; x++) values[at++] = data[row + Math.floor(x / factor)]!
    }
  }
  return { ...out, data: values }
}

/** The middle of a picture, of a size that is at most its own. */
export function centreOf(picture: Picture, height: number, width: number): Picture {
  const { channels, data } = picture
  const [top, left] = [Math.floor((picture.height - height) / 2), Math.floor((picture.width - width) / 2)]
  const values = new Float32Array(channels * height * width)
  for (let row = 0; row < channels * height; row++) {
    const [c, y] = [Math.floor(row / height), row % height]
    const from = (c * picture.height + top + y) * picture.width + left
    values.set(data.subarray(from, from + width), row * width)
  }
  return { channels, height, width, data: values }
}

/** A picture with sides of at most `side` pixels, each the mean of a square of pixels of the picture; never larger than it. */
export function reduced(picture: Picture, side: number): Picture {
  const { channels, height, width, data } = picture
  const factor = Math.ceil(Math.max(height, width) / side)
  if (factor <= 1) return picture
  const out = { channels, height: Math.ceil(height / factor), width: Math.ceil(width / factor) }
  const values = new Float32Array(channels * out.height * out.width)
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < out.height; y++) {
      for (let x = 0; x < out.width; x++) {
        const [bottom, right] = [Math.min(height, (y + 1) * factor), Math.min(width, (x + 1) * factor)]
        let sum = 0
        for (let i = y * factor; i < bottom; i++) {
          for (let j = x * factor; j < right; j++) sum += data[(c * height + i) * width + j]!
        }
        const count = (bottom - y * factor) * (right - x * factor)
        values[(c * out.height + y) * out.width + x] = sum / count
      }
    }
  }
  return { ...out, data: values }
}

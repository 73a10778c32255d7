import type { Pictures } from './engine/frames.ts'
import { side } from './pixels.ts'

/** One plane of numbers, row by row. */
export interface Plane {
  readonly height: number
  readonly width: number
  readonly data: Float32Array
  /** Of a colour picture: red, green and blue, whose mean is `data`. */
  readonly colour?: readonly [red: Float32Array, green: Float32Array, blue: Float32Array]
}

/** The plane of greys 0 … 255 of a digit, row by row, in [−1, 1]. */
export const planeOfGreys = (greys: ArrayLike<number>): Plane => ({
  height: side,
  width: side,
  data: Float32Array.from(greys, (grey) => grey / 127.5 - 1),
})

/** The picture of a sample; of several channels their mean, and of three the colours too. */
export function planeOf({ shape: [count, channels, height, width], data }: Pictures, n: number): Plane {
  const area = height * width
  const from = Math.min(n, count - 1) * channels * area
  const mean = Float32Array.from({ length: area }, (_, i) => {
    let sum = 0
    for (let c = 0; c < channels; c++) sum += data[from + c * area + i] ?? 0
    return sum / channels
  })
  const channel = (c: number) => data.subarray(from + c * area, from + (c + 1) * area)
  return {
    ...{ height, width, data: mean },
    ...(channels === 3 && { colour: [channel(0), channel(1), channel(2)] as const }),
  }
}

/** Mean and standard deviation (of the samples as they are: divided by N) of each pixel. */
export function momentsOf(pictures: Pictures): { readonly mean: Plane; readonly std: Plane } {
  const [count, , height, width] = pictures.shape
  const samples = Array.from({ length: count }, (_, n) => planeOf(pictures, n).data)
  const over = (of: (values: readonly number[]) => number): Plane => ({
    height,
    width,
    data: Float32Array.from({ length: height * width }, (_, i) =>
      of(samples.map((sample) => sample[i] ?? 0)),
    ),
  })
  const average = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / values.length
  return {
    mean: meanPicture(pictures),
    std: over((values) => {
      const middle = average(values)
      return Math.sqrt(average(values.map((v) => (v - middle) ** 2)))
    }),
  }
}

/** The mean of all samples as a picture, with its colours. */
function meanPicture({ shape: [count, ...shape], data }: Pictures): Plane {
  const size = data.length / count
  const mean = Float32Array.from({ length: size }, (_, i) => {
    let sum = 0
    for (let n = 0; n < count; n++) sum += data[n * size + i] ?? 0
    return sum / count
  })
  return planeOf({ shape: [1, ...shape], data: mean }, 0)
}

/** |a − b| of each pixel. */
export const differenceOf = (a: Plane, b: Plane): Plane => ({
  height: a.height,
  width: a.width,
  data: a.data.map((v, i) => Math.abs(v - (b.data[i] ?? 0))),
})

/** The correlation of two maps: whether a method is unsure where it is wrong. Undefined where one of them is flat. */
export function correlationOf(a: Plane, b: Plane): number | undefined {
  const centred = ({ data }: Plane) => {
    const mean = data.reduce((sum, v) => sum + v, 0) / data.length
    return Array.from(data, (v) => v - mean)
  }
  const [u, v] = [centred(a), centred(b)]
  const dot = (p: readonly number[], q: readonly number[]) =>
    p.reduce((sum, x, i) => sum + x * (q[i] ?? 0), 0)
  const scale = Math.sqrt(dot(u, u) * dot(v, v))
  return scale > 0 ? dot(u, v) / scale : undefined
}

/** Means over the samples. */
export const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, v) => sum + v, 0) / Math.max(1, values.length)

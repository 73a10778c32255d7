import type { Plane } from '../digits/moments.ts'

/** A tensor as tiles in a grid, one a channel, with a line of zeros between them; undefined for a single number. */
export function montageOf(shape: readonly number[], data: Float32Array): Plane | undefined {
  if (data.length <= 1) return undefined
  const [height, width] = tileOf(shape, data.length)
  const count = Math.ceil(data.length / (height * width))
  const columns = Math.min(count, Math.ceil(Math.sqrt((count * height) / width)))
  const rows = Math.ceil(count / columns)
  const line = count > 1 ? 1 : 0
  const across = columns * (width + line) - line
  const out = new Float32Array((rows * (height + line) - line) * across)
  data.forEach((value, i) => {
    const tile = Math.floor(i / (height * width))
    const within = i % (height * width)
    const y = Math.floor(tile / columns) * (height + line) + Math.floor(within / width)
    const x = (tile % columns) * (width + line) + (within % width)
    out[y * across + x] = value
  })
  return { height: rows * (height + line) - line, width: across, data: out }
}

/** What of a tensor is one picture: its last two axes, pixels in a row as a square, or numbers as they come. */
function tileOf(shape: readonly number[], length: number): readonly [height: number, width: number] {
  const [a = 1, b = 1, c = 1, d = 1] = shape.slice(-4)
  if (shape.length === 6) return [a * b, c * d] // [N, C, H, a, W, b], as enlarging and pooling have it
  if (shape.length >= 4) return [c, d]
  const last = shape.at(-1) ?? 1
  const side = Math.sqrt(last)
  if (shape.length === 3) return Number.isInteger(side) ? [side, side] : [shape[1] ?? 1, last]
  const across = Math.ceil(Math.sqrt(length))
  return [Math.ceil(length / across), across]
}

/** Least, mean and most of some numbers, and their root mean square. */
export function statisticsOf(data: Float32Array) {
  const n = Math.max(1, data.length)
  let [least, most, sum, squares] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0]
  for (const v of data) {
    least = Math.min(least, v)
    most = Math.max(most, v)
    sum += v
    squares += v * v
  }
  return { least, most, mean: sum / n, rms: Math.sqrt(squares / n) }
}

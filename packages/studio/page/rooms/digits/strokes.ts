import { side, size, topLevel } from './pixels.ts'

/** Pixels along a straight way, ends included: a pointer jumps between two events. */
export function along(
  [fromX, fromY]: readonly [number, number],
  [toX, toY]: readonly [number, number],
): (readonly [number, number])[] {
  const steps = Math.max(1, Math.ceil(2 * Math.hypot(toX - fromX, toY - fromY)))
  return Array.from({ length: steps + 1 }, (_, k) => [
    fromX + ((toX - fromX) * k) / steps,
    fromY + ((toY - fromY) * k) / steps,
  ])
}

/** The pixels whose middle is within `radius` of a place, hidden or seen. */
export function dabMask(
  hidden: Uint8Array,
  [x, y]: readonly [number, number],
  radius: number,
  hide: boolean,
): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: size }, (_, i) => {
    const far = Math.hypot((i % side) + 0.5 - x, Math.floor(i / side) + 0.5 - y)
    return far <= radius ? Number(hide) : (hidden[i] ?? 0)
  })
}

/** A dab of ink with a soft edge of a pixel, on levels 0 … 63; or of nothing, which wipes. */
export function dabInk(
  levels: Uint8Array,
  [x, y]: readonly [number, number],
  radius: number,
  ink: boolean,
): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: size }, (_, i) => {
    const far = Math.hypot((i % side) + 0.5 - x, Math.floor(i / side) + 0.5 - y)
    const share = Math.min(1, Math.max(0, radius + 0.5 - far))
    const before = levels[i] ?? 0
    return ink ? Math.max(before, Math.round(share * topLevel)) : Math.round(before * (1 - share))
  })
}

/** A picture of any size as levels: the square in its middle, each pixel the mean of what it covers. */
export function levelsOfPicture(
  grey: ArrayLike<number>,
  width: number,
  height: number,
  inverted: boolean,
): Uint8Array<ArrayBuffer> {
  const square = Math.min(width, height)
  const [left, top] = [(width - square) / 2, (height - square) / 2]
  const range = (k: number, from: number, most: number): readonly [number, number] => {
    const begin = Math.min(most - 1, Math.floor(from + (k * square) / side))
    return [begin, Math.max(begin + 1, Math.min(most, Math.floor(from + ((k + 1) * square) / side)))]
  }
  return Uint8Array.from({ length: size }, (_, i) => {
    const [y0, y1] = range(Math.floor(i / side), top, height)
    const [x0, x1] = range(i % side, left, width)
    let sum = 0
    for (let y = y0; y < y1; y++) for (let x = x0; x < x1; x++) sum += grey[y * width + x] ?? 0
    const mean = sum / ((y1 - y0) * (x1 - x0))
    return Math.round((topLevel * (inverted ? 255 - mean : mean)) / 255)
  })
}

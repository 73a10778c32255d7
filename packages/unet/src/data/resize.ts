/** Keys' cubic with a = −½ (IEEE Trans. ASSP 29(6), 1981, eq. 15). */
function cubic(x: number): number {
  const d = Math.abs(x)
  if (d < 1) return 1.5 * d ** 3 - 2.5 * d ** 2 + 1
  return d < 2 ? -0.5 * d ** 3 + 2.5 * d ** 2 - 4 * d + 2 : 0
}

/** For each of `to` places the first of the `from` samples that it sees, and their weights, of sum 1. */
function weightsOf(from: number, to: number): { first: number; weights: Float64Array }[] {
  const scale = from / to
  // A kernel of a shrunk picture is stretched, so that what the small picture cannot hold does not alias.
  const stretch = Math.max(1, scale)
  return Array.from({ length: to }, (_, i) => {
    const centre = (i + 0.5) * scale
    const first = Math.max(0, Math.floor(centre - 2 * stretch + 0.5))
    const end = Math.min(from, Math.floor(centre + 2 * stretch + 0.5))
    const weights = Float64Array.from({ length: end - first }, (_, k) =>
      cubic((first + k + 0.5 - centre) / stretch),
    )
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    return { first, weights: weights.map((weight) => weight / total) }
  })
}

/**
 * Planes [C, H, W] resized to [C, h, w] by Keys' cubic, stretched where they shrink (antialiased), with the weights beyond the
 * border left out: as Pillow's `resize` with BICUBIC does, in floats.
 */
export function resizePlanes(
  data: Float32Array,
  [channels, height, width]: readonly [number, number, number],
  [toHeight, toWidth]: readonly [number, number],
): Float32Array {
  if (toHeight === height && toWidth === width) return data
  const columns = weightsOf(width, toWidth)
  const rows = weightsOf(height, toHeight)
  const narrow = new Float32Array(channels * height * toWidth)
  for (let row = 0; row < channels * height; row++) {
    columns.forEach(({ first, weights }, j) => {
      let sum = 0
      for (let k = 0; k < weights.length; k++) sum += weights[k]! * data[row * width + first + k]!
      narrow[row * toWidth + j] = sum
    })
  }
  const out = new Float32Array(channels * toHeight * toWidth)
  for (let c = 0; c < channels; c++) {
    rows.forEach(({ first, weights }, i) => {
      const to = (c * toHeight + i) * toWidth
      for (let j = 0; j < toWidth; j++) {
        let sum = 0
        for (let k = 0; k < weights.length; k++)
          sum += weights[k]! * narrow[(c * height + first + k) * toWidth + j]!
        out[to + j] = sum
      }
    })
  }
  return out
}

/** The size of a picture whose shorter side is resized to `side`. */
export function resizedTo(
  height: number,
  width: number,
  side: number | undefined,
): readonly [number, number] {
  if (side === undefined) return [height, width]
  const scaled = (long: number, short: number) => Math.max(side, Math.round((long * side) / short))
  return height <= width ? [side, scaled(width, height)] : [scaled(height, width), side]
}

import type { Conv2dParams } from '../../../primitives.ts'
import type { HostView } from '../../../reference/host.ts'
import { packed } from '../../../reference/host.ts'
import type { TileSize } from './transforms.ts'

export type Matrix = readonly (readonly number[])[]

/** Interpolation points beside ∞. */
const points: Readonly<Record<TileSize, readonly number[]>> = {
  2: [0, 1, -1],
  4: [0, 5 / 8, -5 / 8, 3 / 2, -3 / 2],
}

/** Aᵀ [m, n], Bᵀ [n, n] and G [n, 3] of F(m, 3), n = m + 2. */
export interface Matrices {
  readonly output: Matrix
  readonly input: Matrix
  readonly weight: Matrix
}

/** Coefficients, constant first, of Π (x − root). */
const polynomial = (roots: readonly number[]): number[] =>
  roots.reduce<number[]>(
    (p, root) => Array.from({ length: p.length + 1 }, (_, i) => (p[i - 1] ?? 0) - root * (p[i] ?? 0)),
    [1],
  )

/**
 * The matrices of Toom and Cook, from the points alone (Lavin and Gray, arXiv 1509.09308, §4.1; Blahut, Fast Algorithms
 * for Signal Processing, ch. 5): y = Aᵀ[(G g) ⊙ (Bᵀ d)] are the m outputs of a filter of three taps over n inputs.
 */
export function matricesOf(size: TileSize): Matrices {
  const finite = points[size]
  const others = finite.map((p) => finite.filter((q) => q !== p))
  const powers = (count: number) => (p: number) => Array.from({ length: count }, (_, k) => p ** k)
  const scale = others.map((rest, j) => rest.reduce((product, q) => product * (finite[j]! - q), 1))
  return {
    output: Array.from({ length: size }, (_, i) => [...finite.map((p) => p ** i), i === size - 1 ? 1 : 0]),
    input: [...others.map((rest) => [...polynomial(rest), 0]), polynomial(finite)],
    weight: [...finite.map((p, j) => powers(3)(p).map((x) => x / scale[j]!)), [0, 0, 1]],
  }
}

const magnitudes = (matrix: Matrix): Matrix => matrix.map((row) => row.map(Math.abs))
export const transposed = (matrix: Matrix): Matrix => matrix[0]!.map((_, j) => matrix.map((row) => row[j]!))

/** M·X·Mᵀ, of a square X. */
export function sandwich(matrix: Matrix, x: Matrix): Matrix {
  const left = matrix.map((row) => x[0]!.map((_, j) => row.reduce((sum, m, k) => sum + m * x[k]![j]!, 0)))
  return left.map((row) => matrix.map((other) => other.reduce((sum, m, k) => sum + m * row[k]!, 0)))
}

const added = (a: Matrix, b: Matrix): Matrix => a.map((row, i) => row.map((x, j) => x + b[i]![j]!))
const times = (a: Matrix, b: Matrix): Matrix => a.map((row, i) => row.map((x, j) => x * b[i]![j]!))

/**
 * Most roundings between an element of the operand and one of the result, along one axis: counted on the maps of
 * `transforms.ts` without fused multiply-add, which rounds less. A constant that is not exact in float32 (those
 * of G for F(4×4)) counts as one; products by ½ round nothing.
 */
const roundings = {
  2: { input: 1, weight: 2, output: 2, outputGradient: 1, weightGradient: 2 },
  4: { input: 4, weight: 5, output: 4, outputGradient: 4, weightGradient: 5 },
} as const satisfies Record<TileSize, unknown>

/** γ_k = k·u/(1 − k·u), the relative error of k roundings (Higham, Accuracy and Stability, lemma 3.1). */
function gamma(k: number): number {
  const error = k * 2 ** -24
  return error / (1 - error)
}

/** |elements| of a view [a, b, h, w] in row-major order; 0 outside the planes. */
function reader(x: HostView): (i: number, j: number, y: number, z: number) => number {
  const values = packed(x)
  const [, second, height, width] = x.shape as [number, number, number, number]
  return (i, j, y, z) =>
    y < 0 || y >= height || z < 0 || z >= width
      ? 0
      : Math.abs(values[((i * second + j) * height + y) * width + z]!)
}

const square = (extent: number, at: (y: number, z: number) => number): Matrix =>
  Array.from({ length: extent }, (_, y) => Array.from({ length: extent }, (_, z) => at(y, z)))

/** Upper left corners of the tiles of a plane. */
function cornersOf(size: TileSize, height: number, width: number): (readonly [number, number])[] {
  const along = (extent: number) => Array.from({ length: Math.ceil(extent / size) }, (_, i) => i * size)
  return along(height).flatMap((y) => along(width).map((z) => [y, z] as const))
}

/**
 * How far each output of the convolution of x [N, C, H, W] with w [K, C, 3, 3] by F(m×m, 3×3) may be from the exact one,
 * rounded to float32. Each map is a tree of sums and products whose terms, multiplied out, are those of its matrix, with
 * one sign each; so a computed output is Σ of the exact terms, each times (1 + θ) with |θ| ≤ γ_k, and
 *
 *   |ŷ − y| ≤ γ_k · |Aᵀ| (Σ_c |G||g||Gᵀ| ⊙ |Bᵀ||d||B|) |A|.
 *
 * k counts the roundings of the maps along two axes, of C products and their sum in any order, of the expected value,
 * and one for all that is done in float64. Errors of 10,000 random cases, with and without fused multiply-add,
 * use 0.18 of it by F(2×2) and 0.13 by F(4×4).
 */
export function forwardBound(
  size: TileSize,
  x: HostView,
  w: HostView,
  { padding }: Conv2dParams,
): Float64Array {
  const [images, channels, inHeight, inWidth] = x.shape as [number, number, number, number]
  const rows = w.shape[0]!
  const height = inHeight + padding[0][0] + padding[0][1] - 2
  const width = inWidth + padding[1][0] + padding[1][1] - 2
  const { input, weight, output } = roundings[size]
  const error = gamma(2 * (input + weight + output) + channels + 2)
  const maps = matricesOf(size)
  const [toOutput, ofInput, ofWeight] = [maps.output, maps.input, maps.weight].map(magnitudes) as [
    Matrix,
    Matrix,
    Matrix,
  ]
  const [atX, atW] = [reader(x), reader(w)]
  const weights = Array.from({ length: rows }, (_, o) =>
    Array.from({ length: channels }, (_, c) =>
      sandwich(
        ofWeight,
        square(3, (i, j) => atW(o, c, i, j)),
      ),
    ),
  )
  const bound = new Float64Array(images * rows * height * width)
  for (let image = 0; image < images; image++) {
    for (const [top, left] of cornersOf(size, height, width)) {
      const patches = Array.from({ length: channels }, (_, c) =>
        sandwich(
          ofInput,
          square(size + 2, (i, j) => atX(image, c, top + i - padding[0][0], left + j - padding[1][0])),
        ),
      )
      weights.forEach((ofRow, o) => {
        const tile = sandwich(toOutput, ofRow.map((g, c) => times(g, patches[c]!)).reduce(added))
        tile.forEach((line, i) => {
          line.forEach((value, j) => {
            if (top + i < height && left + j < width)
              bound[((image * rows + o) * height + top + i) * width + left + j] = error * value
          })
        })
      })
    }
  }
  return bound
}

/**
 * The same for the weight gradient of x [C, N, H, W] and output gradients dy [K, N, H′, W′], [C, K, 3, 3]:
 * |error| ≤ γ_k · |Gᵀ| (Σ |A||dy||Aᵀ| ⊙ |Bᵀ||d||B|) |G| over the tiles of all images, of which 10,000 random cases use
 * 0.16 by F(2×2) and 0.14 by F(4×4).
 */
export function weightGradientBound(
  size: TileSize,
  x: HostView,
  dy: HostView,
  { padding }: Conv2dParams,
): Float64Array {
  const [channels, images] = x.shape as [number, number]
  const [rows, , height, width] = dy.shape as [number, number, number, number]
  const tiles = Array.from({ length: images }, (_, image) =>
    cornersOf(size, height, width).map(([top, left]) => ({ image, top, left })),
  ).flat()
  const { input, outputGradient, weightGradient } = roundings[size]
  const error = gamma(2 * (input + outputGradient + weightGradient) + tiles.length + 2)
  const maps = matricesOf(size)
  const [ofGradient, ofInput, toWeight] = [
    magnitudes(transposed(maps.output)),
    magnitudes(maps.input),
    magnitudes(transposed(maps.weight)),
  ]
  const [atX, atY] = [reader(x), reader(dy)]
  const patches = Array.from({ length: channels }, (_, c) =>
    tiles.map(({ image, top, left }) =>
      sandwich(
        ofInput,
        square(size + 2, (i, j) => atX(c, image, top + i - padding[0][0], left + j - padding[1][0])),
      ),
    ),
  )
  const gradients = Array.from({ length: rows }, (_, o) =>
    tiles.map(({ image, top, left }) =>
      sandwich(
        ofGradient,
        square(size, (i, j) => atY(o, image, top + i, left + j)),
      ),
    ),
  )
  return Float64Array.from(
    patches.flatMap((ofChannel) =>
      gradients.flatMap((ofRow) => {
        const sum = ofRow.map((z, t) => times(z, ofChannel[t]!)).reduce(added)
        return sandwich(toWeight, sum).flatMap((line) => line.map((value) => error * value))
      }),
    ),
  )
}

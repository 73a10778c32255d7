import { Matrix } from 'ml-matrix'

/** Length of the signals. */
export const length = 64

/** Where signals are sampled. */
const places = [
  ...[0, 3, 6, 8, 9, 12, 13, 17, 18, 19, 21, 25, 27, 29, 31, 32, 33],
  ...[35, 38, 39, 42, 43, 44, 47, 48, 50, 53, 55, 57, 58, 60, 62, 63],
]

/** A row of 0 but for a 1. */
const unit = (i: number): number[] => Array.from({ length }, (_, j) => (i === j ? 1 : 0))

/** Circular convolution with 13 taps of a Gaussian of standard deviation 2, their sum 1. */
function convolution(): number[][] {
  const taps = Array.from({ length: 13 }, (_, j) => Math.exp(-((j - 6) ** 2) / 8))
  const sum = taps.reduce((a, b) => a + b, 0)
  return Array.from({ length }, (_, i) => {
    const row = new Array<number>(length).fill(0)
    taps.forEach((tap, j) => {
      row[(i + j - 6 + length) % length] = tap / sum
    })
    return row
  })
}

/**
 * Rows of the orthonormal Fourier transform, real parts and then imaginary ones: the frequencies 0 … 4 and those from 5 on at
 * which signals are sampled, too. What is neither 0 nor the highest frequency counts by √2, as its conjugate is left out.
 */
function fourier(): number[][] {
  const kept = Array.from({ length: length / 2 + 1 }, (_, f) => f).filter((f) => f < 5 || places.includes(f))
  const edge = (f: number) => f === 0 || f === length / 2
  const rows = (frequencies: readonly number[], wave: (angle: number) => number) =>
    frequencies.map((f) =>
      Array.from(
        { length },
        (_, j) => wave((2 * Math.PI * f * j) / length) * Math.sqrt((edge(f) ? 1 : 2) / length),
      ),
    )
  return [
    ...rows(kept, Math.cos),
    ...rows(
      kept.filter((f) => !edge(f)),
      (angle) => -Math.sin(angle),
    ),
  ]
}

/** A measurement of signals. */
export interface LevyOperator {
  readonly name: string
  readonly title: string
  readonly matrix: Matrix
}

/** The four measurements of the benchmark (arXiv 2509.12821). */
export const operators: readonly LevyOperator[] = [
  { name: 'identity', title: 'denoising', matrix: Matrix.eye(length, length) },
  { name: 'convolution', title: 'deconvolution', matrix: new Matrix(convolution()) },
  { name: 'sampling', title: 'imputation', matrix: new Matrix(places.map(unit)) },
  { name: 'fourier', title: 'Fourier samples', matrix: new Matrix(fourier()) },
]

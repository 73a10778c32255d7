import type { Tensor } from '@tweedie/tensor'
import { matmul } from '@tweedie/tensor'
import { constant } from './constant.ts'
import { unitRoot } from './host-dft.ts'

/** Real numbers per element: 1 where it is real, 2 (re, im) where it is complex. */
export type Parts = 1 | 2

/** What is computed along an axis of n samples. */
export interface AxisTransform {
  readonly n: number
  /** −1 for e^{−2πi jk/n}, +1 for its conjugate. */
  readonly sign: 1 | -1
  /** Which index is called 0, in both domains: 0, or ⌊n/2⌋ for transforms about the centre. */
  readonly origin: number
  readonly from: Parts
  readonly to: Parts
}

/** Up to here, and for primes, one product with the whole matrix; beyond, two with factors of it (ADR 20). */
const dense = { float32: 80, float64: 24 } as const

/** The divisor of n next to √n from below. */
function splitOf(n: number): number {
  let divisor = Math.floor(Math.sqrt(n))
  while (n % divisor !== 0) divisor--
  return divisor
}

/**
 * e^{iθ} of every row k and column j as a real matrix, in blocks of parts: [to·rows, from·columns].
 * @param turn - θ/2π·n, an integer.
 */
function blocks(
  rows: number,
  columns: number,
  { n, sign, from, to }: AxisTransform,
  scale: number,
  turn: (k: number, j: number) => number,
): Float64Array {
  const out = new Float64Array(to * rows * from * columns)
  const put = (p: number, k: number, q: number, j: number, value: number) => {
    if (p < to && q < from) out[((p * rows + k) * from + q) * columns + j] = value
  }
  for (let k = 0; k < rows; k++) {
    for (let j = 0; j < columns; j++) {
      const [re, im] = unitRoot(sign * turn(k, j), n)
      put(0, k, 0, j, scale * re)
      put(0, k, 1, j, scale * -im)
      put(1, k, 0, j, scale * im)
      put(1, k, 1, j, scale * re)
    }
  }
  return out
}

/**
 * The orthonormal DFT along the last axis but one, which it exchanges with the last: [R, from, n, m] to
 * [R, to, m, n], X_k = n^{−½} Σ_j e^{sign·2πi(j−o)(k−o)/n} x_j.
 *
 * For n = a·b, j = b·j₁ + j₂ and k = k₁ + a·k₂ (Cooley & Tukey 1965), b·j₁·a·k₂ is a multiple of n, and
 * (j−o)(k−o) ≡ b·j₁(k₁−o) + (j₂−o)(k₁ + a·k₂ − o): a sum over j₁, the same for every j₂, and one over j₂, a matrix for
 * every k₁, which has the twiddle factors, the origin and the scale inside. With re and im side by side each is one
 * real product.
 */
export function dftAlong(transform: AxisTransform): (x: Tensor) => Tensor {
  const a = splitOf(transform.n)
  let [one, two]: ((x: Tensor) => Tensor)[] = []
  return (x) => {
    const largest = x.dtype === 'float64' ? dense.float64 : dense.float32
    if (a === 1 || transform.n <= largest) return (one ??= whole(transform))(x)
    return (two ??= factored(transform, a))(x)
  }
}

function whole(transform: AxisTransform): (x: Tensor) => Tensor {
  const { n, origin: o, from, to } = transform
  const matrix = constant(
    blocks(n, n, transform, n ** -0.5, (k, j) => (j - o) * (k - o)),
    [to * n, from * n],
  )
  return (x) => {
    const [r = 0, , , m = 0] = x.shape
    const product = matmul(matrix(x), x.reshape([r, from * n, m]))
    return product.reshape([r, to, n, m]).transpose([0, 1, 3, 2])
  }
}

function factored(transform: AxisTransform, a: number): (x: Tensor) => Tensor {
  const { n, origin: o, from, to } = transform
  const b = n / a
  const first = constant(
    blocks(a, a, { ...transform, to: 2 }, 1, (k1, j1) => b * j1 * (k1 - o)),
    [2 * a, from * a],
  )
  const later = new Float64Array(a * to * b * 2 * b)
  for (let k1 = 0; k1 < a; k1++) {
    const turn = (k2: number, j2: number) => (j2 - o) * (k1 + a * k2 - o)
    later.set(blocks(b, b, { ...transform, from: 2 }, n ** -0.5, turn), k1 * to * b * 2 * b)
  }
  const second = constant(later, [a, to * b, 2 * b])
  return (x) => {
    const [r = 0, , , m = 0] = x.shape
    const over1 = matmul(first(x), x.reshape([r, from * a, b * m]))
    const byK1 = over1.reshape([r, 2, a, b, m]).transpose([0, 2, 1, 3, 4])
    const over2 = matmul(second(x), byK1.reshape([r, a, 2 * b, m]))
    // [r, k₁, part, k₂, m] to [r, part, m, k₂, k₁].
    return over2.reshape([r, a, to, b, m]).transpose([0, 2, 4, 3, 1]).reshape([r, to, m, n])
  }
}

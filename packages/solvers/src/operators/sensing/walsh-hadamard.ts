import type { Tensor } from '@tweedie/tensor'
import { concat, matmul } from '@tweedie/tensor'
import { constant } from '../../linalg/constant.ts'
import { buildMatrix } from '../../linalg/host-matrix.ts'
import type { ImageExtents } from '../checks.ts'
import type { TensorMap } from '../spectrum.ts'

/** The powers of two that n is the sum of, the largest first: 28 = 16 + 8 + 4. */
export const powersIn = (n: number): number[] =>
  Array.from({ length: 31 }, (_, k) => 2 ** (30 - k)).filter((power) => (n & power) !== 0)

/** Whether an odd number of bits is set. */
const isOdd = (bits: number): boolean => bits !== 0 && !isOdd(bits & (bits - 1))

/** The matrix of n = 2^k rows in natural order, (−1)^(bits that i and j share)/√n. */
const matrixOf = (n: number) =>
  constant(buildMatrix(n, n, (i, j) => (isOdd(i & j) ? -1 : 1) / Math.sqrt(n)).data, [n, n])

/** Side of the small matrices that a large one is the Kronecker product of. */
const radix = 16
const small = new Map([2, 4, 8, radix].map((n) => [n, matrixOf(n)]))

/** Along the middle axis of [a, n, b], for a power of two n, in log₁₆ n products: H_n = H_16 ⊗ … ⊗ H_r. */
function alongPower(x: Tensor, n: number, b: number): Tensor {
  let y = x
  for (let done = 1; done < n; done *= radix) {
    const r = Math.min(radix, n / done)
    const h = small.get(r)!(x)
    const width = done * b
    y = width === 1 ? matmul(y.reshape([-1, r]), h) : matmul(h, y.reshape([-1, r, width]))
  }
  return y.reshape([-1, n, b])
}

/** Along the middle axis of [a, n, b]: each of the powers of two in n by itself. */
function along(x: Tensor, n: number, b: number): Tensor {
  let from = 0
  const parts = powersIn(n).map((power) => {
    const part = x.slice(null, [from, from + power])
    from += power
    return alongPower(part, power, b)
  })
  const [only] = parts
  return parts.length === 1 && only !== undefined ? only : concat(parts, 1)
}

/**
 * The orthonormal Walsh–Hadamard transform of each channel, [N, C, H, W] to itself and its own inverse, in natural order.
 * Where a side is no power of two, each of the powers that it is the sum of is transformed by itself. For sides that are
 * powers of two it is that of the H·W pixels in a row. Time as C·H·W·(log H + log W).
 */
export const walshHadamard =
  ([channels, height, width]: ImageExtents): TensorMap =>
  (x) => {
    const rows = along(x.reshape([-1, width, 1]), width, 1)
    return along(rows.reshape([-1, height, width]), height, width).reshape([-1, channels, height, width])
  }

/**
 * The sequency of each coefficient along a side, from 0 to below 1: its sign changes, over the power of two that it
 * belongs to. Natural place i has s sign changes where i is the Gray code of s with its bits reversed.
 */
export const sequencies = (n: number): number[] =>
  powersIn(n).flatMap((power) => {
    const changes = new Array<number>(power).fill(0)
    for (let s = 0; s < power; s++) {
      let place = 0
      for (let bit = 1, gray = s ^ (s >> 1); bit < power; bit *= 2, gray >>= 1) place = 2 * place + (gray & 1)
      changes[place] = s / power
    }
    return changes
  })

import type { Tensor } from '@tweedie/tensor'
import { eye, fromData, normal, randomKey } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { proximal } from '../inner/index.ts'
import { linearOperator } from '../operators/index.ts'
import { negatives } from './fourier-basis.ts'
import { hostDft2 } from './host-dft.ts'
import { buildMatrix } from './host-matrix.ts'
import { circulant, complexFactor, realFourierBasis, transferOf } from './index.ts'

const float64 = { dtype: 'float64' } as const
const random = (seed: number, ...shape: number[]) => normal(randomKey(seed), shape, float64)
const values = (x: Tensor) => Array.from(x.dataSync())
const close = (a: readonly number[], b: readonly number[], tolerance: number) => {
  expect(a.length).toBe(b.length)
  a.forEach((value, i) => expect(Math.abs(value - b[i]!)).toBeLessThanOrEqual(tolerance))
}
const sizes = [
  [1, 1],
  [1, 6],
  [5, 4],
  [4, 6],
  [3, 5],
  [2, 27],
] as const

describe.each(sizes)('of %d×%d', (h, w) => {
  const n = 2 * h * w
  const basis = realFourierBasis([2, h, w])

  test('the real Fourier basis is orthonormal, of cosines and sines', () => {
    const images = basis.synthesis(eye(n, float64))
    close(values(basis.analysis(images)), values(eye(n, float64)), 1e-12)
    close(
      values(images.reshape([n, n]).matmul(images.reshape([n, n]).transpose())),
      values(eye(n, float64)),
      1e-12,
    )
    const x = random(1, 3, 2, h, w)
    close(values(basis.synthesis(basis.analysis(x))), values(x), 1e-13)
    // Written out: of the pair (k, l), (−k, −l), the first has the cosine, the second −sine.
    const rows = values(images)
    for (let at = 0; at < h * w; at++) {
      const [k, l] = [Math.floor(at / w), at % w]
      const [mk, ml] = [(h - k) % h, (w - l) % w]
      const own = k === mk && l === ml
      const first = k * w + l <= mk * w + ml
      for (let p = 0; p < h; p++) {
        for (let q = 0; q < w; q++) {
          const angle = 2 * Math.PI * ((k * p) / h + (l * q) / w)
          // The second of a pair measures √2·Im X of the first, −sin of the first's angle, which is sin of its own.
          const wave = first ? Math.cos(angle) : Math.sin(angle)
          const expected = (wave * (own ? 1 : Math.SQRT2)) / Math.sqrt(h * w)
          expect(Math.abs(rows[at * n + p * w + q]! - expected)).toBeLessThan(1e-12)
          expect(rows[at * n + h * w + p * w + q]! === 0).toBe(true)
        }
      }
    }
  })

  // Asymmetric, of an even number of columns, larger than some of the images.
  const kernel = buildMatrix(3, 4, (i, j) => Math.sin(1 + 5 * i + 3 * j))
  const a = circulant([2, h, w], transferOf(kernel, h, w))

  /** By the sum over the taps. */
  function convolved(x: number[], transpose = false): number[] {
    const out = new Array<number>(x.length).fill(0)
    for (let c = 0; c < x.length / (h * w); c++) {
      for (let p = 0; p < h; p++) {
        for (let q = 0; q < w; q++) {
          for (let i = 0; i < 3; i++) {
            for (let j = 0; j < 4; j++) {
              const [from, to] = [
                (c * h + ((p - i + 1 + 4 * h) % h)) * w + ((q - j + 2 + 4 * w) % w),
                (c * h + p) * w + q,
              ]
              const tap = kernel.data[4 * i + j]!
              if (transpose) out[from]! += tap * x[to]!
              else out[to]! += tap * x[from]!
            }
          }
        }
      }
    }
    return out
  }

  test('a circular convolution and its adjoint are those of the sum over the taps', () => {
    const x = random(2, 2, 2, h, w)
    close(values(a.forward(x)), convolved(values(x)), 1e-11)
    close(values(a.adjoint(x)), convolved(values(x), true), 1e-11)
  })

  test('A = UΣVᵀ, V orthogonal, U orthonormal', () => {
    const { singularValues, vt, v, ut, u } = a.svd()
    const s = fromData(singularValues, [n])
    const unit = eye(n, float64).reshape([n, 2, h, w])
    close(values(u(vt(unit).mul(s))), values(a.forward(unit)), 1e-11)
    close(values(v(ut(unit).mul(s))), values(a.adjoint(unit)), 1e-11)
    close(values(vt(v(eye(n, float64)))), values(eye(n, float64)), 1e-12)
    close(values(ut(u(eye(n, float64)))), values(eye(n, float64)), 1e-12)
  })

  test('what a kernel does not pass has singular value 0 and no place in U', () => {
    // x[p, q] − x[p, q − 1] does not see what is constant along rows.
    const difference = circulant(
      [1, h, w],
      transferOf(
        buildMatrix(1, 3, (_, j) => [0, 1, -1][j]!),
        h,
        w,
      ),
    )
    const { singularValues, u, ut } = difference.svd()
    const seen = singularValues.map((s) => (s > 0 ? 1 : 0))
    expect(seen.reduce((sum, one) => sum + one)).toBe(h * (w - 1))
    const m = h * w
    const both = values(ut(u(eye(m, float64))))
    close(both, values(eye(m, float64).mul(fromData(seen, [m]))), 1e-12)
    expect(both.every((value, i) => seen[i % m] === 1 || value === 0)).toBe(true)
  })
})

test('its proximal point is diagonal in the frequencies: as by conjugate gradients, and as the formula', () => {
  const [h, w, sigmaY, rho] = [4, 5, 0.3, 0.7]
  const shape = [2, h, w] as const
  const transfer = transferOf(
    buildMatrix(3, 3, (i, j) => 1 / (1 + i + 2 * j)),
    h,
    w,
  )
  const { forward, adjoint, svd } = circulant(shape, transfer)
  const operator = linearOperator('circulant', {
    inShape: shape,
    outShape: shape,
    forward,
    adjoint,
    spectrum: svd,
  })
  const [x, y] = [random(3, 2, ...shape), random(4, 2, ...shape)]
  const point = values(proximal({ operator, y, sigmaY }, x, rho))
  close(point, values(proximal({ operator, y, sigmaY }, x, rho, { solver: 'cg', tolerance: 1e-13 })), 1e-10)
  // F x = (T̄·F y/σ_y² + F x̂/ρ²)/(|T|²/σ_y² + 1/ρ²), frequency by frequency.
  const zero = new Float64Array(h * w)
  for (let plane = 0; plane < 4; plane++) {
    const spectrum = (image: Tensor) => {
      const re = Float64Array.from(values(image).slice(plane * h * w, (plane + 1) * h * w))
      return hostDft2({ re, im: zero }, h, w)
    }
    const [fx, fy] = [spectrum(x), spectrum(y)]
    const solved = { re: zero.slice(), im: zero.slice() }
    for (let k = 0; k < h * w; k++) {
      const [s, t] = [transfer.re[k]!, transfer.im[k]!]
      const weight = (s * s + t * t) / sigmaY ** 2 + 1 / rho ** 2
      solved.re[k] = ((s * fy.re[k]! + t * fy.im[k]!) / sigmaY ** 2 + fx.re[k]! / rho ** 2) / weight
      solved.im[k] = ((s * fy.im[k]! - t * fy.re[k]!) / sigmaY ** 2 + fx.im[k]! / rho ** 2) / weight
    }
    close(point.slice(plane * h * w, (plane + 1) * h * w), Array.from(hostDft2(solved, h, w, 1).re), 1e-12)
  }
})

test('what rounding leaves of a zero of the transfer function counts as 0', () => {
  // Means of three of six: 1 + 2·cos(2πk/6) is 0 at k = 2 and 4, as numbers 1.1e-16 or so.
  const transfer = transferOf(
    buildMatrix(1, 3, () => 1 / 3),
    1,
    6,
  )
  expect(Math.hypot(transfer.re[2]!, transfer.im[2]!)).toBeGreaterThan(0)
  const s = Array.from(circulant([1, 1, 6], transfer).svd().singularValues)
  close(s, [1, 2 / 3, 0, 1 / 3, 0, 2 / 3], 1e-15)
  expect([s[2], s[4]]).toEqual([0, 0])
  // With a cutoff of one's own the weakest goes as well.
  expect(circulant([1, 1, 6], transfer, 0.5).svd().singularValues[3]).toBe(0)
})

test('negatives of frequencies', () => {
  expect(Array.from(negatives(2, 3))).toEqual([0, 2, 1, 3, 5, 4])
  expect(Array.from(negatives(3, 2))).toEqual([0, 1, 4, 5, 2, 3])
})

test('products with fixed complex numbers, of planes that broadcast', () => {
  // Two maps w of 1×2 pixels: (1 + 2i, 3i), (−1, i/2), on one z = (5 + 7i, 2).
  const w = { re: Float64Array.of(1, 0, -1, 0), im: Float64Array.of(2, 3, 0, 0.5) }
  const factor = complexFactor(w, [2, 1, 2])
  const z = fromData([5, 2, 7, 0], [1, 1, 2, 1, 2], float64)
  expect(values(factor.times(z))).toEqual([-9, 0, 17, 6, -5, 0, -7, 1])
  expect(values(factor.timesConjugate(z))).toEqual([19, 0, -3, -6, -5, 0, -7, -1])
})

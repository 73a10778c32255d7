import type { Tensor } from '@tweedie/tensor'
import { eye, fromData, normal, randomKey } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { sr } from './sr.ts'

const float64 = { dtype: 'float64' } as const
const rowsOf = (x: Tensor, count: number): number[][] => {
  const values = Array.from(x.dataSync())
  const per = values.length / count
  return Array.from({ length: count }, (_, i) => values.slice(i * per, (i + 1) * per))
}

describe.each([2, 3, 4, 5, 6, 7, 8])('by the factor %d', (f) => {
  const [channels, h, w] = [2, 2, 1]
  const shape = [channels, h * f, w * f]
  const n = channels * h * w * f * f
  const operator = sr(shape, { factor: f })
  const svd = operator.svd()
  /** Row i is V's column i, an image. */
  const columns = rowsOf(svd.v(eye(n, float64)), n)
  const x = normal([randomKey(f)], shape, float64)
  const pixel = (c: number, i: number, j: number) => (c * h * f + i) * w * f + j

  it('measures means of blocks', () => {
    const [values, y] = [x.dataSync(), operator.forward(x).dataSync()]
    for (let c = 0; c < channels; c++) {
      for (let p = 0; p < h; p++) {
        let total = 0
        for (let i = 0; i < f; i++) for (let j = 0; j < f; j++) total += values[pixel(c, p * f + i, j)]!
        expect(y[c * h + p]).toBeCloseTo(total / f ** 2, 12)
      }
    }
  })

  it('has the orthonormal DCT-II of each block for V', () => {
    // Coordinate (c, p·f + k, l): the cosines k along rows and l along columns of block p, and 0 elsewhere.
    const cosine = (k: number, i: number) =>
      (k === 0 ? Math.sqrt(1 / f) : Math.sqrt(2 / f)) * Math.cos((Math.PI * (2 * i + 1) * k) / (2 * f))
    for (let c = 0; c < channels; c++) {
      for (let p = 0; p < h; p++) {
        for (let k = 0; k < f; k++) {
          for (let l = 0; l < f; l++) {
            const expected = new Array<number>(n).fill(0)
            for (let i = 0; i < f; i++) {
              for (let j = 0; j < f; j++) expected[pixel(c, p * f + i, j)] = cosine(k, i) * cosine(l, j)
            }
            const column = columns[pixel(c, p * f + k, l)]!
            expect(Math.max(...column.map((v, i) => Math.abs(v - expected[i]!)))).toBeLessThan(1e-13)
          }
        }
      }
    }
  })

  it('V is orthogonal, A = UΣVᵀ, and A⁺A the projection on the means', () => {
    for (let a = 0; a < n; a++) {
      for (let b = 0; b <= a; b++) {
        const inner = columns[a]!.reduce((sum, v, i) => sum + v * columns[b]![i]!, 0)
        expect(Math.abs(inner - (a === b ? 1 : 0))).toBeLessThan(1e-12)
      }
    }
    const s = Array.from(svd.singularValues)
    expect(s.filter((value) => value > 0)).toEqual(new Array(channels * h * w).fill(1 / f))
    const through = svd.u(svd.vt(x).mul(fromData(svd.singularValues, [1, n])))
    through
      .sub(operator.forward(x))
      .dataSync()
      .forEach((gap) => expect(Math.abs(gap)).toBeLessThan(1e-13))
    const back = svd.v(svd.vt(x))
    back
      .sub(x)
      .dataSync()
      .forEach((gap) => expect(Math.abs(gap)).toBeLessThan(1e-12))
    const projected = operator.forward(operator.pinv(operator.forward(x)))
    projected
      .sub(operator.forward(x))
      .dataSync()
      .forEach((gap) => expect(Math.abs(gap)).toBeLessThan(1e-13))
  })
})

import { expect, test } from 'vitest'
import { fromData, matmul } from '../index.ts'

const reference = { device: 'reference' } as const

test.each([
  [1, 1],
  [2, 3],
  [3, 4],
  [5, 9],
  [4, 8],
])('matmul: each element is the sum of products in their order, %i rows and %i columns', (m, n) => {
  const [batch, k] = [2, 6]
  const number = (seed: number, i: number) => Math.sin(seed + 3.7 * i)
  const a = Float64Array.from({ length: batch * m * k }, (_, i) => number(1, i))
  const b = Float64Array.from({ length: batch * k * n }, (_, i) => number(2, i))
  const expected = Float64Array.from({ length: batch * m * n }, (_, at) => {
    const [s, i, j] = [Math.floor(at / (m * n)), Math.floor(at / n) % m, at % n]
    let total = 0
    for (let l = 0; l < k; l++) total += (a[(s * m + i) * k + l] ?? 0) * (b[(s * k + l) * n + j] ?? 0)
    return total
  })
  const product = (dtype: 'float64' | 'float32') =>
    matmul(
      fromData(a, [batch, m, k], { dtype, ...reference }),
      fromData(b, [batch, k, n], { dtype, ...reference }),
    )
  expect(product('float64').dataSync()).toEqual(expected)
  // In double precision to the end, of factors in single precision.
  product('float32')
    .dataSync()
    .forEach((value, i) => expect(Math.abs(value - (expected[i] ?? 0))).toBeLessThan(1e-6))
})

import { eye, fromData, memory, normal, randomKey, tensor } from '@tweedie/tensor'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { matrixOperator, sr } from '../operators/index.ts'
import { constant } from './constant.ts'
import type { HostMatrix } from './host-matrix.ts'
import { buildMatrix, hostMatrix, transposed } from './host-matrix.ts'
import { denseMatrix, matrixSvd, operatorNorm, pinvFromSvd, powerIteration } from './index.ts'
import { completeBasis } from './matrix-svd.ts'

const times = (a: HostMatrix, b: HostMatrix) =>
  buildMatrix(a.rows, b.columns, (i, j) => {
    let total = 0
    for (let k = 0; k < a.columns; k++) total += a.data[i * a.columns + k]! * b.data[k * b.columns + j]!
    return total
  })
const near = (a: HostMatrix, b: HostMatrix, tolerance: number) => {
  expect([a.rows, a.columns]).toEqual([b.rows, b.columns])
  a.data.forEach((value, i) => expect(Math.abs(value - b.data[i]!)).toBeLessThanOrEqual(tolerance))
}
const diagonal = (s: ArrayLike<number>) => buildMatrix(s.length, s.length, (i, j) => (i === j ? s[i]! : 0))
const random = (rows: number, columns: number, seed: number) =>
  hostMatrix('test', normal(randomKey(seed), [rows, columns], { dtype: 'float64' }))

describe('matrixSvd', () => {
  const extent = fc.integer({ min: 1, max: 12 })

  test('A = U·diag(s)·Vᵀ, V orthogonal, U orthonormal on the range; any shape and rank', () => {
    fc.assert(
      fc.property(extent, extent, extent, fc.nat(1e6), (m, n, rank, seed) => {
        const a = times(random(m, rank, seed), random(rank, n, seed + 1))
        const { u, s, v } = matrixSvd(a)
        const scale = Math.max(...s)
        near(times(times(u, diagonal(s)), transposed(v)), a, 1e-12 * scale)
        near(times(transposed(v), v), diagonal(new Float64Array(n).fill(1)), 1e-12)
        near(times(transposed(u), u), diagonal(s.map((value) => (value > 0 ? 1 : 0))), 1e-12)
        expect(s.filter((value) => value > 0).length).toBe(Math.min(m, n, rank))
      }),
      { numRuns: 200 },
    )
  })

  test('known values, zeros and repeated ones', () => {
    expect(Array.from(matrixSvd(buildMatrix(3, 2, () => 0)).s)).toEqual([0, 0])
    const { s } = matrixSvd(
      hostMatrix(
        'test',
        tensor(
          [
            [3, 0],
            [4, 5],
          ],
          { dtype: 'float64' },
        ),
      ),
    )
    expect(s[0]).toBeCloseTo(Math.sqrt(45), 13)
    expect(s[1]).toBeCloseTo(Math.sqrt(5), 13)
    expect(Array.from(matrixSvd(diagonal([1, 1, 1])).s)).toEqual([1, 1, 1])
    expect(Array.from(matrixSvd(diagonal([1, 1e-3, 1e-9]), 1e-6).s)).toEqual([1, 1e-3, 0])
  })

  test('a wide matrix of many columns takes no square decomposition', () => {
    const { v } = matrixSvd(random(4, 800, 3))
    const [x, y] = [v.data.filter((_, i) => i % 800 === 2), v.data.filter((_, i) => i % 800 === 700)]
    expect(x.reduce((sum, value, i) => sum + value * y[i]!, 0)).toBeCloseTo(0, 12)
    expect(Math.hypot(...y)).toBeCloseTo(1, 12)
  })

  test('completes bases that already hold unit vectors', () => {
    const first = buildMatrix(4, 2, (i, j) => (i === j + 1 ? -1 : 0))
    const q = completeBasis(first)
    near(times(transposed(q), q), diagonal([1, 1, 1, 1]), 1e-15)
    near(
      buildMatrix(4, 2, (i, j) => q.data[i * 4 + j]!),
      first,
      0,
    )
  })
})

test('pinvFromSvd drops what the element type cannot hold, or what it is told to', () => {
  const a = matrixOperator(
    tensor(
      [
        [1, 0],
        [0, 1e-7],
      ],
      { dtype: 'float64' },
    ),
  )
  const y = fromData(Float64Array.of(1, 1e-7), [1, 2])
  expect(pinvFromSvd(a.svd())(y).dataSync()[1]).toBeCloseTo(1, 9)
  expect(pinvFromSvd(a.svd())(y.cast('float32')).dataSync()[1]).toBe(0)
  expect(pinvFromSvd(a.svd(), { cutoff: 1e-6 })(y).dataSync()[1]).toBe(0)
})

test('norms: from the SVD, or by iteration where there is none', () => {
  const operator = matrixOperator(
    tensor(
      [
        [3, 0],
        [4, 5],
      ],
      { dtype: 'float64' },
    ),
  )
  const { name, inShape, outShape, forward, adjoint } = operator
  const before = memory().tensors
  expect(powerIteration(operator)).toBeCloseTo(Math.sqrt(45), 12)
  expect(operatorNorm({ name, inShape, outShape, forward, adjoint })).toBeCloseTo(Math.sqrt(45), 12)
  expect(memory().tensors - before).toBe(2) // the operator's two constants
  expect(operatorNorm(operator)).toBeCloseTo(Math.sqrt(45), 13)
  expect(powerIteration(matrixOperator(eye(3).mul(0)))).toBe(0)
})

test('denseMatrix has a column for each input element', () => {
  const a = denseMatrix(sr([1, 2, 4], { factor: 2 }))
  expect(a.shape).toEqual([2, 8])
  expect(Array.from(a.dataSync()).map((v) => v * 4)).toEqual([1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 1, 1, 0, 0, 1, 1])
})

test('a constant is made once per element type and outlives scopes', () => {
  const ones = constant(Float64Array.of(1, 1), [2])
  const single = ones(tensor([0]))
  expect([single.dtype, ones(tensor([0]))]).toEqual(['float32', single])
  expect(ones(fromData(new Float64Array(1), [1])).dtype).toBe('float64')
  expect(constant(Int32Array.of(3), [1])(tensor([0])).dtype).toBe('int32')
})

import { grad } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { memory, normal, randomKey, randomWords, scope, tensor } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { hutchinsonDiagonal, hutchinsonTrace, rademacher } from './index.ts'

const n = 5
const keys = (count: number, seed = 3) => Array.from({ length: count }, (_, i) => randomKey(seed).fold(i))
const values = (x: Tensor) => Array.from(x.dataSync())
const random = normal(randomKey(11), [n, n], { dtype: 'float64' })
const matrix = random.add(random.transpose())
const entries = values(matrix)
const A = (v: Tensor) => v.matmul(matrix)
const diagonal = Array.from({ length: n }, (_, i) => entries[i * n + i]!)
const trace = diagonal.reduce((a, b) => a + b, 0)
/** Σ_{j≠i} a_ij² for each i. */
const offDiagonal = Array.from({ length: n }, (_, i) =>
  entries.slice(i * n, i * n + n).reduce((sum, a, j) => sum + (i === j ? 0 : a * a), 0),
)

describe('rademacher', () => {
  test('signs, one stream per key', () => {
    const signs = values(rademacher(keys(400), [7]))
    expect(signs.every((s) => s === 1 || s === -1)).toBe(true)
    const mean = signs.reduce((a, b) => a + b, 0) / signs.length
    expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(signs.length))
    const both = values(rademacher(keys(2), [40]))
    expect(both.slice(40)).toEqual(values(rademacher([keys(2)[1]!], [40])))
    expect(both.slice(40)).not.toEqual(both.slice(0, 40))
    expect(rademacher(keys(2), []).shape).toEqual([2])
  })
})

describe('hutchinson', () => {
  const many = { keys: keys(2000), shape: [n], dtype: 'float64' } as const

  test('the trace is unbiased, and has the variance it should', () => {
    const probes = values(hutchinsonTrace(A, many).trace)
    const mean = probes.reduce((a, b) => a + b, 0) / probes.length
    const variance = 2 * offDiagonal.reduce((a, b) => a + b, 0)
    expect(Math.abs(mean - trace)).toBeLessThan(4 * Math.sqrt(variance / probes.length))
    const spread = probes.reduce((sum, v) => sum + (v - trace) ** 2, 0) / probes.length
    expect(Math.abs(spread / variance - 1)).toBeLessThan(0.2)
  })

  test('its standard error covers the truth', () => {
    const { trace: estimate, standardError } = hutchinsonTrace(A, { ...many, keys: keys(200), probes: 30 })
    const [means, errors] = [values(estimate), values(standardError)]
    const z = means.map((mean, i) => (mean - trace) / errors[i]!)
    expect(z.every((v) => Math.abs(v) < 5)).toBe(true)
    const size = Math.sqrt(z.reduce((sum, v) => sum + v * v, 0) / z.length)
    expect(Math.abs(size - 1)).toBeLessThan(0.25)
    expect(values(hutchinsonTrace(A, { ...many, keys: keys(1) }).standardError)).toEqual([Number.NaN])
  })

  test('the diagonal is unbiased', () => {
    const estimate = values(hutchinsonDiagonal(A, { ...many, probes: 2 }).mean(0))
    estimate.forEach((mean, i) => {
      expect(Math.abs(mean - diagonal[i]!)).toBeLessThan(4 * Math.sqrt(offDiagonal[i]! / 4000))
    })
  })

  test('both are exact for diagonal matrices', () => {
    const scale = tensor(
      [
        [1, -2, 3],
        [4, 5, 0.5],
      ],
      { dtype: 'float64' },
    )
    const options = { keys: keys(2), shape: [3], probes: 3, dtype: 'float64' } as const
    const by = (v: Tensor) => v.mul(scale)
    const { trace: exact, standardError } = hutchinsonTrace(by, options)
    expect([values(exact), values(standardError)]).toEqual([
      [2, 9.5],
      [0, 0],
    ])
    expect(values(hutchinsonDiagonal(by, options))).toEqual(values(scale))
  })

  test('a batch of k equals k singles', () => {
    const options = { ...many, keys: keys(3), probes: 4 }
    const [traces, diagonals] = [hutchinsonTrace(A, options).trace, hutchinsonDiagonal(A, options)]
    keys(3).forEach((key, i) => {
      const single = { ...options, keys: [key] }
      expect(values(hutchinsonTrace(A, single).trace)).toEqual([values(traces)[i]])
      expect(values(hutchinsonDiagonal(A, single))).toEqual(values(diagonals).slice(i * n, i * n + n))
    })
  })

  test('differentiable in what A depends on, and no leaks', () => {
    const before = memory().tensors
    scope(() => {
      const options = { keys: keys(1), shape: [3], probes: 2 }
      const slope = grad((s: Tensor) => hutchinsonTrace((v) => v.mul(s.square()), options).trace.sum())
      expect(values(slope(tensor([1, 2, 3])))).toEqual([2, 4, 6])
      const other = grad((s: Tensor) => hutchinsonDiagonal((v) => v.mul(s.square()), options).sum())
      expect(values(other(tensor([1, 2, 3])))).toEqual([2, 4, 6])
      hutchinsonDiagonal((v) => v, options)
    })
    expect(memory().tensors).toBe(before)
  })

  test('errors', () => {
    const options = { keys: keys(1), shape: [3] }
    expect(() => hutchinsonTrace((v) => v, { ...options, probes: 0 })).toThrow(/probes/)
    expect(() => hutchinsonDiagonal((v) => v.sum(), options)).toThrow(/shape of v/)
  })
})

test('a probe takes one random bit per element, from the lowest of each word up', () => {
  const shape = [5, 15]
  const [a, b] = keys(2)
  const expected = [a!, b!].flatMap((key) => {
    const words = randomWords(key, 3)
    return Array.from({ length: 75 }, (_, i) =>
      Math.floor(words[Math.floor(i / 32)]! / 2 ** (i % 32)) % 2 ? 1 : -1,
    )
  })
  expect(values(rademacher([a!, b!], shape))).toEqual(expected)
})

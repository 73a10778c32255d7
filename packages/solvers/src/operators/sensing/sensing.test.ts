import type { Tensor } from '@tweedie/tensor'
import { eye, fromData, normal, OptionError, randomKey, sizeOf, zeros } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { denseMatrix } from '../../linalg/index.ts'
import { csBlock, csGaussian, csWalshHadamard } from '../index.ts'

type Matrix = readonly (readonly number[])[]

const float64 = { dtype: 'float64' } as const
const list = (x: Tensor) => Array.from(x.dataSync())
const rowsOf = (a: Tensor): number[][] => {
  const [m = 0, n = 0] = a.shape
  const values = list(a)
  return Array.from({ length: m }, (_, i) => values.slice(i * n, (i + 1) * n))
}
const inner = (a: readonly number[], b: readonly number[]) => a.reduce((sum, v, i) => sum + v * b[i]!, 0)
const near = (actual: Matrix, expected: Matrix, tolerance = 1e-13) => {
  expect(actual.map((row) => row.length)).toEqual(expected.map((row) => row.length))
  const gaps = actual.flatMap((row, i) => row.map((v, j) => Math.abs(v - expected[i]![j]!)))
  expect(Math.max(...gaps)).toBeLessThan(tolerance)
}

/** Sylvester's matrices: H₁ = [1], H₂ₙ = [[Hₙ, Hₙ], [Hₙ, −Hₙ]]; not normalised. */
const sylvester = (n: number): Matrix => {
  if (n === 1) return [[1]]
  const half = sylvester(n / 2)
  return [
    ...half.map((row) => [...row, ...row]),
    ...half.map((row) => [...row, ...row.map((value) => -value)]),
  ]
}
const normalised = (n: number): Matrix => sylvester(n).map((row) => row.map((value) => value / Math.sqrt(n)))
const diagonal = (blocks: readonly Matrix[]): Matrix => {
  const total = blocks.reduce((sum, block) => sum + block.length, 0)
  let from = 0
  return blocks.flatMap((block) => {
    const at = from
    from += block.length
    return block.map((row) => Array.from({ length: total }, (_, j) => row[j - at] ?? 0))
  })
}
const kronecker = (a: Matrix, b: Matrix): Matrix =>
  a.flatMap((left) => b.map((right) => left.flatMap((x) => right.map((y) => x * y))))

/** How often a row changes its sign. */
const changes = (row: readonly number[]) =>
  row.slice(1).filter((value, i) => Math.sign(value) !== Math.sign(row[i]!)).length

describe('cs-walsh-hadamard', () => {
  test.each([
    [1, 2],
    [4, 8],
    [2, 64],
    [32, 2],
  ])('whole, on %d×%d, it is the matrix of Sylvester over the pixels in a row', (h, w) => {
    const whole = csWalshHadamard([1, h, w], { ratio: 1 })
    near(rowsOf(denseMatrix(whole)), normalised(h * w))
  })

  test('a side that is no power of two is transformed in parts', () => {
    const [down, across] = [
      diagonal([normalised(4), normalised(2)]),
      diagonal([normalised(2), normalised(1)]),
    ]
    near(rowsOf(denseMatrix(csWalshHadamard([1, 6, 3], { ratio: 1 }))), kronecker(down, across))
  })

  test('measures coefficients at random, the same of each channel, without replacement', () => {
    const shape = [2, 4, 4]
    const all = rowsOf(denseMatrix(csWalshHadamard([1, 4, 4], { ratio: 1 })))
    const seen = (seed: number) => {
      const rows = rowsOf(denseMatrix(csWalshHadamard(shape, { ratio: 0.3, seed })))
      // round(0.3·16) = 5 of each channel.
      expect(rows.length).toBe(10)
      const places = rows.map((row, k) => {
        const part = k < 5 ? row.slice(0, 16) : row.slice(16)
        expect((k < 5 ? row.slice(16) : row.slice(0, 16)).every((value) => value === 0)).toBe(true)
        return all.findIndex((each) => Math.abs(inner(each, part) - 1) < 1e-12)
      })
      expect(places.slice(5)).toEqual(places.slice(0, 5))
      expect(new Set(places).size).toBe(5)
      expect(places.slice(0, 5)).toEqual(places.slice(0, 5).toSorted((a, b) => a - b))
      return places.slice(0, 5)
    }
    expect(seen(3)).toEqual(seen(3))
    expect(seen(3)).not.toEqual(seen(4))
    const counts = new Array<number>(16).fill(0)
    for (let seed = 0; seed < 200; seed++) for (const i of seen(seed)) counts[i]!++
    // Binomial(200, 5/16): mean 62.5, standard deviation 6.6.
    for (const count of counts) expect(Math.abs(count - 62.5)).toBeLessThan(39)
  })

  test.each([16, 32])('order=sequency measures the rows of fewest sign changes, on 1×%d', (n) => {
    const rows = rowsOf(denseMatrix(csWalshHadamard([1, 1, n], { ratio: 5 / n, order: 'sequency' })))
    expect(rows.map(changes)).toEqual([0, 1, 2, 3, 4])
  })

  test('in two dimensions, changes down and across count alike, each over the length of its part', () => {
    const image = (spec: Parameters<typeof csWalshHadamard>[1], shape: number[]) =>
      rowsOf(denseMatrix(csWalshHadamard(shape, { order: 'sequency', ...spec }))).map((row) => {
        const w = shape[2]!
        const lines = Array.from({ length: shape[1]! }, (_, i) => row.slice(i * w, (i + 1) * w))
        return [changes(lines.map((line) => line[0]!)), changes(lines[0]!)]
      })
    // 4×8: a change down is worth 1/4, one across 1/8.
    const expected = [[0, 0], [0, 1], [0, 2], [1, 0], [0, 3], [1, 1], [0, 4]] // biome-ignore format: a table
    expect(image({ ratio: 7 / 32 }, [1, 4, 8])).toEqual(expected)
    // The means of both parts of 1×6 come first.
    const six = rowsOf(denseMatrix(csWalshHadamard([1, 1, 6], { ratio: 1 / 3, order: 'sequency' })))
    near(six, [
      [0.5, 0.5, 0.5, 0.5, 0, 0],
      [0, 0, 0, 0, Math.SQRT1_2, Math.SQRT1_2],
    ])
  })

  test('large pictures take no large matrix', () => {
    const operator = csWalshHadamard([3, 256, 192], { ratio: 0.1 })
    const x = normal([randomKey(1)], [3, 256, 192])
    const y = operator.forward(x)
    expect(y.shape).toEqual([1, 3, 4915])
    // Orthonormal rows: A⁺A is a projection.
    const gap = operator.forward(operator.pinv(y)).sub(y).abs().max().dataSync()[0]
    expect(gap).toBeLessThan(1e-4)
  })
})

describe('cs-block', () => {
  test('its rows are orthonormal, and the same of every block and channel', () => {
    const operator = csBlock([2, 4, 6], { block: 2, ratio: 0.75, seed: 5 })
    expect(operator.outShape).toEqual([2, 6 * 3])
    const rows = rowsOf(denseMatrix(operator))
    near(
      rows.map((a) => rows.map((b) => inner(a, b))),
      rows.map((_, i) => rows.map((__, j) => (i === j ? 1 : 0))),
    )
    /** The four weights of measured number k of a block, from its rows of pixels. */
    const weights = (channel: number, i: number, j: number, k: number) => {
      const row = rows[channel * 18 + (i * 3 + j) * 3 + k]!
      const at = (y: number, x: number) => row[channel * 24 + (2 * i + y) * 6 + 2 * j + x]!
      return [at(0, 0), at(0, 1), at(1, 0), at(1, 1)]
    }
    for (const channel of [0, 1]) {
      for (const i of [0, 1]) {
        for (const j of [0, 1, 2]) {
          for (const k of [0, 1, 2]) {
            const mine = weights(channel, i, j, k)
            expect(inner(mine, mine)).toBeCloseTo(1, 12)
            expect(mine).toEqual(weights(0, 0, 0, k))
          }
        }
      }
    }
  })

  test('a larger ratio measures more of the same rows, another seed others', () => {
    const of = (ratio: number, seed = 0) =>
      rowsOf(denseMatrix(csBlock([1, 3, 3], { block: 3, ratio, seed }))).map((row) => row.map(Math.fround))
    expect(of(1).slice(0, 4)).toEqual(of(0.4))
    expect(of(0.4, 1)).not.toEqual(of(0.4))
  })

  test('rows that nearly cancel are orthogonal all the same', () => {
    // Of the first 30000 seeds this one's 4×4 Gaussian rows are nearest to dependent: one pass leaves 3e-12.
    const rows = rowsOf(denseMatrix(csBlock([1, 2, 2], { block: 2, ratio: 1, seed: 5495 })))
    for (const i of [0, 1, 2, 3])
      for (let j = 0; j < i; j++) expect(Math.abs(inner(rows[i]!, rows[j]!))).toBeLessThan(1e-14)
  })

  test('the matrix is uniform over rotations and reflections', () => {
    const [seeds, n] = [900, 4]
    const entries = Array.from({ length: seeds }, (_, seed) =>
      list(csBlock([1, 2, 2], { block: 2, ratio: 1, seed }).forward(eye(n, float64).reshape([n, 1, 2, 2]))),
    )
    // By Haar's measure E[q] = 0, E[q²] = 1/n and E[q⁴] = 3/(n(n+2)): the mean of q has a standard error of
    // √(1/n/seeds), that of q² of √((3/(n(n+2)) − 1/n²)/seeds).
    for (let i = 0; i < n * n; i++) {
      const values = entries.map((each) => each[i]!)
      const mean = values.reduce((sum, v) => sum + v, 0) / seeds
      const square = values.reduce((sum, v) => sum + v * v, 0) / seeds
      expect(Math.abs(mean)).toBeLessThan(6 * Math.sqrt(1 / n / seeds))
      expect(Math.abs(square - 1 / n)).toBeLessThan(6 * Math.sqrt((3 / (n * (n + 2)) - 1 / n ** 2) / seeds))
    }
  })

  test('blocks of 16×16: A⁺Ax is a solution, V is orthogonal', () => {
    const operator = csBlock([1, 16, 32], { block: 16, ratio: 0.3 })
    expect(operator.outShape).toEqual([1, 2 * 77])
    const x = normal([randomKey(3)], [1, 16, 32], float64)
    const y = operator.forward(x)
    expect(operator.forward(operator.pinv(y)).sub(y).abs().max().dataSync()[0]).toBeLessThan(1e-13)
    const { vt, v } = operator.svd()
    expect(v(vt(x)).sub(x).abs().max().dataSync()[0]).toBeLessThan(1e-13)
  })

  test('the side is the largest up to 32 that divides', () => {
    // One pixel is seen in all numbers of its block: half as many as that has pixels.
    const half = (...shape: number[]) => {
      const pixel = new Float32Array(sizeOf(shape))
      pixel[0] = 1
      const y = csBlock(shape, { ratio: 0.5 }).forward(fromData(pixel, [1, ...shape]))
      return list(y).filter((value) => value !== 0).length
    }
    expect(half(1, 32, 96)).toBe(512)
    expect(half(1, 28, 28)).toBe(392)
    expect(half(1, 12, 40)).toBe(8)
    expect(half(1, 34, 34)).toBe(Math.round(0.5 * 17 ** 2))
    expect(() => csBlock([1, 4, 6], { block: 4 })).toThrow('4 does not divide 4×6; 1, 2 fit')
    for (const block of [0, 65, 1.5]) expect(() => csBlock([1, 64, 64], { block })).toThrow(OptionError)
  })
})

describe('cs-gaussian', () => {
  test('entries are N(0, 1/m), and differ from row to row and from seed to seed', () => {
    const [m, n] = [200, 400]
    const of = (seed: number) => rowsOf(denseMatrix(csGaussian([1, 20, 20], { ratio: 0.5, seed })))
    const rows = of(1)
    const values = rows.flat()
    expect(values.length).toBe(m * n)
    // m·Σ a² is χ² of mn degrees: mean mn, standard deviation √(2mn). √m·Σ a is N(0, mn).
    const squares = m * values.reduce((sum, v) => sum + v * v, 0)
    expect(Math.abs(squares - m * n)).toBeLessThan(6 * Math.sqrt(2 * m * n))
    const sum = Math.sqrt(m) * values.reduce((total, v) => total + v, 0)
    expect(Math.abs(sum)).toBeLessThan(6 * Math.sqrt(m * n))
    // Neighbouring rows and other seeds are uncorrelated: m·Σ a·b has variance n.
    for (const other of [rows[1]!, of(2)[0]!])
      expect(Math.abs(m * inner(rows[0]!, other))).toBeLessThan(6 * Math.sqrt(n) * 1.1)
    expect(of(1)).toEqual(rows)
  })

  test('of samples of any shape; shown by its transpose', () => {
    const operator = csGaussian([5], { ratio: 0.6 })
    expect(operator.outShape).toEqual([3])
    const y = fromData([1, -2, 0.5], [1, 3], float64)
    expect(list(operator.display(y))).toEqual(list(operator.adjoint(y)))
    expect(csGaussian([3, 2, 2]).display(zeros([2, 3])).shape).toEqual([2, 3, 2, 2])
  })

  test('a matrix that is too large is refused with what fits', () => {
    expect(() => csGaussian([3, 256, 256])).toThrow(
      'ratio: 0.25 makes a matrix of 49152×196608, of at most 2^24 entries; ratio up to 0.00043 fits; cs-walsh-hadamard',
    )
    expect(() => csGaussian([3, 4096, 4096])).toThrow(/entries; cs-walsh-hadamard and cs-block/)
    // 4096·4096 is the most: the next ratio is refused before anything is drawn.
    expect(() => csGaussian([1, 64, 65], { ratio: 1 })).toThrow('ratio up to 0.97 fits')
    for (const ratio of [0, -1, 1.01, NaN]) expect(() => csGaussian([9], { ratio })).toThrow(OptionError)
    expect(() => csGaussian([1, 1, 3], { ratio: 0.1 })).toThrow('0.1 of 3 numbers is none')
  })
})

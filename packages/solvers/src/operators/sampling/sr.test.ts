import { readFileSync } from 'node:fs'
import type { Tensor } from '@tweedie/tensor'
import { eye, fromData, normal, ones, randomKey, tensor } from '@tweedie/tensor'
import { describe, expect, expectTypeOf, it, test } from 'vitest'
import { denseMatrix } from '../../linalg/index.ts'
import type { SpectralOperator } from '../parts.ts'
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

type Filter = 'average' | 'bicubic' | 'bilinear' | 'lanczos3' | 'gaussian'
const filters = [
  'average',
  'bicubic',
  'bilinear',
  'lanczos3',
  'gaussian',
] as const satisfies readonly Filter[]

describe('antialiased resizing', () => {
  // tests/fixtures/resize/make.py
  const file = new URL('../../../../../tests/fixtures/resize/resize.json', import.meta.url)
  const {
    height,
    width,
    pillow,
    padded,
  }: Record<'height' | 'width', number> &
    Record<'pillow' | 'padded', Readonly<Record<string, readonly (readonly number[])[]>>> = JSON.parse(
    readFileSync(file, 'utf8'),
  )
  const picture = fromData(
    Float64Array.from({ length: height * width }, (_, k) =>
      Math.cos(0.7 * Math.floor(k / width) + 0.05 * (k % width) ** 2),
    ),
    [1, 1, height, width],
  )
  const made = (name: string) => {
    const [filter, factor] = name.split(' ')
    const operator = sr.make([1, height, width], { filter, factor: Number(factor) })
    return { factor: Number(factor), filter, y: rowsOf(operator.forward(picture), height / Number(factor)) }
  }

  it.each(Object.entries(pillow))('by %s is that of Pillow inside', (name, expected) => {
    const { factor, filter, y } = made(name)
    const reach = { average: 0.5, bilinear: 1, bicubic: 2, lanczos3: 3 }[filter ?? ''] ?? 0
    const edge = Math.ceil(reach - 0.5)
    let compared = 0
    for (let i = edge; i < height / factor - edge; i++) {
      for (let j = edge; j < width / factor - edge; j++) {
        // Pillow computes in double and stores float32; the file has six digits.
        expect(Math.abs(y[i]![j]! - expected[i]![j]!)).toBeLessThan(1e-6)
        compared++
      }
    }
    expect(compared).toBeGreaterThan(10)
  })

  it.each(Object.entries(padded))(
    'by %s is that of a padded correlation, border included',
    (name, expected) => {
      made(name).y.forEach((row, i) => {
        row.forEach((value, j) => expect(Math.abs(value - expected[i]![j]!)).toBeLessThan(1e-11))
      })
    },
  )

  it('by 2 has the taps −3, −9, 29, 111, 111, 29, −9, −3 of 256', () => {
    // ½·k(¼), ½·k(¾) … of Keys' cubic; beyond the edge the image is mirrored: pixel −1 is pixel 0, −3 is pixel 2.
    const matrix = rowsOf(denseMatrix(sr([1, 8, 2], { factor: 2, filter: 'bicubic' })), 4)
    // Both columns count a half each.
    const rows = matrix.map((row) => row.filter((_, k) => k % 2 === 0).map((value) => 512 * value))
    const expected = [
      [111 + 29, 111 - 9, 29 - 3, -9, -3, 0, 0, 0],
      [-9 - 3, 29, 111, 111, 29, -9, -3, 0],
      [0, -3, -9, 29, 111, 111, 29, -9 - 3],
      [0, 0, 0, -3, -9, 29 - 3, 111 - 9, 111 + 29],
    ]
    rows.forEach((row, i) => row.forEach((value, j) => expect(value).toBeCloseTo(expected[i]![j]!, 11)))
  })

  it.each(filters)('by %s keeps constants, is its mirror image under flips, and by 1 …', (filter) => {
    for (const factor of [2, 3, 4, 5]) {
      const operator = sr([1, 2 * factor, factor], { factor, filter })
      operator
        .forward(ones([1, 1, 2 * factor, factor], float64))
        .dataSync()
        .forEach((value) => expect(value).toBeCloseTo(1, 13))
      const matrix = Array.from(denseMatrix(operator).dataSync())
      matrix.forEach((value, k) => expect(value).toBeCloseTo(matrix[matrix.length - 1 - k]!, 13))
    }
    const same = rowsOf(denseMatrix(sr([1, 3, 1], { factor: 1, filter })), 3)
    // Interpolating kernels are 1 at 0 and 0 at all other integers; the Gaussian is not one.
    same.forEach((row, i) =>
      row.forEach((value, j) =>
        filter === 'gaussian'
          ? expect(value > 0.01).toBe(Math.abs(i - j) < 2)
          : expect(value).toBeCloseTo(i === j ? 1 : 0, 13),
      ),
    )
  })
})

test('every filter gives the type and the decomposition', () => {
  for (const filter of filters) {
    const operator = sr([3, 6, 12], { factor: 3, filter })
    expectTypeOf(operator).toEqualTypeOf<SpectralOperator>()
    expect(operator.outShape).toEqual([3, 2, 4])
    expect(operator.svd().singularValues.filter((s) => s > 0).length).toBe(24)
  }
})

describe('a filter of one’s own', () => {
  const dense = (taps: readonly number[], factor: number, extent: number) =>
    rowsOf(denseMatrix(sr([1, extent, factor], { factor, taps })), extent / factor)

  it('of as many equal taps as the factor is the mean of blocks', () => {
    for (const factor of [2, 3, 4]) {
      const [own, means] = [{ factor, taps: Array(factor).fill(2) }, { factor }].map((options) =>
        denseMatrix(sr([2, 3 * factor, 2 * factor], options)).dataSync(),
      )
      own!.forEach((value, k) => expect(value).toBeCloseTo(means![k]!, 13))
    }
  })

  it('of the published taps by 2 is bicubic, borders included', () => {
    const taps = [-3, -9, 29, 111, 111, 29, -9, -3]
    const [own, bicubic] = [{ taps }, { filter: 'bicubic' as const }].map((options) =>
      denseMatrix(sr([1, 12, 8], { factor: 2, ...options })).dataSync(),
    )
    own!.forEach((value, k) => expect(value).toBeCloseTo(bicubic![k]!, 12))
  })

  it('weighs in the order of the pixels, over the sum, mirrored about the edges', () => {
    // By 3 of 6 pixels, five taps around pixels 1 and 4; columns are constant.
    const rows = dense([1, 2, 3, 4, 10], 3, 6).map((row) => Array.from({ length: 6 }, (_, j) => row.slice(3 * j, 3 * j + 3).reduce((a, b) => a + b, 0))) // biome-ignore format: one line
    const expected = [
      [1 + 2, 3, 4, 10, 0, 0],
      [0, 0, 1, 2, 3, 4 + 10],
    ]
    rows.forEach((row, i) => row.forEach((value, j) => expect(value).toBeCloseTo(expected[i]![j]! / 20, 13)))
    const columns = rowsOf(denseMatrix(sr([1, 3, 6], { factor: 3, taps: [1, 2, 3, 4, 10] })), 2)
    columns.forEach((row, i) => {
      const along = Array.from({ length: 6 }, (_, j) => row[j]! + row[6 + j]! + row[12 + j]!)
      along.forEach((value, j) => expect(value).toBeCloseTo(expected[i]![j]! / 20, 13))
    })
    // An even number about an odd middle begins half a pixel to the left: pixels 0 and 1, then 3 and 4.
    const even = dense([1, 3], 3, 6).map((row) => row.findIndex((value) => value > 0) / 3)
    expect(even).toEqual([0, 3].map((pixel) => expect.closeTo(pixel, 6)))
  })

  it('takes tensors along one axis, and refuses what is none', () => {
    const list = denseMatrix(sr([1, 4, 4], { factor: 2, taps: [1, 2] })).dataSync()
    for (const shape of [[2], [1, 2], [2, 1], [1, 1, 2]])
      expect(
        denseMatrix(sr([1, 4, 4], { factor: 2, taps: tensor([1, 2]).reshape(shape) })).dataSync(),
      ).toEqual(list)
    expect(() => sr([1, 4, 4], { factor: 2, taps: [1, -1] })).toThrow(
      'taps: must have a finite sum other than 0',
    )
    expect(() =>
      sr([1, 4, 4], {
        factor: 2,
        taps: tensor([
          [1, 2],
          [3, 4],
        ]),
      }),
    ).toThrow('taps')
    expect(() => sr([1, 4, 4], { factor: 2, taps: [] })).toThrow('taps')
  })
})

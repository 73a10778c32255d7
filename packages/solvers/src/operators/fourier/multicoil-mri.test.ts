import type { Tensor } from '@tweedie/tensor'
import { fromData, NonFiniteError, normal, OptionError, randomKey, ShapeError, zeros } from '@tweedie/tensor'
import { Matrix, solve } from 'ml-matrix'
import { describe, expect, test } from 'vitest'
import { proximal } from '../../inner/index.ts'
import { denseMatrix, operatorNorm } from '../../linalg/index.ts'
import { mri, multicoilMri } from '../index.ts'
import { givenMaps, simulatedMaps } from './coil-maps.ts'
import { sampledPlaces } from './masks.ts'

const float64 = { dtype: 'float64' } as const
const random = (seed: number, ...shape: number[]) => normal(randomKey(seed), shape, float64)
const values = (x: Tensor) => Array.from(x.dataSync())
const near = (actual: readonly number[], expected: readonly number[], tolerance = 1e-12) => {
  expect(actual.length).toBe(expected.length)
  actual.forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(tolerance))
}

describe('simulated sensitivities', () => {
  test.each([1, 2, 3, 8])('of %d coils have sum of squares 1 and are those of two wires each', (coils) => {
    const [h, w, radius] = [5, 7, 1.8]
    const { re, im } = simulatedMaps(coils, h, w, radius)
    for (let p = 0; p < h; p++) {
      for (let q = 0; q < w; q++) {
        const [x, y] = [(q + 0.5) / (w / 2) - 1, (p + 0.5) / (h / 2) - 1]
        // The field of a wire at a: current times (−(y − a_y), x − a_x)/ρ², B_x − iB_y over −i.
        const fields = Array.from({ length: coils }, (_, i) => {
          const [bx, by] = [0, 0].map((_zero, axis) =>
            [1, -1].reduce((sum, current) => {
              const angle = (2 * Math.PI * i) / coils + (current * Math.PI) / (2 * coils)
              const [dx, dy] = [x - radius * Math.cos(angle), y - radius * Math.sin(angle)]
              return sum + (current * (axis === 0 ? -dy : dx)) / (dx ** 2 + dy ** 2)
            }, 0),
          ) as [number, number]
          return [by, bx] as const // (B_x − iB_y)/(−i) = B_y + iB_x
        })
        const root = Math.hypot(...fields.flat())
        let total = 0
        for (let i = 0; i < coils; i++) {
          const at = (i * h + p) * w + q
          expect(re[at]).toBeCloseTo(fields[i]![0] / root, 12)
          expect(im[at]).toBeCloseTo(fields[i]![1] / root, 12)
          total += re[at]! ** 2 + im[at]! ** 2
        }
        expect(total).toBeCloseTo(1, 13)
      }
    }
  })

  test('each coil sees most of the side it is on', () => {
    const [coils, n] = [4, 32]
    const { re, im } = simulatedMaps(coils, n, n, 1.5)
    const size = (i: number, p: number, q: number) =>
      Math.hypot(re[(i * n + p) * n + q]!, im[(i * n + p) * n + q]!)
    // Coils 0 … 3 at the right, the bottom, the left and the top.
    const borders = [
      [16, 31],
      [31, 16],
      [16, 0],
      [0, 16],
    ] as const
    borders.forEach(([p, q], side) => {
      const sizes = [0, 1, 2, 3].map((i) => size(i, p, q))
      expect(sizes.indexOf(Math.max(...sizes))).toBe(side)
    })
  })
})

/** By its sums, coil by coil, of one complex image. */
function sums(
  x: readonly number[],
  h: number,
  w: number,
  coils: number,
  radius: number,
  places: Int32Array,
): number[] {
  const { re, im } = simulatedMaps(coils, h, w, radius)
  const [ch, cw] = [Math.floor(h / 2), Math.floor(w / 2)]
  const out: number[] = []
  for (let i = 0; i < coils; i++) {
    const parts: [number[], number[]] = [[], []]
    for (const place of places) {
      const [k, l] = [Math.floor(place / w) - ch, (place % w) - cw]
      let [sumRe, sumIm] = [0, 0]
      for (let at = 0; at < h * w; at++) {
        const angle = -2 * Math.PI * (((Math.floor(at / w) - ch) * k) / h + (((at % w) - cw) * l) / w)
        const [a, b] = [x[at]!, x[h * w + at]!]
        const [s, t] = [re[i * h * w + at]!, im[i * h * w + at]!]
        const [u, v] = [a * s - b * t, a * t + b * s]
        sumRe += (u * Math.cos(angle) - v * Math.sin(angle)) / Math.sqrt(h * w)
        sumIm += (u * Math.sin(angle) + v * Math.cos(angle)) / Math.sqrt(h * w)
      }
      parts[0].push(sumRe)
      parts[1].push(sumIm)
    }
    out.push(...parts[0], ...parts[1])
  }
  return out
}

test.each([
  [6, 8],
  [7, 5],
])('measures what each coil sees of %d×%d images, real and complex', (h, w) => {
  const options = { coils: 3, radius: 2, acceleration: 2, pattern: 'random', seed: 3 } as const
  const places = sampledPlaces(h, w, { ...options, centre: undefined, decay: undefined })
  const x = random(1, 1, 4, h, w)
  const v = values(x)
  const plane = h * w
  const pick = (i: number) => v.slice(i * plane, (i + 1) * plane)
  const zero = new Array<number>(plane).fill(0)
  const complex = multicoilMri([4, h, w], { ...options, image: 'complex' })
  expect(complex.outShape).toEqual([2, 3, 2, places.length])
  const by = (image: number[]) => sums(image, h, w, 3, 2, places)
  near(values(complex.forward(x)), [...by([...pick(0), ...pick(1)]), ...by([...pick(2), ...pick(3)])])
  const real = multicoilMri([4, h, w], options)
  expect(real.outShape).toEqual([4, 3, 2, places.length])
  near(
    values(real.forward(x)),
    [0, 1, 2, 3].flatMap((i) => by([...pick(i), ...zero])),
  )
})

test('of all frequencies A is an isometry, of fewer ‖A‖ ≤ 1', () => {
  for (const image of ['real', 'complex'] as const) {
    const all = multicoilMri([2, 6, 7], { acceleration: 1, coils: 3, image })
    const x = random(2, 2, 2, 6, 7)
    near(values(all.adjoint(all.forward(x))), values(x))
    const some = multicoilMri([2, 6, 7], { acceleration: 3, coils: 3, image })
    expect(operatorNorm(some)).toBeLessThan(1 + 1e-12)
    expect(some.svd).toBeUndefined()
    expect(some.pinv).toBeUndefined()
  }
})

test('one coil of sensitivity 1 is mri', () => {
  const maps = fromData(
    [...new Array<number>(30).fill(1), ...new Array<number>(30).fill(0)],
    [1, 2, 5, 6],
    float64,
  )
  const x = random(3, 2, 2, 5, 6)
  for (const image of ['real', 'complex'] as const) {
    const options = { acceleration: 2, seed: 5, image } as const
    const [many, one] = [multicoilMri([2, 5, 6], { ...options, maps }), mri([2, 5, 6], options)]
    const y = one.forward(x)
    near(values(many.forward(x)), values(y))
    near(values(many.adjoint(y.reshape([2, ...many.outShape]))), values(one.adjoint(y)))
    near(values(many.display(y.reshape([2, ...many.outShape]))), values(one.display(y)))
  }
})

test('given maps: parts in turn, checked', () => {
  const maps = random(4, 3, 2, 2, 4)
  const { coils, re, im } = givenMaps(maps, 2, 4)
  expect(coils).toBe(3)
  const v = values(maps)
  near(Array.from(re), [...v.slice(0, 8), ...v.slice(16, 24), ...v.slice(32, 40)])
  near(Array.from(im), [...v.slice(8, 16), ...v.slice(24, 32), ...v.slice(40, 48)])
  expect(() => multicoilMri([1, 4, 2], { maps })).toThrow('maps must be [K, 2, 4, 2]')
  expect(() => multicoilMri([1, 2, 4], { maps: zeros([2, 2, 4]) })).toThrow(ShapeError)
  expect(() => multicoilMri([1, 2, 4], { maps: maps.mul(NaN) })).toThrow(NonFiniteError)
  expect(() => multicoilMri([1, 2, 4], { maps, coils: 3 })).toThrow('maps: go without coils and radius')
  expect(() => multicoilMri([1, 2, 4], { maps, radius: 2 })).toThrow(OptionError)
})

test('its proximal point is by conjugate gradients, as by a dense solve', () => {
  for (const image of ['real', 'complex'] as const) {
    const operator = multicoilMri([2, 4, 5], { acceleration: 2.5, coils: 2, image })
    const [x, y] = [random(5, 2, 2, 4, 5), random(6, 2, ...operator.outShape)]
    const [sigmaY, rho] = [0.3, 0.8]
    const dense = denseMatrix(operator)
    const a = Matrix.from1DArray(dense.shape[0]!, dense.shape[1]!, values(dense))
    const precision = a
      .transpose()
      .mmul(a)
      .div(sigmaY ** 2)
      .add(Matrix.eye(40, 40, rho ** -2))
    const expected = [0, 1].flatMap((i) => {
      const [xi, yi] = [values(x.slice([i, i + 1])), values(y.slice([i, i + 1]))]
      const right = a
        .transpose()
        .mmul(Matrix.columnVector(yi))
        .div(sigmaY ** 2)
      return solve(precision, right.add(Matrix.columnVector(xi).div(rho ** 2))).to1DArray()
    })
    near(values(proximal({ operator, y, sigmaY }, x, rho, { tolerance: 1e-13 })), expected, 1e-10)
  }
})

test('shows the magnitude of the combined image: of all frequencies the image itself', () => {
  const x = random(7, 2, 2, 6, 5).clamp(-1, 1)
  const real = multicoilMri([2, 6, 5], { acceleration: 1, coils: 3 })
  near(values(real.display(real.forward(x))), values(x))
  const complex = multicoilMri([2, 6, 5], { acceleration: 1, coils: 3, image: 'complex' })
  const v = values(x)
  const shown = complex.display(complex.forward(x))
  expect(shown.shape).toEqual([2, 1, 6, 5])
  near(
    values(shown),
    Array.from({ length: 60 }, (_, i) => {
      const at = 60 * Math.floor(i / 30) + (i % 30)
      return 2 * Math.hypot(v[at]!, v[at + 30]!) - 1
    }),
  )
})

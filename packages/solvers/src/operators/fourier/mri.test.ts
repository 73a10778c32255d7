import type { Tensor } from '@tweedie/tensor'
import { fromData, normal, ones, randomKey, zeros } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { mri } from '../index.ts'
import { sampledPlaces } from './masks.ts'

const float64 = { dtype: 'float64' } as const
const random = (seed: number, ...shape: number[]) => normal(randomKey(seed), shape, float64)
const values = (x: Tensor) => Array.from(x.dataSync())
const plain = { centre: undefined, decay: undefined, seed: 0 }
const columnsOf = (places: Int32Array, width: number) => [...new Set(Array.from(places, (at) => at % width))]

describe('masks', () => {
  test.each([
    [320, 4, 80, 26],
    [320, 8, 40, 13],
    [10, 2, 5, 1],
    [9, 3, 3, 1],
    [1, 4, 1, 1],
  ])(
    'random columns of %d at acceleration %d: %d, of which %d in the middle',
    (width, acceleration, count, low) => {
      const middle = Array.from({ length: low }, (_, i) => Math.floor((width - low + 1) / 2) + i)
      expect(middle).toContain(Math.floor(width / 2)) // frequency 0
      let always = Array.from({ length: width }, (_, i) => i)
      for (let seed = 0; seed < 40; seed++) {
        const places = sampledPlaces(3, width, { ...plain, pattern: 'random', acceleration, seed })
        expect(places).toEqual(places.toSorted())
        expect(places.length).toBe(3 * count)
        const columns = columnsOf(places, width)
        expect(columns.length).toBe(count)
        always = always.filter((i) => columns.includes(i))
      }
      // Another column is in all 40 with a probability of less than 1e-11.
      expect(always).toEqual(middle)
    },
  )

  test('without decay no column outside the middle is favoured; with it, those near the middle are', () => {
    const counts = (decay: number) => {
      const counted = new Array<number>(20).fill(0)
      for (let seed = 0; seed < 600; seed++) {
        const places = sampledPlaces(1, 20, { ...plain, pattern: 'random', acceleration: 4, decay, seed })
        for (const at of places) counted[at]!++
      }
      return counted
    }
    // Columns 9 and 10 are the middle. Of the other 18, three: 600/6 = 100 each, standard deviation 9.1; six of them.
    const even = counts(0)
    expect(even.slice(9, 11)).toEqual([600, 600])
    for (const [i, count] of even.entries())
      if (i !== 9 && i !== 10) expect(Math.abs(count - 100)).toBeLessThan(55)
    // At decay 6 the first two draws of a column at distance d weigh (1 − d/11)^6: the four nearest have 0.74 of all.
    const near = counts(6)
    const total = (columns: readonly number[]) => columns.reduce((sum, i) => sum + near[i]!, 0)
    expect(total([7, 8, 11, 12])).toBeGreaterThan(900)
    expect(total([0, 1, 2, 3, 4, 15, 16, 17, 18, 19])).toBeLessThan(300)
  })

  test('equispaced columns lie at a distance that counts the middle', () => {
    // W = 40, R = 4, 3 in the middle: (40 − 3)/(10 − 3) = 5.29 from 0 … 4.
    const starts = new Set<number>()
    for (let seed = 0; seed < 40; seed++) {
      const places = sampledPlaces(2, 40, { ...plain, pattern: 'equispaced', acceleration: 4, seed })
      const columns = columnsOf(places, 40)
      const from = columns[0]!
      starts.add(from)
      const expected = new Set([19, 20, 21])
      for (let at = from; at < 39.5; at += 37 / 7) expected.add(Math.round(at))
      expect(columns).toEqual([...expected].sort((a, b) => a - b))
    }
    expect([...starts].sort()).toEqual([0, 1, 2, 3, 4])
    const all = sampledPlaces(1, 12, { ...plain, pattern: 'equispaced', acceleration: 1 })
    expect(all.length).toBe(12)
    const one = sampledPlaces(1, 12, { ...plain, pattern: 'equispaced', acceleration: 12 })
    expect(Array.from(one)).toEqual([6])
  })

  test('spokes go through frequency 0, all at angles of their own, and nearly as many as the acceleration says', () => {
    for (const [height, width, acceleration] of [
      [40, 40, 4],
      [31, 50, 6],
      [9, 9, 2],
    ] as const) {
      const options = { ...plain, pattern: 'radial', acceleration } as const
      const places = sampledPlaces(height, width, options)
      const middle = Math.floor(height / 2) * width + Math.floor(width / 2)
      expect(places).toContain(middle)
      expect(places).toEqual(places.toSorted())
      // A spoke has at most max(H, W) + 1 pixels, so the nearest number of them misses by half of that.
      expect(Math.abs(places.length - (height * width) / acceleration)).toBeLessThanOrEqual(
        (Math.max(height, width) + 1) / 2,
      )
      expect(sampledPlaces(height, width, options)).toEqual(places)
      expect(sampledPlaces(height, width, { ...options, seed: 1 })).not.toEqual(places)
    }
    // Of one spoke alone: a line, symmetric about the middle, connected from border to border.
    const line = sampledPlaces(21, 21, { ...plain, pattern: 'radial', acceleration: 21 })
    expect(line.length).toBe(21)
    const points = Array.from(line, (at) => [Math.floor(at / 21) - 10, (at % 21) - 10] as const)
    for (const [p, q] of points) expect(points).toContainEqual([-p || 0, -q || 0])
    // The second is turned by 111.25° against the first, the third by as much again.
    const three = sampledPlaces(101, 101, { ...plain, pattern: 'radial', acceleration: 34 })
    const border = Array.from(three, (at) => [Math.floor(at / 101) - 50, (at % 101) - 50] as const).filter(
      ([p, q]) => Math.max(Math.abs(p), Math.abs(q)) === 50 && (p > 0 || (p === 0 && q > 0)),
    )
    const angles = border.map(([p, q]) => (Math.atan2(p, q) * 180) / Math.PI).sort((a, b) => a - b)
    expect(angles.length).toBe(3)
    // Of lines, 111.25 and 222.49 are 111.25 and 42.49: apart by 42.49, 68.76 and 68.76, in whatever order they lie.
    const gaps = angles
      .map((angle, i) => (((angles[(i + 1) % 3]! - angle) % 180) + 180) % 180)
      .sort((a, b) => a - b)
    ;[42.49, 68.75, 68.75].forEach((gap, i) => expect(Math.abs(gaps[i]! - gap)).toBeLessThan(1.5))
    const all = sampledPlaces(4, 6, { ...plain, pattern: 'radial', acceleration: 1 })
    expect(all.length).toBe(24)
  })

  test('seeds, sides and patterns draw apart', () => {
    const columns = (seed: number) =>
      columnsOf(sampledPlaces(1, 64, { ...plain, pattern: 'random', acceleration: 4, seed }), 64)
    expect(columns(3)).toEqual(columns(3))
    expect(columns(3)).not.toEqual(columns(4))
  })
})

/** y by its sum, [re of each place, im of each place], of one complex image. */
function sums(
  re: readonly number[],
  im: readonly number[],
  h: number,
  w: number,
  places: Int32Array,
): number[] {
  const out = new Array<number>(2 * places.length).fill(0)
  const [ch, cw] = [Math.floor(h / 2), Math.floor(w / 2)]
  places.forEach((at, j) => {
    const [k, l] = [Math.floor(at / w) - ch, (at % w) - cw]
    for (let p = 0; p < h; p++) {
      for (let q = 0; q < w; q++) {
        const angle = -2 * Math.PI * (((p - ch) * k) / h + ((q - cw) * l) / w)
        const [c, s] = [Math.cos(angle) / Math.sqrt(h * w), Math.sin(angle) / Math.sqrt(h * w)]
        const [a, b] = [re[p * w + q]!, im[p * w + q]!]
        out[j]! += a * c - b * s
        out[places.length + j]! += a * s + b * c
      }
    }
  })
  return out
}
const near = (actual: readonly number[], expected: readonly number[]) => {
  expect(actual.length).toBe(expected.length)
  actual.forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-12))
}

test.each([
  [6, 8],
  [7, 5],
])('measures the frequencies of the mask of %d×%d images, real and complex', (h, w) => {
  const x = random(1, 1, 2, h, w)
  const plane = h * w
  for (const pattern of ['random', 'equispaced', 'radial'] as const) {
    const places = sampledPlaces(h, w, { ...plain, pattern, acceleration: 2 })
    const [a, b] = [values(x).slice(0, plane), values(x).slice(plane)]
    const zero = new Array<number>(plane).fill(0)
    const real = mri([2, h, w], { pattern, acceleration: 2 })
    expect(real.outShape).toEqual([2, 2, places.length])
    near(values(real.forward(x)), [...sums(a, zero, h, w, places), ...sums(b, zero, h, w, places)])
    const complex = mri([2, h, w], { pattern, acceleration: 2, image: 'complex' })
    expect(complex.outShape).toEqual([1, 2, places.length])
    near(values(complex.forward(x)), sums(a, b, h, w, places))
  }
})

test('of real images a pair of frequencies has 1 where both were measured, √½ where one was, and A⁺ takes the mean', () => {
  // W = 6 about column 3: column 0 and 3 are their own negatives, 2 and 4, 1 and 5 pairs.
  const singular = (w: number, acceleration: number, seed: number) => {
    const columns = columnsOf(sampledPlaces(1, w, { ...plain, pattern: 'random', acceleration, seed }), w)
    const s = Array.from(mri([1, 1, w], { acceleration, seed }).svd().singularValues)
    return { columns, s }
  }
  const seen = new Set<number>()
  for (let seed = 0; seed < 20; seed++) {
    const { columns, s } = singular(6, 2, seed)
    const expected = [0, 1, 2, 3, 4, 5].map((k) => {
      const has = (at: number) => (columns.includes(at) ? 1 : 0)
      const other = (6 - k) % 6
      return k === other ? has(k) : Math.sqrt((has(k) + has(other)) / 2)
    })
    expect(s).toEqual(expected)
    for (const value of s) seen.add(value)
  }
  expect([...seen].sort()).toEqual([0, Math.sqrt(0.5), 1])
  // All of three frequencies, with noise that no real image has: X[−1] = 1 + 2i, X[0] = 5 + 3i, X[1] = 3 + 4i.
  const operator = mri([1, 1, 3], { acceleration: 1 })
  const y = fromData([1, 5, 3, 2, 3, 4], [1, 1, 2, 3], float64)
  // X[1] = 2 + i by the mean with the conjugate of X[−1]; X[0] = 5.
  near(values(operator.forward(operator.pinv(y))), [2, 5, 2, -1, 0, 1])
  expect(Array.from(operator.svd().singularValues)).toEqual([1, 1, 1])
})

test('shows the magnitude of the zero-filled image', () => {
  const real = mri([1, 8, 8], { acceleration: 1 })
  const x = random(2, 2, 1, 8, 8).clamp(-1, 1)
  near(values(real.display(real.forward(x))), values(x))
  // Nothing was measured: intensity 1 everywhere, mid-grey.
  near(values(real.display(zeros([1, 1, 2, 64], float64))), new Array<number>(64).fill(0))
  const complex = mri([4, 8, 8], { acceleration: 1, image: 'complex' })
  const z = random(3, 2, 4, 8, 8)
  const shown = complex.display(complex.forward(z))
  expect(shown.shape).toEqual([2, 2, 8, 8])
  const v = values(z)
  near(
    values(shown),
    Array.from({ length: 256 }, (_, i) => {
      const at = 128 * Math.floor(i / 64) + (i % 64)
      return 2 * Math.hypot(v[at]!, v[at + 64]!) - 1
    }),
  )
  const constant = mri([1, 8, 8], { acceleration: 4 })
  near(
    values(constant.display(constant.forward(ones([1, 1, 8, 8], float64).mul(0.25)))),
    new Array<number>(64).fill(0.25),
  )
})

import {
  eye,
  fromData,
  NonFiniteError,
  OptionError,
  randomKey,
  ShapeError,
  tensor,
  uniform,
} from '@tweedie/tensor'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { blur, demosaic, denoise, grey, inpaint, luma601, matrixOperator, separable, sr } from './index.ts'

const list = (x: { dataSync(): ArrayLike<number> }) => Array.from(x.dataSync())
const ramp = (...shape: number[]) =>
  fromData(
    Float64Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => i),
    shape,
  )
const near = (actual: ArrayLike<number>, expected: readonly number[], digits = 12) => {
  expect(actual.length).toBe(expected.length)
  expected.forEach((value, i) => expect(actual[i]).toBeCloseTo(value, digits))
}

describe('inpainting', () => {
  test('a box hides its rectangle in every channel', () => {
    const operator = inpaint([2, 3, 4], { box: [1, 2], at: [1, 2] })
    const y = operator.forward(ramp(1, 2, 3, 4))
    expect(list(y)).toEqual([0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 20, 21, 22, 23])
    expect(y.shape).toEqual([1, 2, 10])
    expect(list(operator.display(y)).slice(0, 12)).toEqual([0, 1, 2, 3, 4, 5, 0, 0, 8, 9, 10, 11])
  })

  test('is centred, to the top left where it cannot be', () => {
    const shown = (h: number, w: number, box: number) => {
      const operator = inpaint([1, h, w], { box })
      return list(operator.display(operator.forward(ramp(1, 1, h, w).add(1)))).flatMap((v, i) =>
        v === 0 ? [i] : [],
      )
    }
    expect(shown(4, 4, 2)).toEqual([5, 6, 9, 10])
    expect(shown(3, 4, 2)).toEqual([1, 2, 5, 6])
  })

  test('boxes that do not fit', () => {
    const shape = [1, 4, 6]
    for (const box of [0, 1.5, NaN, [0, 3] as const]) {
      expect(() => inpaint(shape, { box })).toThrow(
        'box: must be an integer of at least 1, or two such as 14x10',
      )
    }
    for (const box of [5, [4, 7] as const, [5, 6] as const]) {
      expect(() => inpaint(shape, { box })).toThrow(/does not fit into 4×6; 1×1 … 4×6 does/)
    }
    expect(() => inpaint(shape, { box: [4, 6] })).toThrow(/hides the whole image/)
    for (const at of [
      [3, 0],
      [0, 5],
    ] as const) {
      expect(() => inpaint(shape, { box: 2, at })).toThrow(/rows 0 … 2 and columns 0 … 4 fit/)
    }
    for (const at of [
      [-1, 0],
      [0.5, 0],
    ] as const) {
      expect(() => inpaint(shape, { box: 2, at })).toThrow('at: must be two integers of at least 0')
    }
    expect(() => inpaint([4, 6], { box: 2 })).toThrow(ShapeError)
  })

  test('random masks hide the exact count, differ by seed only, and favour no pixel', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 9 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.nat(),
        (h, w, fraction, seed) => {
          const hidden = Math.round(fraction * h * w)
          if (hidden === h * w) {
            expect(() => inpaint([1, h, w], { random: fraction, seed })).toThrow(/at least one must remain/)
          } else {
            expect(inpaint([3, h, w], { random: fraction, seed }).outShape).toEqual([3, h * w - hidden])
          }
        },
      ),
    )
    const kept = (seed: number, channels = 1) =>
      list(inpaint([channels, 5, 5], { random: 0.6, seed }).forward(ramp(1, channels, 5, 5)))
    expect(kept(3)).toEqual(kept(3))
    expect(kept(3)).not.toEqual(kept(4))
    expect(kept(3)).toEqual(kept(3).toSorted((a, b) => a - b))
    expect(kept(3, 2)).toEqual([...kept(3), ...kept(3).map((i) => i + 25)])
    const counts = new Array<number>(25).fill(0)
    for (let seed = 0; seed < 500; seed++) for (const i of kept(seed)) counts[i]!++
    // Binomial(500, 0.4): mean 200, standard deviation 11.
    for (const count of counts) expect(Math.abs(count - 200)).toBeLessThan(50)
    for (const random of [-0.1, 1, 1.1, NaN]) {
      expect(() => inpaint([1, 5, 5], { random })).toThrow(OptionError)
    }
    expect(() => inpaint([1, 5, 5], { random: 0.5, seed: -1 })).toThrow(OptionError)
  })

  /** Row-major places that are hidden, of the first channel. */
  const hiddenIn = (shape: [number, number, number], options: Parameters<typeof inpaint>[1]) => {
    const operator = inpaint(shape, options)
    const shown = list(operator.display(operator.forward(ramp(1, ...shape).add(1))))
    const [, h, w] = shape
    return shown.slice(0, h * w).flatMap((v, i) => (v === 0 ? [i] : []))
  }

  test('lines at a distance, kept or hidden, in every channel', () => {
    const rows = (k: number) => ({ lines: 'rows', keep: k }) as const
    expect(list(inpaint([2, 3, 2], rows(2)).forward(ramp(1, 2, 3, 2)))).toEqual([0, 1, 4, 5, 6, 7, 10, 11])
    expect(hiddenIn([1, 3, 2], rows(2))).toEqual([2, 3])
    expect(hiddenIn([1, 3, 2], rows(9))).toEqual([2, 3, 4, 5])
    expect(hiddenIn([1, 3, 2], { lines: 'rows', hide: 2 })).toEqual([0, 1, 4, 5])
    expect(hiddenIn([1, 2, 4], { lines: 'columns', keep: 3 })).toEqual([1, 2, 5, 6])
    expect(hiddenIn([1, 2, 4], { lines: 'columns', hide: 3 })).toEqual([0, 3, 4, 7])
    expect(() => inpaint([1, 1, 4], { lines: 'rows', hide: 2 })).toThrow('hide: hides all 1 rows')
    for (const k of [1, 0, 2.5]) expect(() => inpaint([1, 4, 4], rows(k))).toThrow(OptionError)
  })

  test('random lines hide the exact count, whole, and favour none', () => {
    const counts = new Array<number>(7).fill(0)
    for (let seed = 0; seed < 700; seed++) {
      const hidden = hiddenIn([1, 7, 3], { lines: 'rows', random: 0.4, seed })
      // round(0.4·7) = 3 rows of 3 pixels.
      expect(hidden.length).toBe(9)
      for (const i of hidden) if (i % 3 === 0) counts[i / 3]!++
      expect(new Set(hidden.map((i) => Math.floor(i / 3))).size).toBe(3)
    }
    // Binomial(700, 3/7): mean 300, standard deviation 13.1.
    for (const count of counts) expect(Math.abs(count - 300)).toBeLessThan(79)
    const columns = hiddenIn([1, 3, 7], { lines: 'columns', random: 0.4, seed: 1 })
    expect(columns.slice(3, 6)).toEqual(columns.slice(0, 3).map((i) => i + 7))
  })

  test('a box lies anywhere within its margin, as often here as there', () => {
    const counts = new Map<string, number>()
    for (let seed = 0; seed < 1200; seed++) {
      const hidden = hiddenIn([1, 9, 7], { box: [4, 2], margin: [1, 2], seed })
      const [row, column] = [Math.floor(hidden[0]! / 7), hidden[0]! % 7]
      expect(hidden).toEqual([0, 1, 2, 3].flatMap((i) => [0, 1].map((j) => (row + i) * 7 + column + j)))
      const place = `${row},${column}`
      counts.set(place, (counts.get(place) ?? 0) + 1)
    }
    // Rows 1 … 4, columns 2 and 3: each Binomial(1200, 1/8), mean 150, standard deviation 11.5.
    const places = [1, 2, 3, 4].flatMap((row) => [2, 3].map((column) => `${row},${column}`))
    expect([...counts.keys()].toSorted()).toEqual(places.toSorted())
    for (const count of counts.values()) expect(Math.abs(count - 150)).toBeLessThan(69)
    // Half of each side where no box is said; one number is a margin on all sides; one place may be left.
    expect(hiddenIn([1, 4, 4], { margin: 1 })).toEqual([5, 6, 9, 10])
    expect(hiddenIn([1, 5, 4], { box: [5, 1], margin: [0, 1], seed: 3 }).length).toBe(5)
    expect(() => inpaint([1, 4, 6], { box: 2, margin: [0, 3] })).toThrow(
      'margin: twice 3 and a box of 2 exceed 6 columns; 0 … 2 fit',
    )
  })

  test('any mask, from tensors and arrays', () => {
    const shape = [2, 1, 2]
    const x = ramp(1, 2, 1, 2)
    const shared = inpaint(shape, { mask: tensor([[false, true]]) })
    expect([shared.outShape, list(shared.forward(x))]).toEqual([
      [2, 1],
      [1, 3],
    ])
    const own = inpaint(shape, { mask: [0, 1, 1, 1] })
    expect([own.outShape, list(own.forward(x))]).toEqual([[3], [1, 2, 3]])
    expect(inpaint(shape, { mask: tensor([[[1, 0]]]) }).outShape).toEqual([2, 1])
    expect(() => inpaint(shape, { mask: [0, 0] })).toThrow(/at least one/)
    expect(() => inpaint(shape, { mask: [1, 1, 1] })).toThrow(/2 \(for all channels\) or 4 fit/)
    expect(() => inpaint(shape, { mask: tensor([[1], [1]]) })).toThrow(ShapeError)
    expect(inpaint(shape, { mask: Int8Array.of(0, 1) }).outShape).toEqual([2, 1])
    // Light is half and more, as in pictures of masks with soft edges.
    expect(inpaint(shape, { mask: [0.49, 0.5] }).outShape).toEqual([2, 1])
    expect(inpaint(shape, { mask: [0.2, 1, 255, -1] }).outShape).toEqual([2])
  })
})

test('pooling takes the means of blocks', () => {
  const operator = sr([1, 4, 6], { factor: 2 })
  expect(list(operator.forward(ramp(1, 1, 4, 6)))).toEqual([3.5, 5.5, 7.5, 15.5, 17.5, 19.5])
  expect(
    list(
      operator.adjoint(
        tensor([
          [
            [
              [4, 0, 0],
              [0, 0, 8],
            ],
          ],
        ]),
      ),
    ),
  ).toEqual([1, 1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 2, 2])
  expect(() => sr([1, 12, 18], { factor: 4 })).toThrow('4 does not divide 12×18; 1, 2, 3, 6 fit')
  for (const factor of [0, 1.5, -2]) expect(() => sr([1, 4, 4], { factor })).toThrow(OptionError)
})

describe('blur', () => {
  /** The 2-D sum over the kernel, written out. */
  const direct = (
    x: Float64Array,
    h: number,
    w: number,
    size: number,
    std: number,
    at: (i: number, n: number) => number,
  ) => {
    const r = (size - 1) / 2
    const out = new Float64Array(h * w)
    let total = 0
    for (let u = -r; u <= r; u++)
      for (let v = -r; v <= r; v++) total += Math.exp(-(u * u + v * v) / (2 * std * std))
    for (let i = 0; i < h; i++) {
      for (let j = 0; j < w; j++) {
        for (let u = -r; u <= r; u++) {
          for (let v = -r; v <= r; v++) {
            const [p, q] = [at(i + u, h), at(j + v, w)]
            const value = p < 0 || q < 0 ? 0 : x[p * w + q]!
            out[i * w + j]! += (Math.exp(-(u * u + v * v) / (2 * std * std)) / total) * value
          }
        }
      }
    }
    return Array.from(out)
  }
  const beyond = {
    circular: (i: number, n: number) => ((i % n) + n * 9) % n,
    zero: (i: number, n: number) => (i < 0 || i >= n ? -1 : i),
    reflect: (i: number, n: number) => {
      let at = i
      while (n > 1 && (at < 0 || at >= n)) at = at < 0 ? -at : 2 * n - 2 - at
      return n === 1 ? 0 : at
    },
  }

  test.each(['circular', 'zero', 'reflect'] as const)('is the convolution, boundary %s', (boundary) => {
    for (const [h, w, size, std] of [
      [6, 5, 3, 0.8],
      [4, 7, 9, 1.5],
      [1, 3, 5, 1],
    ] as const) {
      const x = uniform(randomKey(h), [1, 1, h, w], { dtype: 'float64' })
      const operator = blur([1, h, w], { size, std, boundary })
      near(
        operator.forward(x).dataSync(),
        direct(x.dataSync() as Float64Array, h, w, size, std, beyond[boundary]),
      )
    }
  })

  test('circular is the default; it and reflect keep constant images', () => {
    const x = uniform(randomKey(0), [1, 2, 8, 8], { dtype: 'float64' })
    const shape = [2, 8, 8]
    const options = { size: 5, std: 1.5 }
    expect(list(blur(shape, options).forward(x))).toEqual(
      list(blur(shape, { ...options, boundary: 'circular' }).forward(x)),
    )
    for (const boundary of ['circular', 'reflect'] as const) {
      near(
        blur(shape, { ...options, boundary })
          .forward(x.mul(0).add(0.7))
          .dataSync(),
        new Array(128).fill(0.7),
      )
    }
  })

  test('a cutoff removes the singular values that noise would drown', () => {
    const shape = [1, 16, 16]
    const options = { size: 15, std: 2.5 }
    const full = blur(shape, options).svd().singularValues
    const cut = blur(shape, { ...options, rcond: 0.03 }).svd().singularValues
    full.forEach((s, i) => expect(cut[i]).toBe(s > 0.03 * Math.max(...full) ? s : 0))
  })

  test('wrong options', () => {
    const shape = [1, 8, 8]
    const options = { size: 5, std: 1 }
    for (const size of [0, 4, 2.5])
      expect(() => blur(shape, { ...options, size })).toThrow('size: must be an odd integer of at least 1')
    for (const std of [0, -1, NaN]) expect(() => blur(shape, { ...options, std })).toThrow(OptionError)
    for (const rcond of [-1, 1, NaN]) expect(() => blur(shape, { ...options, rcond })).toThrow(OptionError)
    const boundary = 'wrap' as 'zero'
    expect(() => blur(shape, { ...options, boundary })).toThrow(
      'boundary: must be circular | zero | reflect | symmetric | valid, got wrap',
    )
  })
})

test('grey is the weighted sum of the channels', () => {
  const x = tensor([[[[1]], [[0]], [[-1]]]], { dtype: 'float64' })
  near(grey([3, 1, 1]).forward(x).dataSync(), [0])
  const luma = grey([3, 1, 1], { weights: luma601 })
  near(luma.forward(x).dataSync(), [0.299 - 0.114])
  // Brightest along the weights: A⁺y = w·y/‖w‖².
  const square = luma601.reduce((sum, w) => sum + w * w, 0)
  near(
    luma.pinv(tensor([[[[2]]]], { dtype: 'float64' })).dataSync(),
    luma601.map((w) => (2 * w) / square),
  )
  expect(grey([4, 2, 2]).outShape).toEqual([1, 2, 2])
  near(
    grey([2, 1, 1])
      .forward(tensor([[[[0.5]], [[-0.1]]]], { dtype: 'float64' }))
      .dataSync(),
    [0.2],
  )
  expect(() => grey([1, 2, 2])).toThrow(/at least 2 channels/)
  expect(() => grey([3, 2, 2], { weights: [1, 1] })).toThrow('weights: are 2 for 3 channels')
  for (const weights of [
    [0, 0, 0],
    [1, NaN, 0],
    [1, Infinity, 0],
  ]) {
    expect(() => grey([3, 2, 2], { weights })).toThrow(OptionError)
  }
})

test.each([
  ['RGGB', ['RGR', 'GBG', 'RGR']],
  ['BGGR', ['BGB', 'GRG', 'BGB']],
  ['GRBG', ['GRG', 'BGB', 'GRG']],
  ['GBRG', ['GBG', 'RGR', 'GBG']],
] as const)('demosaic:%s measures one colour a pixel', (pattern, rows) => {
  const operator = demosaic([3, 3, 3], { pattern })
  // 0 … 8 are red, 9 … 17 green, 18 … 26 blue.
  const y = operator.forward(ramp(1, 3, 3, 3))
  expect(y.shape).toEqual([1, 1, 3, 3])
  const colours = list(y).map((value) => [value % 9, 'RGB'[Math.floor(value / 9)]] as const)
  expect(colours.map(([pixel]) => pixel)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
  expect(colours.map(([, colour]) => colour).join('')).toBe(rows.join(''))
  // Shown in its colours, with 0 for the other two.
  const shown = list(operator.display(y))
  expect(shown.map((value, i) => value === i || value === 0).every(Boolean)).toBe(true)
  expect(shown.filter((value) => value !== 0).length).toBe(pattern.startsWith('R') ? 8 : 9)
  expect(() => demosaic([4, 2, 2], { pattern })).toThrow('needs 3 channels')
  expect(list(demosaic([3, 1, 2], { pattern }).forward(ramp(1, 3, 1, 2)))).toEqual(
    [...rows[0].slice(0, 2)].map((colour, i) => 2 * 'RGB'.indexOf(colour) + i),
  )
})

test('denoising takes samples of any shape', () => {
  const operator = denoise([5])
  expect(list(operator.forward(ramp(2, 5)))).toEqual(list(ramp(2, 5)))
})

test('matrices act as they should on vectors, images and planes', () => {
  const a = tensor([
    [1, 2, 3, 4],
    [0, 0, 1, 0],
  ])
  const operator = matrixOperator(a, { inShape: [1, 2, 2], outShape: [2, 1] })
  expect(
    list(
      operator.forward(
        tensor([
          [
            [
              [1, 1],
              [1, 1],
            ],
          ],
        ]),
      ),
    ),
  ).toEqual([10, 1])
  expect(operator.forward(ramp(3, 1, 2, 2)).shape).toEqual([3, 2, 1])
  expect(list(separable(tensor([[1, -1]]), eye(2)).forward(ramp(1, 1, 2, 2)))).toEqual([-2, -2])
  expect(() => matrixOperator(a, { inShape: [3] })).toThrow(/takes 4 elements to 2/)
  expect(() => matrixOperator(tensor([1, 2]))).toThrow(ShapeError)
  expect(() => matrixOperator(tensor([[1, NaN]]))).toThrow(NonFiniteError)
  expect(() => separable(eye(2), eye(2), { channels: 0 })).toThrow(OptionError)
})

test('shapes that are no images', () => {
  for (const shape of [
    [4, 4],
    [1, 0, 4],
    [1, 2.5, 4],
  ]) {
    expect(() => sr(shape, { factor: 1 })).toThrow(/must be \[C, H, W\] of positive integers/)
  }
})

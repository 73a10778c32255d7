import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Tensor } from '@tweedie/tensor'
import { fromData, normal, randomKey, ShapeError, zeros } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { jpeg } from '../index.ts'
import { quantisationTables } from './jpeg-tables.ts'

// Tables and coefficients of libjpeg, and the script that made them.
const fixtures = join(import.meta.dirname, '../../../../../tests/fixtures/jpeg')
const fixture = (name: string) => JSON.parse(readFileSync(join(fixtures, `${name}.json`), 'utf8'))

interface Encoded {
  readonly subsampling: 'grey' | '4:4:4' | '4:2:0'
  readonly quality: number
  readonly height: number
  readonly width: number
  readonly pixels: readonly number[]
  readonly coefficients: readonly (readonly number[])[]
}
const encoded: readonly Encoded[] = fixture('coefficients')
const tables: Readonly<Record<string, readonly number[][]>> = fixture('tables')

/** Levels 0 … 255 as a batch in the data range. */
const picture = (levels: readonly number[], shape: readonly number[]) =>
  fromData(
    Float64Array.from(levels, (level) => (2 * level) / 255 - 1),
    [1, ...shape],
  )
const list = (x: Tensor) => Array.from(x.dataSync())
/** y in units of 255 levels. */
const levelsOf = (y: Tensor) => list(y).map((value) => (value * 255) / 2)

test('the tables of every quality are those that libjpeg writes', () => {
  expect(Object.keys(tables).length).toBe(19)
  for (const [quality, [luma, chroma]] of Object.entries(tables))
    expect(quantisationTables(Number(quality)), quality).toEqual({ luma, chroma })
})

test('a block that is known', () => {
  // The example of Wallace's article on the standard as many texts have it: the pixels and, at quality 50, the coefficients.
  // biome-ignore format: a table
  const pixels = [
    52, 55, 61, 66, 70, 61, 64, 73,
    63, 59, 55, 90, 109, 85, 69, 72,
    62, 59, 68, 113, 144, 104, 66, 73,
    63, 58, 71, 122, 154, 106, 70, 69,
    67, 61, 68, 104, 126, 88, 68, 70,
    79, 65, 60, 70, 77, 68, 58, 75,
    85, 71, 64, 59, 55, 61, 65, 83,
    87, 79, 69, 68, 65, 76, 78, 94,
  ]
  // biome-ignore format: a table
  const rounded = [
    -26, -3, -6, 2, 2, -1, 0, 0,
    0, -2, -4, 1, 1, 0, 0, 0,
    -3, 1, 5, -1, -1, 0, 0, 0,
    -3, 1, 2, -1, 0, 0, 0, 0,
    1, 0, 0, 0, 0, 0, 0, 0,
    ...new Array<number>(24).fill(0),
  ]
  const operator = jpeg([1, 8, 8], { quality: 50 })
  const y = levelsOf(operator.forward(picture(pixels, [1, 8, 8])))
  const { luma } = quantisationTables(50)
  y.forEach((value, i) => expect(value).toBeCloseTo(rounded[i]! * luma[i]!, 10))
})

/** The step of a coefficient at a place of a plane of a width. */
const stepAt = (table: readonly number[], i: number, width: number) =>
  table[8 * (Math.floor(i / width) % 8) + ((i % width) % 8)]!

describe('coefficients of libjpeg', () => {
  test.each(encoded.filter(({ subsampling }) => subsampling === 'grey'))(
    'grey, $height×$width, quality $quality: the same',
    ({ quality, height, width, pixels, coefficients }) => {
      const shape = [1, height, width]
      const y = levelsOf(jpeg(shape, { quality }).forward(picture(pixels, shape)))
      const { luma } = quantisationTables(quality)
      y.forEach((value, i) => expect(value).toBeCloseTo(coefficients[0]![i]! * stepAt(luma, i, width), 9))
    },
  )

  test.each(encoded.filter(({ subsampling }) => subsampling !== 'grey'))(
    'colour, $subsampling, quality $quality: as near as its rounding of Y, Cb and Cr lets them be',
    ({ subsampling, quality, height, width, pixels, coefficients }) => {
      if (subsampling === 'grey') throw new Error('of colour')
      const shape = [3, height, width]
      const x = picture(pixels, shape)
      const y = levelsOf(jpeg(shape, { quality, subsampling }).forward(x))
      // With steps of 1: the coefficients to ½.
      const fine = levelsOf(jpeg(shape, { quality: 100, subsampling }).forward(x))
      const { luma, chroma } = quantisationTables(quality)
      const half = subsampling === '4:2:0' ? width / 2 : width
      let equal = 0
      let at = 0
      coefficients.forEach((plane, p) =>
        plane.forEach((theirs, i) => {
          const step = p === 0 ? stepAt(luma, i, width) : stepAt(chroma, i, half)
          // libjpeg rounds Y, Cb and Cr to levels (½ each) and means of four of them again (½); a coefficient is at most 8
          // times the largest error. Its transform of integers is off by less than 1.
          const slack = step / 2 + 8 * (p > 0 && subsampling === '4:2:0' ? 1 : 0.5) + 0.5 + 1
          expect(Math.abs(fine[at]! - theirs * step)).toBeLessThanOrEqual(slack)
          expect(Math.abs(y[at]! / step - Math.round(y[at]! / step))).toBeLessThan(1e-9)
          if (Math.round(y[at]! / step) === theirs) equal++
          at++
        }),
      )
      expect(at).toBe(y.length)
      // Nearly all are the same: those of zeros alone are more than half.
      expect(equal / at).toBeGreaterThan(0.9)
    },
  )
})

test('colours are those of BT.601 in full range', () => {
  const operator = jpeg([3, 8, 8], { quality: 100, subsampling: '4:4:4' })
  const plane = (level: number) => new Array<number>(64).fill(level)
  // JFIF: Y, Cb − 128 and Cr − 128 of red, green, blue and white.
  for (const [rgb, [luma, blue, red]] of [
    [
      [255, 0, 0],
      [0.299 * 255, -0.168736 * 255, 0.5 * 255],
    ],
    [
      [0, 255, 0],
      [0.587 * 255, -0.331264 * 255, -0.418688 * 255],
    ],
    [
      [0, 0, 255],
      [0.114 * 255, 0.5 * 255, -0.081312 * 255],
    ],
    [
      [255, 255, 255],
      [255, 0, 0],
    ],
  ] as const) {
    const y = levelsOf(operator.forward(picture(rgb.flatMap(plane), [3, 8, 8])))
    // The first coefficient is 8 times the mean, here in steps of 1.
    const expected = [8 * (luma - 128), 8 * blue, 8 * red]
    expected.forEach((value, p) => expect(Math.abs(y[64 * p]! - value)).toBeLessThanOrEqual(0.501))
    y.forEach((value, i) => (i % 64 === 0 ? 0 : expect(Math.abs(value)).toBeLessThan(1e-9)))
  }
})

test('of 2×2 pixels the mean, the top left one, or each', () => {
  const first = (subsampling: '4:2:0' | '4:2:0-corner' | '4:4:4') => {
    // Blue where row and column are even, black elsewhere.
    const blue = Array.from({ length: 256 }, (_, i) => (i % 2 === 0 && (i >> 4) % 2 === 0 ? 255 : 0))
    const x = picture([...new Array<number>(512).fill(0), ...blue], [3, 16, 16])
    return levelsOf(jpeg([3, 16, 16], { quality: 100, subsampling }).forward(x))[256]!
  }
  expect(first('4:2:0')).toBeCloseTo(255, 9) // 8·127.5/4
  expect(first('4:2:0-corner')).toBeCloseTo(1020, 9)
  expect(first('4:4:4')).toBeCloseTo(255, 9)
  expect(jpeg([3, 16, 32]).outShape).toEqual([768])
  expect(jpeg([3, 16, 32], { subsampling: '4:4:4' }).outShape).toEqual([1536])
  expect(jpeg([1, 8, 24]).outShape).toEqual([192])
})

test('decoding gives the picture back, the better the finer', () => {
  // A smooth picture in colour: rounding is the only loss.
  const shape = [3, 16, 32]
  const x = fromData(
    Float64Array.from({ length: 1536 }, (_, i) => 0.5 * Math.sin(0.2 * (i % 32) + 0.3 * Math.floor(i / 32))),
    [1, ...shape],
  )
  const errorOf = (quality: number) => {
    const operator = jpeg(shape, { quality, subsampling: '4:4:4' })
    const gap = list(operator.pinv(operator.forward(x)).sub(x))
    return Math.sqrt(gap.reduce((sum, value) => sum + value * value, 0) / gap.length)
  }
  // With steps of 1 each of 3·64 coefficients of a block is off by at most ½ level; R, G and B by at most 1 + 1.772 times that.
  expect(errorOf(100)).toBeLessThan(2.772 * 0.5 * (2 / 255))
  expect(errorOf(100)).toBeLessThan(errorOf(50))
  expect(errorOf(50)).toBeLessThan(errorOf(5))
  // Decoding is affine: what noise adds to y, the inverse transform adds to x, of the same length for a grey picture.
  const grey = jpeg([1, 16, 16])
  const y = grey.forward(normal([randomKey(1)], [1, 16, 16], { dtype: 'float64' }))
  const noise = normal([randomKey(2)], [256], { dtype: 'float64' })
  const added = list(grey.pinv(y.add(noise)).sub(grey.pinv(y)))
  const square = (values: readonly number[]) => values.reduce((sum, value) => sum + value * value, 0)
  expect(square(added)).toBeCloseTo(square(list(noise)), 9)
  expect(list(grey.display(y))).toEqual(list(grey.pinv(y)))
})

test('coefficients of 0 are the level 128', () => {
  for (const shape of [
    [1, 8, 8],
    [3, 16, 16],
  ]) {
    const operator = jpeg(shape)
    const x = operator.pinv(zeros([1, ...operator.outShape], { dtype: 'float64' }))
    for (const value of list(x)) expect(value).toBeCloseTo((2 * 128) / 255 - 1, 14)
  }
})

test('pictures of part blocks, or other channels, are refused with what fits', () => {
  expect(() => jpeg([1, 28, 30])).toThrow('sides must be multiples of 8; 24×24 and 32×32 fit')
  expect(() => jpeg([3, 24, 32])).toThrow('sides must be multiples of 16; 16×32 and 32×32 fit')
  expect(() => jpeg([1, 5, 8])).toThrow('sides must be multiples of 8; 8×8 fits')
  expect(() => jpeg([3, 24, 32], { subsampling: '4:4:4' })).not.toThrow()
  for (const channels of [2, 4]) expect(() => jpeg([channels, 16, 16])).toThrow(ShapeError)
})

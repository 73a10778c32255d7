import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compare, dense, fill, laidOut, layoutOf, mismatch, shapes } from '../oracle.test.helper.ts'
import { scanKernels } from './scan.ts'

const special = [0, -0, 1, -1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]

const cases = shapes(4)
  .filter((shape) => shape.length > 0 && !shape.includes(0))
  .chain((shape) =>
    fc.tuple(
      layoutOf(shape.length).map((layout) => laidOut(shape, layout)),
      fc.nat(shape.length - 1),
    ),
  )

describe.each(['argmax', 'cumsum'] as const)('%s gives the bits of the reference', (primitive) => {
  test('for any sizes, axes and layouts', () => {
    fc.assert(
      fc.property(cases, ([x, axis]) => {
        expect(mismatch(compare(scanKernels, primitive, [x], { axis }), 0)).toBeUndefined()
      }),
      { numRuns: 300 },
    )
  })

  test('with NaN, infinities and ties', () => {
    // Not NaN beside ∞ − ∞: which of two NaN a sum of both gives, by sign, is the engine's choice.
    const values = fc.constantFrom(Number.NaN, Number.NEGATIVE_INFINITY).chain((without) => {
      const others = special.filter((value) => !Object.is(value, without))
      return fc.array(fc.constantFrom(...others), { minLength: 1, maxLength: 60, size: 'max' })
    })
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 19 }), (list, across) => {
        const n = list.length
        const rows = dense(
          [across, n],
          Float32Array.from({ length: n * across }, (_, i) => list[(i * 7) % n]!),
        )
        const columns = dense([n, across], rows.data)
        for (const [x, axis] of [
          [rows, 1],
          [columns, 0],
        ] as const) {
          expect(mismatch(compare(scanKernels, primitive, [x], { axis }), 0)).toBeUndefined()
        }
      }),
      { numRuns: 200 },
    )
  })

  test.each([
    [3, 1000, 1],
    [1, 50, 300],
    [5, 3, 70],
  ])('of [%d, %d, %d] along the middle axis', (...shape) => {
    const x = dense(
      shape,
      fill(
        'float32',
        shape.reduce((a, b) => a * b),
        1,
      ),
    )
    expect(mismatch(compare(scanKernels, primitive, [x], { axis: 1 }), 0)).toBeUndefined()
  })

  test('float64 is left to the reference', () => {
    const x = dense([2], fill('float64', 2, 1), 'float64')
    expect(() => compare(scanKernels, primitive, [x], { axis: 0 })).toThrow('declined')
  })
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compare, dense, fill, laidOut, layoutOf, mismatch, shapes } from '../oracle.test.helper.ts'
import { reduceKernels } from './kernels.ts'

describe('reductions', () => {
  for (const primitive of ['reduceSum', 'reduceMax', 'reduceMin'] as const) {
    test(`${primitive} agrees with the reference in any layout over any axes`, () => {
      const property = shapes(6).chain((shape) => {
        const axes = fc.subarray(shape.map((_, i) => i))
        return fc.tuple(
          layoutOf(shape.length).map((layout) => laidOut(shape, layout)),
          axes,
          fc.boolean(),
        )
      })
      fc.assert(
        fc.property(property, ([x, axes, keepDims]) => {
          fc.pre(primitive === 'reduceSum' || !x.shape.includes(0))
          // Both sum in float64 and round once.
          expect(
            mismatch(compare(reduceKernels, primitive, [x], { axes, keepDims }), 6e-8, 1e-14),
          ).toBeUndefined()
        }),
        { numRuns: 400 },
      )
    })
  }

  test('NaN anywhere is an extreme', () => {
    for (const at of [0, 5, 33, 40]) {
      const data = fill('float32', 41, 1)
      data[at] = Number.NaN
      for (const primitive of ['reduceMax', 'reduceMin'] as const) {
        const { actual } = compare(reduceKernels, primitive, [dense([41], data)], {
          axes: [0],
          keepDims: false,
        })
        expect([...actual]).toEqual([Number.NaN])
      }
    }
  })

  test('all of a long tensor, to the last element of the last piece', () => {
    for (const count of [65_535, 65_536, 65_537, 100_003]) {
      const data = fill('float32', count, 11)
      for (const value of [9, Number.NaN]) {
        for (const at of [0, 16_384, 65_534, count - 1]) {
          const changed = data.slice()
          changed[at] = value
          const x = dense([count], changed)
          for (const primitive of ['reduceSum', 'reduceMax', 'reduceMin'] as const) {
            const params = { axes: [0], keepDims: false }
            expect(mismatch(compare(reduceKernels, primitive, [x], params), 6e-8, 1e-11)).toBeUndefined()
          }
        }
      }
    }
  })

  test('the sum of many float32 is their exact sum rounded', () => {
    const data = fill('float32', 300_000, 7).map((v) => v + 100)
    const { actual } = compare(reduceKernels, 'reduceSum', [dense([300_000], data)], {
      axes: [0],
      keepDims: false,
    })
    expect(actual[0]).toBe(Math.fround((data as Float32Array).reduce((a, b) => a + b, 0)))
  })
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { DType } from '../../dtype.ts'
import { ShapeError } from '../../errors.ts'
import type { HostView } from '../../reference/host.ts'
import { compare, dense, fill, laidOut, layoutOf, mismatch, shapes } from '../oracle.test.helper.ts'
import { copyKernels } from './copy.ts'

const dtypes = fc.constantFrom<DType>('float32', 'float64', 'int32', 'bool')
const view = (shape: readonly number[], dtype: DType) =>
  layoutOf(shape.length).map((l) => laidOut(shape, l, dtype))
const anyView = fc.tuple(shapes(), dtypes).chain(([shape, dtype]) => view(shape, dtype))

describe('moving kernels agree with the reference', () => {
  test('contiguous, in any layout', () => {
    fc.assert(
      fc.property(anyView, (x) => {
        expect(mismatch(compare(copyKernels, 'contiguous', [x], {}), 0)).toBeUndefined()
      }),
      { numRuns: 300 },
    )
  })

  test.each([
    [4, 4],
    [16, 16],
    [17, 5],
    [5, 17],
    [33, 50],
    [3, 9],
    [1, 8],
  ])('transposes of %d×%d, stacked', (rows, columns) => {
    const x: HostView = {
      data: fill('float32', 3 * rows * columns + 2, 1),
      dtype: 'float32',
      shape: [3, rows, columns],
      strides: [rows * columns, 1, rows],
      offset: 2,
    }
    expect(mismatch(compare(copyKernels, 'contiguous', [x], {}), 0)).toBeUndefined()
  })

  test('contiguous of broadcast views', () => {
    const data = fill('float32', 24, 2)
    for (const strides of [
      [0, 4, 1],
      [4, 1, 0],
      [0, 0, 0],
      [1, 0, 4],
      [4, 0, 1],
    ]) {
      const x: HostView = {
        data,
        dtype: 'float32',
        shape: [4, 6, 5].map((n, i) => (strides[i] === 1 ? 4 : n)),
        strides,
        offset: 0,
      }
      expect(mismatch(compare(copyKernels, 'contiguous', [x], {}), 0)).toBeUndefined()
    }
  })

  test('contiguous of repeated pixels', () => {
    const extents = fc.tuple(...[3, 4, 40].map((max) => fc.integer({ min: 1, max })))
    const repeats = fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 7 }))
    const property = fc.tuple(extents, repeats, dtypes).chain(([shape, [down, across], dtype]) =>
      view(shape, dtype).map((x): HostView => {
        const [c, h, w] = x.strides as [number, number, number]
        return { ...x, shape: [shape[0]!, shape[1]!, down, shape[2]!, across], strides: [c, h, 0, w, 0] }
      }),
    )
    fc.assert(
      fc.property(property, (x) => {
        expect(mismatch(compare(copyKernels, 'contiguous', [x], {}), 0)).toBeUndefined()
      }),
      { numRuns: 300 },
    )
  })

  test('pad', () => {
    const property = anyView.chain((x) => {
      const widths = fc.array(fc.nat(3), { minLength: x.shape.length, maxLength: x.shape.length })
      return fc.tuple(fc.constant(x), widths, widths)
    })
    fc.assert(
      fc.property(property, ([x, low, high]) => {
        expect(mismatch(compare(copyKernels, 'pad', [x], { low, high }), 0)).toBeUndefined()
      }),
    )
  })

  test('concat', () => {
    const property = fc
      .tuple(
        shapes().filter((s) => s.length > 0),
        dtypes,
        fc.nat(),
        fc.array(fc.nat(5), { minLength: 1, maxLength: 3 }),
      )
      .chain(([shape, dtype, at, lengths]) => {
        const axis = at % shape.length
        const parts = lengths.map((n) =>
          view(
            shape.map((extent, i) => (i === axis ? n : extent)),
            dtype,
          ),
        )
        return fc.tuple(fc.constant(axis), fc.tuple(...parts))
      })
    fc.assert(
      fc.property(property, ([axis, parts]) => {
        expect(mismatch(compare(copyKernels, 'concat', parts, { axis }), 0)).toBeUndefined()
      }),
    )
  })

  test('gather and scatterAdd', () => {
    const property = fc.tuple(shapes(4), fc.nat(3)).chain(([rest, at]) => {
      const axis = Math.min(at, rest.length)
      const shape = rest.toSpliced(axis, 0, 5)
      const picks = fc.array(fc.nat(shape[axis]! - 1), { maxLength: 7 })
      return fc.tuple(view(shape, 'float32'), fc.constant(axis), picks).chain(([x, a, list]) => {
        const updates = view(
          shape.map((n, i) => (i === a ? list.length : n)),
          'float32',
        )
        return fc.tuple(fc.constant(x), fc.constant(a), fc.constant(list), updates)
      })
    })
    fc.assert(
      fc.property(property, ([x, axis, list, updates]) => {
        const indices = dense([list.length], Int32Array.from(list), 'int32')
        expect(mismatch(compare(copyKernels, 'gather', [x, indices], { axis }), 0)).toBeUndefined()
        const size = x.shape[axis]!
        expect(
          mismatch(compare(copyKernels, 'scatterAdd', [updates, indices], { axis, size }), 0),
        ).toBeUndefined()
      }),
    )
  })

  test.each([-1, 4])('index %d outside an axis of 4 is an error', (index) => {
    const indices = dense([2], Int32Array.of(0, index), 'int32')
    const x = dense([4, 3], fill('float32', 12, 1))
    expect(() => compare(copyKernels, 'gather', [x, indices], { axis: 0 })).toThrow(ShapeError)
    const updates = dense([2, 3], fill('float32', 6, 1))
    expect(() => compare(copyKernels, 'scatterAdd', [updates, indices], { axis: 0, size: 4 })).toThrow(
      ShapeError,
    )
  })
})

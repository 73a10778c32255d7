import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { HostView } from '../../reference/index.ts'
import { checkContraction } from '../contraction-oracle.test.helper.ts'
import { compare, dense, fill, laidOut, layoutOf } from '../oracle.test.helper.ts'
import { matmulKernels } from './kernels.ts'

function check(a: HostView, b: HostView): void {
  checkContraction(matmulKernels, 'matmul', [a, b], {}, a.shape.at(-1)!)
}

const matrix = (shape: readonly number[]) => layoutOf(shape.length).map((layout) => laidOut(shape, layout))
/** The same view with one axis broadcast. */
const broadcast = (x: HostView, axis: number): HostView => ({
  ...x,
  strides: x.strides.map((stride, i) => (i === axis ? 0 : stride)),
})

describe('matmul agrees with the reference', () => {
  const extent = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constantFrom(0, 31, 32, 33, 48, 50))

  test('for any sizes and layouts', () => {
    const pair = fc
      .tuple(fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 }), extent, extent, extent)
      .chain(([batch, m, k, n]) => fc.tuple(matrix([...batch, m, k]), matrix([...batch, k, n])))
    fc.assert(
      fc.property(pair, fc.nat(8), fc.boolean(), ([a, b], axis, left) => {
        if (axis >= a.shape.length) check(a, b)
        else check(left ? broadcast(a, axis) : a, left ? b : broadcast(b, axis))
      }),
      { numRuns: 300 },
    )
  })

  // Beyond one cache block in each direction.
  test.each([
    [170, 3, 5],
    [5, 700, 9],
    [9, 330, 830],
    [165, 325, 17],
    [1, 700, 40],
    [40, 700, 1],
    [2, 5, 1003],
  ])('[%d × %d] · [· × %d], plain and transposed', (m, k, n) => {
    const [a, b] = [dense([m, k], fill('float32', m * k, 1)), dense([k, n], fill('float32', k * n, 2))]
    const transposed = ({ data, shape: [rows, columns] }: HostView): HostView => ({
      ...dense([rows!, columns!], data),
      strides: [1, rows!],
    })
    for (const left of [a, transposed(a)]) for (const right of [b, transposed(b)]) check(left, right)
  })

  test('a row of a matrix times a vector does not depend on the other rows', () => {
    const [a, x] = [dense([37, 45], fill('float32', 37 * 45, 1)), dense([45, 1], fill('float32', 45, 2))]
    const all = compare(matmulKernels, 'matmul', [a, x], {}).actual
    for (const row of [0, 18, 36]) {
      const one = compare(matmulKernels, 'matmul', [{ ...a, shape: [1, 45], offset: 45 * row }, x], {}).actual
      expect(one[0]).toBe(all[row])
    }
  })

  test('a stack times one matrix is one tall product', () => {
    check(dense([3, 5, 7], fill('float32', 105, 1)), broadcast(dense([3, 7, 9], fill('float32', 189, 2)), 0))
  })

  test('float64 is left to the reference', () => {
    const a = dense([2, 2], fill('float64', 4, 1), 'float64')
    expect(() => compare(matmulKernels, 'matmul', [a, a], {})).toThrow('declined')
  })
})

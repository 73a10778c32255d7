import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { GroupNormParams } from '../../primitives.ts'
import type { HostView } from '../../reference/host.ts'
import { sizeOf } from '../../shape.ts'
import { compare, dense, fill, fusions, laidOut, layoutOf, mismatch } from '../oracle.test.helper.ts'
import { groupNormKernels } from './group-norm.ts'
import { groupNormBounds } from './group-norm-bound.test.helper.ts'

const primitives = ['groupNorm', 'groupNormGradInput', 'groupNormGradAffine', 'groupNormGrad'] as const

function inputsOf(
  x: HostView,
  seed: number,
  dy: HostView = dense(x.shape, fill('float32', sizeOf(x.shape), seed + 2, 1)),
) {
  const channels = x.shape[1]!
  const weight = dense([channels], fill('float32', channels, seed, 1.5))
  const bias = dense([channels], fill('float32', channels, seed + 1, 1.5))
  return {
    groupNorm: [x, weight, bias],
    groupNormGradInput: [x, weight, bias, dy],
    groupNormGradAffine: [x, weight, bias, dy],
    groupNormGrad: [x, weight, bias, dy] as const,
  }
}

/** Checks all four primitives to within what their roundings allow. */
function check(x: HostView, params: GroupNormParams, dy?: HostView): void {
  const inputs = inputsOf(x, 5, dy)
  const bounds = groupNormBounds(inputs.groupNormGrad, params)
  for (const [primitive, fused] of primitives.flatMap((name) => fusions.map((on) => [name, on] as const))) {
    const comparison = compare(groupNormKernels, primitive, inputs[primitive], params, fused)
    expect(bounds[primitive].length).toBe(comparison.actual.length)
    expect(mismatch(comparison, 0, bounds[primitive]), `${primitive} [${x.shape}]`).toBeUndefined()
  }
}

describe('group normalisation', () => {
  test('agrees with the reference for any sizes and layouts', () => {
    const property = fc
      .record({
        samples: fc.nat(3),
        groups: fc.integer({ min: 1, max: 4 }),
        perGroup: fc.integer({ min: 1, max: 4 }),
        space: fc.oneof(
          fc.constant([]),
          fc.tuple(fc.nat(9)),
          fc.tuple(fc.nat(8), fc.integer({ min: 1, max: 8 })),
          fc.constant([23, 24]),
        ),
        silu: fc.boolean(),
      })
      .chain(({ samples, groups, perGroup, space, silu }) => {
        const shape = [samples, groups * perGroup, ...space]
        const view = layoutOf(shape.length).map((layout) => laidOut(shape, layout))
        return fc.tuple(view, view, fc.constant({ groups, eps: 1e-3, silu }))
      })
    fc.assert(
      fc.property(property, ([x, dy, params]) => check(x, params, dy)),
      { numRuns: 200 },
    )
  })

  test.each([
    [[2, 32, 7, 7], 8],
    [[2, 16, 28, 28], 4],
    [[3, 6, 5, 3], 3],
    [[1, 8, 100, 100], 1],
  ])('sizes of networks: %j in %d groups', (shape, groups) => {
    for (const silu of [false, true])
      check(dense(shape, fill('float32', sizeOf(shape), 3)), { groups, eps: 1e-5, silu })
  })

  test('a mean 10 000 times the deviation costs no accuracy', () => {
    const shape = [2, 4, 9, 9]
    const x = dense(
      shape,
      fill('float32', sizeOf(shape), 3, 1).map((v) => v + 1e4),
    )
    for (const silu of [false, true]) check(x, { groups: 2, eps: 1e-5, silu })
  })

  // Without a pivot Σx² − (Σx)²/n loses log₂(mean²/variance) = 37 of the 53 bits here, times n.
  test('a mean 400 000 times the deviation costs none either', () => {
    const shape = [2, 4, 9, 9]
    const offsets = Array.from({ length: 2 * 4 * 81 }, (_, i) => (i * 37) % 64)
    for (const mean of [2 ** 23, -(2 ** 23) - 64]) {
      const x = dense(
        shape,
        Float32Array.from(offsets, (d) => mean + d),
      )
      for (const silu of [false, true]) check(x, { groups: 2, eps: 1e-5, silu })
    }
  })

  test('an outlier as first element costs no accuracy', () => {
    const data = fill('float32', 2 * 4 * 81, 3, 1)
    data[0] = 1e4
    check(dense([2, 4, 9, 9], data), { groups: 2, eps: 1e-5, silu: false })
  })

  test('all gradients at once have the bits of each kind alone', () => {
    const shape = [3, 6, 7, 11]
    const inputs = inputsOf(dense(shape, fill('float32', sizeOf(shape), 3)), 5).groupNormGrad
    const params = { groups: 3, eps: 1e-5, silu: true }
    for (const fused of fusions) {
      const [all, dx, affine] = (['groupNormGrad', 'groupNormGradInput', 'groupNormGradAffine'] as const).map(
        (name) => Array.from(compare(groupNormKernels, name, inputs, params, fused).actual),
      )
      expect(all).toEqual([...dx!, ...affine!])
    }
  })

  test('constant groups give the bias', () => {
    const x = dense([1, 4, 3, 3], new Float32Array(36).fill(7.3))
    check(x, { groups: 2, eps: 1e-5, silu: true })
  })
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Conv2dParams } from '../../primitives.ts'
import type { HostView } from '../../reference/index.ts'
import { dilated } from '../../rules/conv2d.ts'
import { checkContraction } from '../contraction-oracle.test.helper.ts'
import { compare, dense, fill, laidOut, layoutOf } from '../oracle.test.helper.ts'
import { convKernelTable } from './kernels.ts'

const plain: Conv2dParams = {
  ...{ stride: [1, 1], lhsDilation: [1, 1], rhsDilation: [1, 1], groups: 1 },
  padding: [
    [0, 0],
    [0, 0],
  ],
}

function check(x: HostView, w: HostView, params: Conv2dParams): void {
  const depth = w.shape[1]! * w.shape[2]! * w.shape[3]!
  checkContraction(convKernelTable, 'conv2d', [x, w], params, depth)
}

const random = (shape: readonly number[], seed: number) => {
  const length = shape.reduce((product, n) => product * n, 1)
  return dense(shape, fill('float32', length, seed))
}

const pair = (min: number, max: number) => fc.tuple(fc.integer({ min, max }), fc.integer({ min, max }))
const paddings = fc.tuple(pair(-2, 3), pair(-2, 3))
const anyParams = fc
  .tuple(
    pair(1, 3),
    paddings,
    fc.constantFrom(1, 1, 1, 2, 3),
    pair(1, 3),
    pair(1, 3),
    fc.boolean(),
    fc.boolean(),
  )
  .map(
    ([stride, padding, groups, lhs, rhs, dilateInput, dilateKernel]): Conv2dParams => ({
      stride,
      padding,
      groups,
      lhsDilation: dilateInput ? lhs : [1, 1],
      rhsDilation: dilateKernel ? rhs : [1, 1],
    }),
  )
const view = (shape: readonly number[]) =>
  fc
    .tuple(layoutOf(4))
    .map(([layout]) => laidOut(shape, layout))
    .chain((x) =>
      fc
        .integer({ min: 0, max: 20 })
        .map((axis) => ({ ...x, strides: x.strides.map((s, i) => (i === axis ? 0 : s)) })),
    )

const cases = anyParams.chain((params) =>
  fc
    .record({
      images: fc.integer({ min: 0, max: 4 }),
      perGroup: fc.integer({ min: 1, max: 6 }),
      out: fc.integer({ min: 1, max: 9 }),
      extents: pair(1, 18),
      kernel: fc.oneof(pair(1, 4), pair(1, 12)),
    })
    .filter(({ extents, kernel }) =>
      extents.every((extent, i) => {
        const axis = i as 0 | 1
        const padded =
          dilated(extent, params.lhsDilation[axis]) + params.padding[axis][0] + params.padding[axis][1]
        return padded >= dilated(kernel[axis]!, params.rhsDilation[axis])
      }),
    )
    .chain(({ images, perGroup, out, extents, kernel }) =>
      fc.tuple(
        view([images, perGroup * params.groups, ...extents]),
        view([out * params.groups, perGroup, ...kernel]),
        fc.constant(params),
      ),
    ),
)

describe('conv2d agrees with the reference', () => {
  test('for any sizes, parameters and layouts', () => {
    fc.assert(
      fc.property(cases, ([x, w, params]) => check(x, w, params)),
      { numRuns: 500 },
    )
  })

  // Sizes beyond one block of images, one panel of depth, and one row of pixels.
  test.each([
    [2, 70, 6, 9, 3],
    [40, 12, 5, 7, 3],
    [3, 130, 7, 6, 1],
    [1, 24, 9, 28, 3],
    [5, 3, 10, 2, 3],
    [9, 1, 1, 13, 5],
    [2, 5, 1, 45, 3],
    [1, 3, 2, 37, 3],
    [1, 2, 3, 50, 5],
    // Of fewer pixels than taps, as at the deepest levels of a network.
    [3, 20, 6, 1, 3],
    [2, 17, 9, 2, 3],
    [1, 40, 24, 2, 5],
  ])('%d images, %d → %d channels at %d², kernel %d², and both gradients', (n, inputs, outputs, size, k) => {
    const pad = (k - 1) / 2
    for (const stride of [1, 2]) {
      const padding: Conv2dParams['padding'] = [
        [pad, pad],
        [pad, pad],
      ]
      const x = random([n, inputs, size, size], 1)
      const w = random([outputs, inputs, k, k], 2)
      check(x, w, { ...plain, padding, stride: [stride, stride] })

      const out = Math.floor((size + 2 * pad - k) / stride) + 1
      const dy = random([n, outputs, out, out], 3)
      const rest = size - 1 - (out - 1) * stride
      const flipped: HostView = {
        ...w,
        shape: [inputs, outputs, k, k],
        strides: [k * k, inputs * k * k, -k, -1],
        offset: k * k - 1,
      }
      const back: Conv2dParams['padding'][0] = [k - 1 - pad, rest + pad]
      check(dy, flipped, { ...plain, padding: [back, back], lhsDilation: [stride, stride] })

      const high = k - 1 + (out - 1) * stride - (size - 1) - pad
      const swap = (v: HostView): HostView => ({
        ...v,
        shape: [v.shape[1]!, v.shape[0]!, v.shape[2]!, v.shape[3]!],
        strides: [v.strides[1]!, v.strides[0]!, v.strides[2]!, v.strides[3]!],
      })
      const around: Conv2dParams['padding'][0] = [pad, high]
      check(swap(x), swap(dy), { ...plain, padding: [around, around], rhsDilation: [stride, stride] })
    }
  })

  test.each([8, 3, 1])('of one image does not depend on the others, to %d channels', (outputs) => {
    const x = random([5, 6, 7, 7], 1)
    const w = random([outputs, 6, 3, 3], 2)
    const all = compare(convKernelTable, 'conv2d', [x, w], plain).actual
    const third = { ...x, shape: [1, 6, 7, 7], offset: 2 * 6 * 49 }
    const one = compare(convKernelTable, 'conv2d', [third, w], plain).actual
    expect([...all.subarray(2 * one.length, 3 * one.length)]).toEqual([...one])
  })

  test.each([
    [1, 1, 1, 1],
    [2, 3, 1, 2],
    [1, 2, 2, 1],
  ])(
    'taps that meet padding alone count for nothing: %d×%d pixels, stride %d, dilation %d',
    (height, width, stride, dilation) => {
      const x = random([2, 20, height, width], 1)
      const w = random([7, 20, 3, 3], 2)
      const params: Conv2dParams = {
        ...{ ...plain, stride: [stride, stride], rhsDilation: [dilation, dilation] },
        padding: [
          [dilation, dilation],
          [dilation, dilation],
        ],
      }
      const meets = (tap: number, extent: number) =>
        Array.from({ length: Math.ceil(extent / stride) }, (_, q) => q * stride + (tap - 1) * dilation).some(
          (at) => at >= 0 && at < extent,
        )
      const data = w.data.map((v, i) =>
        meets(Math.floor(i / 3) % 3, height) && meets(i % 3, width) ? v : Number.POSITIVE_INFINITY,
      )
      expect([...data].some((v) => v === Number.POSITIVE_INFINITY)).toBe(true)
      const { actual } = compare(convKernelTable, 'conv2d', [x, { ...w, data }], params)
      expect([...actual].every(Number.isFinite)).toBe(true)
      expect([...actual]).toEqual([...compare(convKernelTable, 'conv2d', [x, w], params).actual])
    },
  )

  test('without input channels is zero', () => {
    check(random([2, 0, 5, 5], 1), random([3, 0, 3, 3], 2), plain)
  })
})

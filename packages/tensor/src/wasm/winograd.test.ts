import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Conv2dParams } from '../primitives.ts'
import type { HostView } from '../reference/index.ts'
import { compare, dense, fill, fusions, laidOut, layoutOf, mismatch } from './elementwise-oracle.test.helper.ts'
import type { WasmKernels } from './kernel.ts'
import { winogradForward } from './winograd-forward.ts'
import type { TileSize } from './winograd-transforms.ts'

const forward = (size: TileSize): WasmKernels => ({
  conv2d: (call, out, context) => {
    winogradForward(call, out, context, size)
    return true
  },
})

const paramsWith = (padding: Conv2dParams['padding']): Conv2dParams => ({
  ...{ stride: [1, 1], lhsDilation: [1, 1], rhsDilation: [1, 1], groups: 1, padding },
})

/** Within `units` of 2⁻²⁴ of the sum of absolute terms, bounded by depth · max|x| · max|w|. */
function check(size: TileSize, x: HostView, w: HostView, padding: Conv2dParams['padding']): void {
  for (const fused of fusions) {
    const result = compare(forward(size), 'conv2d', [x, w], paramsWith(padding), fused)
    expect(mismatch(result, 0, 2e-6 * 9 * 9 * Math.sqrt(9 * w.shape[1]!))).toBeUndefined()
  }
}

const pair = (min: number, max: number) => fc.tuple(fc.integer({ min, max }), fc.integer({ min, max }))
const view = (shape: readonly number[]) => layoutOf(4).map((layout) => laidOut(shape, layout))

describe.each([2, 4] as const)('F(%d×%d, 3×3)', (size) => {
  test('agrees with the reference for any sizes, paddings and layouts', () => {
    const cases = fc
      .record({
        padding: fc.tuple(pair(-2, 3), pair(-2, 3)),
        extents: pair(1, 19),
        images: fc.integer({ min: 1, max: 4 }),
        channels: fc.integer({ min: 1, max: 9 }),
        rows: fc.integer({ min: 1, max: 11 }),
      })
      .filter(({ padding, extents }) => extents.every((n, i) => n + padding[i]![0] + padding[i]![1] >= 3))
      .chain(({ padding, extents, images, channels, rows }) =>
        fc.tuple(view([images, channels, ...extents]), view([rows, channels, 3, 3]), fc.constant(padding)),
      )
    fc.assert(
      fc.property(cases, ([x, w, padding]) => check(size, x, w, padding)),
      { numRuns: 200 },
    )
  })
})
void dense
void fill

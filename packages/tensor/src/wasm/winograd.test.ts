import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Conv2dParams } from '../primitives.ts'
import type { HostView } from '../reference/index.ts'
import {
  compare,
  dense,
  fill,
  fusions,
  laidOut,
  layoutOf,
  mismatch,
} from './elementwise-oracle.test.helper.ts'
import type { WasmKernels } from './kernel.ts'
import { winogradForward } from './winograd-forward.ts'
import type { TileSize } from './winograd-transforms.ts'
import { winogradWeightGradient } from './winograd-weight.ts'

const forward = (size: TileSize): WasmKernels => ({
  conv2d: (call, out, context) => {
    winogradForward(call, out, context, size)
    return true
  },
})

const weightGradient = (size: TileSize): WasmKernels => ({
  conv2d: (call, out, context) => {
    winogradWeightGradient(call, out, context, size)
    return true
  },
})

const paramsWith = (padding: Conv2dParams['padding']): Conv2dParams => ({
  ...{ stride: [1, 1], lhsDilation: [1, 1], rhsDilation: [1, 1], groups: 1, padding },
})

/** Values lie in ±3: errors grow like the root of the number of terms, each at most 9. */
function check(size: TileSize, x: HostView, w: HostView, padding: Conv2dParams['padding']): void {
  for (const fused of fusions) {
    const result = compare(forward(size), 'conv2d', [x, w], paramsWith(padding), fused)
    expect(mismatch(result, 0, 2e-6 * 9 * Math.sqrt(9 * w.shape[1]!))).toBeUndefined()
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

  test('gives weight gradients that agree with the reference', () => {
    const cases = fc
      .record({
        low: pair(-2, 3),
        extents: pair(1, 19),
        images: fc.integer({ min: 1, max: 4 }),
        channels: fc.integer({ min: 1, max: 11 }),
        rows: fc.integer({ min: 1, max: 9 }),
        inside: pair(0, 2),
      })
      .filter(({ extents, inside, low }) => extents.every((n, i) => n - inside[i]! + low[i]! >= 1))
      .chain(({ low, extents, images, channels, rows, inside }) => {
        // Input planes of n − inside elements; padding that leaves a result of 3 × 3.
        const input = extents.map((n, i) => Math.max(1, n - inside[i]!))
        const padding = input.map((n, i) => [low[i]!, extents[i]! + 2 - n - low[i]!] as const)
        return fc.tuple(
          view([channels, images, ...input]),
          view([rows, images, ...extents]),
          fc.constant(padding as unknown as Conv2dParams['padding']),
        )
      })
    fc.assert(
      fc.property(cases, ([x, dy, padding]) => {
        for (const fused of fusions) {
          const result = compare(weightGradient(size), 'conv2d', [x, dy], paramsWith(padding), fused)
          const depth = dy.shape[1]! * dy.shape[2]! * dy.shape[3]!
          expect(mismatch(result, 0, 2e-6 * 9 * Math.sqrt(9 * depth))).toBeUndefined()
        }
      }),
      { numRuns: 200 },
    )
  })
})

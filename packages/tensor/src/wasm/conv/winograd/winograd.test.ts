import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { normal, randomKey } from '../../../index.ts'
import type { Conv2dParams } from '../../../primitives.ts'
import type { HostView } from '../../../reference/index.ts'
import { rowMajorStrides, sizeOf } from '../../../shape.ts'
import { createWasmDevice } from '../../device.ts'
import { compare, dense, fill, fusions, laidOut, layoutOf, mismatch } from '../../oracle.test.helper.ts'
import type { WasmKernels } from '../../runtime/kernel.ts'
import { convKernelTable } from '../kernels.ts'
import { forwardBound, weightGradientBound } from './bound.test.helper.ts'
import { winogradForward } from './forward.ts'
import type { TileSize } from './transforms.ts'
import { winogradWeightGradient } from './weight.ts'

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

function check(size: TileSize, x: HostView, w: HostView, padding: Conv2dParams['padding']): void {
  const params = paramsWith(padding)
  const bound = forwardBound(size, x, w, params)
  for (const fused of fusions) {
    const result = compare(forward(size), 'conv2d', [x, w], params, fused)
    expect(mismatch(result, 0, bound)).toBeUndefined()
    expect(Math.min(...result.kept)).toBeGreaterThan(0)
  }
}

const pair = (min: number, max: number) => fc.tuple(fc.integer({ min, max }), fc.integer({ min, max }))
const view = (shape: readonly number[]) => layoutOf(4).map((layout) => laidOut(shape, layout))

describe.each([
  ['F(2×2, 3×3)', 2],
  ['F(4×4, 3×3)', 4],
] as const)('%s', (_, size) => {
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

  test('agrees in a case of large rounding errors: one channel, 10⁻⁵ of a term', () => {
    const x = { order: [0, 1, 2, 3], steps: [1, 1, 1, 1], flips: [false, true, true, false], seed: 702 }
    const w = { order: [1, 3, 2, 0], steps: [3, 2, 3, 3], flips: [false, false, false, true], seed: 963 }
    const padding = [
      [0, 0],
      [3, 3],
    ] as const
    check(size, laidOut([3, 1, 18, 18], x), laidOut([8, 1, 3, 3], w), padding)
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
        const params = paramsWith(padding)
        const bound = weightGradientBound(size, x, dy, params)
        for (const fused of fusions) {
          const result = compare(weightGradient(size), 'conv2d', [x, dy], params, fused)
          expect(mismatch(result, 0, bound)).toBeUndefined()
        }
      }),
      { numRuns: 200 },
    )
  })
})

/** Unit normal values. */
const gaussian = (shape: readonly number[], seed: number) =>
  dense(shape, normal(randomKey(seed), shape, { device: 'reference' }).dataSync() as Float32Array)

const error = (kernels: WasmKernels, inputs: readonly HostView[], fused: boolean): number => {
  const same = paramsWith([
    [1, 1],
    [1, 1],
  ])
  const { actual, expected } = compare(kernels, 'conv2d', inputs, same, fused)
  const [found, truth] = [Float64Array.from(actual), Float64Array.from(expected)]
  const largest = truth.reduce((most, v) => Math.max(most, Math.abs(v)), 0)
  return found.reduce((most, v, i) => Math.max(most, Math.abs(v - truth[i]!)), 0) / largest
}

describe('the error of a convolution, relative to its largest output', () => {
  // In units of 2⁻²⁴; measured 4 to 9 direct, at most 15 by F(2×2) and 104 by F(4×4), which grow with √channels.
  test.each([8, 32, 128, 512])('with %d channels', (channels) => {
    const inputs = [gaussian([1, channels, 12, 12], 1), gaussian([8, channels, 3, 3], 2)]
    for (const fused of fusions) {
      const unit = 2 ** -24
      expect(error(convKernelTable, inputs, fused)).toBeLessThan(14 * unit)
      expect(error(forward(2), inputs, fused)).toBeLessThan((6 + 0.8 * Math.sqrt(channels)) * unit)
      expect(error(forward(4), inputs, fused)).toBeLessThan((12 + 6 * Math.sqrt(channels)) * unit)
    }
  })
})

describe('the way a convolution goes', () => {
  const counting = (shape: readonly number[], inputs: readonly (readonly number[])[], winograd: boolean) => {
    const device = createWasmDevice({ threads: 1, winograd })
    const views = inputs.map((extents) => {
      const buffer = device.allocate('float32', sizeOf(extents))
      device.write(buffer, 'float32', fill('float32', sizeOf(extents), 1))
      const strides = rowMajorStrides(extents)
      return { buffer, dtype: 'float32', shape: extents, strides, offset: 0 } as const
    })
    const params = paramsWith([
      [1, 1],
      [1, 1],
    ])
    const call = { primitive: 'conv2d', inputs: views, params, shape, dtype: 'float32' } as const
    return { device, out: device.run(call), size: sizeOf(shape) }
  }
  const bits = async (winograd: boolean, images: number, channels: number) => {
    const shape = [images, channels, 16, 16]
    const { device, out, size } = counting(shape, [shape, [channels, channels, 3, 3]], winograd)
    return Array.from(await device.read(out, 'float32', size))
  }

  test('is Winograd where it pays and is allowed, and says so', async () => {
    const [by, direct] = [await bits(true, 1, 32), await bits(false, 1, 32)]
    expect(by).not.toEqual(direct)
    expect(await bits(true, 1, 2)).toEqual(await bits(false, 1, 2))
    const notes = (winograd: boolean) => createWasmDevice({ winograd, threads: 1 }).info().notes.join()
    expect(notes(true)).toContain('Winograd convolutions: allowed (as asked for)')
    expect(notes(false)).toContain('Winograd convolutions: forbidden (as asked for)')
  })

  test('does not depend on the other images', async () => {
    const one = await bits(true, 1, 16)
    const many = await bits(true, 5, 16)
    expect(many.slice(0, one.length)).toEqual(one)
  })

  test('may be set by the environment, to 0 or 1', () => {
    vi.stubEnv('TWEEDIE_WINOGRAD', '0')
    expect(createWasmDevice({ threads: 1 }).info().notes.join()).toContain('(TWEEDIE_WINOGRAD=0)')
    vi.stubEnv('TWEEDIE_WINOGRAD', 'no')
    expect(() => createWasmDevice({ threads: 1 })).toThrow(/TWEEDIE_WINOGRAD.*must be 0 or 1, got 'no'/)
    vi.unstubAllEnvs()
  })
})

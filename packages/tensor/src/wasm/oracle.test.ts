import { describe, expect, test } from 'vitest'
import type { Conv2dParams } from '../primitives.ts'
import { winogradForward } from './conv/winograd/forward.ts'
import type { Comparison } from './oracle.test.helper.ts'
import { compare, dense, fill, mismatch } from './oracle.test.helper.ts'
import { elsewhere } from './oracle-rooms.test.helper.ts'
import type { WasmContext, WasmKernels } from './runtime/kernel.ts'

const params: Conv2dParams = {
  ...{ stride: [1, 1], lhsDilation: [1, 1], rhsDilation: [1, 1], groups: 1 },
  padding: [
    [1, 1],
    [1, 1],
  ],
}

/** F(2×2, 3×3), in a context that a test may have changed. */
const kernels = (changed: (context: WasmContext) => WasmContext = (context) => context): WasmKernels => ({
  conv2d: (call, out, context) => {
    winogradForward(call, out, changed(context), 2)
    return true
  },
})

/** One image of one channel, with weights of its own. */
function convolve(seed: number, by: WasmKernels = kernels()): Comparison {
  const x = dense([1, 1, 4, 4], fill('float32', 16, 1))
  const w = dense([1, 1, 3, 3], fill('float32', 9, seed))
  return compare(by, 'conv2d', [x, w], params)
}

/** The rooms by where their blocks lie, in units of 2 GiB. */
const rooms = ['low addresses', ...elsewhere.map(({ name }) => name)].map((name, place) => ({ name, place }))
const placeOf = (address: number): number => Math.round(address / 2 ** 31)

test('a call finds no weights of an earlier one, of the same shape at the same address', () => {
  for (let i = 0; i < 6; i++) expect(mismatch(convolve(100 + i), 0, 1e-3)).toBeUndefined()
})

describe.each(rooms)('in the room of $name', ({ name, place }) => {
  test('weights are kept, and a fault where they are found is seen', () => {
    expect(convolve(1).kept[place]).toBeGreaterThan(0)
    const shifted = ({ weights, ...context }: WasmContext): WasmContext => {
      const find: typeof weights.find = (view, kind, bytes) => {
        const found = weights.find(view, kind, bytes)
        const wrong = found?.ready && placeOf(found.at) === place
        return wrong ? { ...found, at: found.at + 16 } : found
      }
      return { ...context, weights: Object.assign(Object.create(weights), { find }) }
    }
    expect(() => convolve(1, kernels(shifted))).toThrow(
      new RegExp(`two ways differ; .* at ${name}, weights found is up to [1-9][^ ]* off`),
    )
  })

  test('a wrong result is told from the right ones', () => {
    const wrong: WasmKernels = {
      conv2d: (call, out, context) => {
        winogradForward(call, out, context, 2)
        if (placeOf(out) === place) context.heap.view('float32', out, 1)[0]! += 1000
        return true
      },
    }
    const [right, far] = ['is up to \\d\\.\\de-\\d', 'is up to 1\\.0e\\+3']
    const pattern =
      place === 0
        ? `way 0 .* at low addresses ${far} and way 0 .* at addresses about 2 GiB.* ${right} off`
        : `way 0 .* at low addresses ${right} and .* at ${name}.* ${far} off`
    expect(() => convolve(1, wrong)).toThrow(new RegExp(pattern))
  })

  test('a call that fails leaves nothing behind', () => {
    const failing: WasmKernels = {
      conv2d: (call, out, context) => {
        winogradForward(call, out, context, 2)
        if (placeOf(out) === place && context.weights.bytes > 0) throw new Error('on purpose')
        return true
      },
    }
    for (let i = 0; i < 3; i++) {
      expect(() => convolve(200 + i, failing)).toThrow('on purpose')
      expect(mismatch(convolve(300 + i), 0, 1e-3)).toBeUndefined()
    }
  })
})

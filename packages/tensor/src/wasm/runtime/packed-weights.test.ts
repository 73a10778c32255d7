import { describe, expect, test } from 'vitest'
import type { Device, View } from '../../device.ts'
import type { Conv2dParams } from '../../primitives.ts'
import { resultOf } from '../../primitives.ts'
import { rowMajorStrides, sizeOf } from '../../shape.ts'
import { createWasmDevice } from '../device.ts'
import { fill } from '../oracle.test.helper.ts'
import { Heap } from './heap.ts'
import { packedWeightsIn } from './packed-weights.ts'

const make = (device: Device, shape: number[], seed: number): View => {
  const buffer = device.allocate('float32', sizeOf(shape))
  device.write(buffer, 'float32', fill('float32', sizeOf(shape), seed))
  return { buffer, dtype: 'float32', shape, strides: rowMajorStrides(shape), offset: 0 }
}
const free = (device: Device, view: View) => device.free(view.buffer, 'float32', sizeOf(view.shape))
const padded: Conv2dParams = {
  ...{ stride: [1, 1], lhsDilation: [1, 1], rhsDilation: [1, 1], groups: 1 },
  padding: [
    [1, 1],
    [1, 1],
  ],
}
const kept = (device: Device): number => device.info().memory!.packedWeights

async function convolve(device: Device, inputs: readonly View[], params: Conv2dParams): Promise<number[]> {
  const { shape, dtype } = resultOf('conv2d', inputs, params)
  const buffer = device.run({ primitive: 'conv2d', inputs, params, shape, dtype })
  const values = Array.from(await device.read(buffer, dtype, sizeOf(shape)))
  device.free(buffer, dtype, sizeOf(shape))
  return values
}

const ways: Record<string, { winograd: boolean; params: Conv2dParams }> = {
  Winograd: { winograd: true, params: padded },
  'the direct way': { winograd: false, params: padded },
  'the phases of a transposed convolution': { winograd: true, params: { ...padded, lhsDilation: [2, 2] } },
}

describe.each(Object.entries(ways))('weights packed for %s', (_, { winograd, params }) => {
  const device = createWasmDevice({ winograd, threads: 1 })
  const x = make(device, [1, 16, 12, 12], 1)

  test('are kept from the second use on, and give the same bits', async () => {
    const w = make(device, [16, 16, 3, 3], 2)
    const first = await convolve(device, [x, w], params)
    expect(kept(device)).toBe(0)
    expect(await convolve(device, [x, w], params)).toEqual(first)
    expect(kept(device)).toBeGreaterThan(16 * 16 * 9)
    expect(await convolve(device, [x, w], params)).toEqual(first)
    free(device, w)
    expect(kept(device)).toBe(0)
  })

  test('are those of the buffer as it is, not as it was', async () => {
    const w = make(device, [16, 16, 3, 3], 2)
    for (let i = 0; i < 3; i++) await convolve(device, [x, w], params)
    const other = fill('float32', 16 * 16 * 9, 3)
    device.write(w.buffer, 'float32', other)
    const again = await convolve(device, [x, w], params)
    free(device, w)
    const fresh = make(device, [16, 16, 3, 3], 3)
    expect(fresh.buffer).toBe(w.buffer)
    expect(await convolve(device, [x, fresh], params)).toEqual(again)
    for (let i = 0; i < 2; i++) expect(await convolve(device, [x, fresh], params)).toEqual(again)
    free(device, fresh)
  })

  test('are told apart by how the buffer is looked at', async () => {
    const w = make(device, [16, 16, 3, 3], 4)
    const turned = { ...w, strides: [9, 144, 3, 1] }
    const flipped = { ...w, strides: [144, 9, -3, -1], offset: 8 }
    const views = [w, turned, flipped]
    const plain = createWasmDevice({ winograd, threads: 1 })
    const expected = []
    for (const view of views) {
      const [a, b] = [make(plain, [1, 16, 12, 12], 1), make(plain, [16, 16, 3, 3], 4)]
      expected.push(await convolve(plain, [a, { ...view, buffer: b.buffer }], params))
      for (const used of [a, b]) free(plain, used)
    }
    for (let round = 0; round < 3; round++) {
      for (const [i, view] of views.entries()) {
        expect(await convolve(device, [x, view], params)).toEqual(expected[i])
      }
    }
    free(device, w)
    expect(kept(device)).toBe(0)
  })
})

describe('where room is short', () => {
  const heap = new Heap({ maxBytes: 1 << 20 })
  const before = heap.usage().used
  const view = (buffer: number): View => ({ buffer, dtype: 'float32', shape: [1], strides: [1], offset: 0 })
  // A quarter of the memory: 262144 bytes.
  const make = () => {
    const cache = packedWeightsIn(heap)
    return { cache, use: (buffer: number, bytes = 100_000) => cache.find(view(buffer), 'kind', bytes)?.ready }
  }

  test('the longest unused gives way to what was asked for since', () => {
    const { cache, use } = make()
    for (const buffer of [1, 2])
      expect([use(buffer), use(buffer), use(buffer)]).toEqual([undefined, false, true])
    expect(use(2)).toBe(true)
    expect([use(3), use(3)]).toEqual([undefined, false])
    expect([use(2), use(3)]).toEqual([true, true])
    expect(cache.bytes).toBe(200_000)
    expect(use(1)).toBeUndefined()
    cache.clear()
    expect(cache.bytes).toBe(0)
    expect(heap.usage().used).toBe(before)
  })

  test('a rotation larger than the room keeps what there is room for', () => {
    const { cache, use } = make()
    const round = () => [1, 2, 3, 4].map((buffer) => use(buffer))
    round()
    expect(round()).toEqual([false, false, undefined, undefined])
    for (let i = 0; i < 3; i++) expect(round()).toEqual([true, true, undefined, undefined])
    cache.clear()
  })

  test('nothing is kept that is too large', () => {
    const { cache, use } = make()
    expect([use(1, 300_000), use(1, 300_000)]).toEqual([undefined, undefined])
    expect(cache.bytes).toBe(0)
  })
})

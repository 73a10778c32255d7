import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DeviceError } from '../errors.ts'
import { Heap } from './heap.ts'

const mebi = 2 ** 20

describe('heap', () => {
  test('blocks are aligned, apart from each other, and followed by readable bytes', () => {
    const operation = fc.record({ bytes: fc.oneof(fc.nat(300), fc.nat(300_000)), keep: fc.boolean() })
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
        const heap = new Heap({ maxBytes: 64 * mebi })
        const live: { at: number; bytes: number }[] = []
        for (const { bytes, keep } of operations) {
          if (!keep && live.length > 0) {
            const [gone] = live.splice(bytes % live.length, 1)
            heap.free(gone!.at, gone!.bytes)
          }
          live.push({ at: heap.allocate(bytes), bytes })
        }
        live.sort((a, b) => a.at - b.at)
        live.forEach(({ at, bytes }, i) => {
          expect(at % 64).toBe(0)
          expect(at).toBeGreaterThan(0)
          expect(at + bytes + 64).toBeLessThanOrEqual(live[i + 1]?.at ?? heap.usage().reserved)
        })
        for (const { at, bytes } of live) heap.free(at, bytes)
        expect(heap.usage().used).toBe(0)
      }),
      { numRuns: 60 },
    )
  })

  test('a freed block serves the next request of its size', () => {
    const heap = new Heap()
    const first = heap.allocate(1000)
    heap.allocate(1000)
    heap.free(first, 1000)
    expect(heap.allocate(990)).toBe(first)
  })

  test('freed neighbours are merged before the memory grows past them', () => {
    const heap = new Heap({ maxBytes: 8 * mebi })
    const small = Array.from({ length: 60 }, () => heap.allocate(mebi / 10))
    for (const at of small) heap.free(at, mebi / 10)
    const large = Array.from({ length: 6 }, () => heap.allocate(mebi))
    expect(new Set(large).size).toBe(6)
    expect(heap.usage().reserved).toBeLessThanOrEqual(8 * mebi)
  })

  test('the limit is an error that tells the numbers, and does no harm', () => {
    const heap = new Heap({ maxBytes: 4 * mebi })
    const at = heap.allocate(2 * mebi)
    expect(() => heap.allocate(3 * mebi)).toThrow(DeviceError)
    expect(() => heap.allocate(3 * mebi)).toThrow(/no room for 3\.0 MiB; 2\.\d MiB of 4\.0 MiB are in use/)
    heap.free(at, 2 * mebi)
    expect(heap.allocate(3 * mebi)).toBeGreaterThan(0)
  })

  test('views follow the memory as it grows', () => {
    const heap = new Heap()
    const at = heap.allocate(12)
    heap.view('float32', at, 3).set([1, 2, 3])
    heap.allocate(32 * mebi)
    expect([...heap.view('float32', at, 3)]).toEqual([1, 2, 3])
    expect(heap.u8.length).toBe(heap.usage().reserved)
  })

  test('scratch areas stay and grow', () => {
    const heap = new Heap()
    const at = heap.scratch('a', 1000)
    expect(heap.scratch('a', 10)).toBe(at)
    expect(heap.scratch('b', 10)).not.toBe(at)
    const larger = heap.scratch('a', 5000)
    expect(heap.scratch('a', 6000)).toBe(larger)
  })

  test('may be shared', () => {
    const heap = new Heap({ shared: true, maxBytes: 16 * mebi })
    expect(heap.memory.buffer).toBeInstanceOf(SharedArrayBuffer)
    expect(heap.memoryType).toEqual({ shared: true, maximum: 256 })
    const at = heap.allocate(8 * mebi)
    heap.view('int32', at, 1)[0] = 7
    expect(heap.i32[at / 4]).toBe(7)
  })
})

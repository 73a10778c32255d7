import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { DeviceError, OptionError, OutOfMemoryError, TweedieError } from '../../errors.ts'
import { Heap } from './heap.ts'
import { hasMemory64 } from './linear-memory.ts'

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
    const small = Array.from({ length: 60 }, () => heap.allocate(Math.floor(mebi / 10)))
    for (const at of small) heap.free(at, Math.floor(mebi / 10))
    const large = Array.from({ length: 6 }, () => heap.allocate(mebi))
    expect(new Set(large).size).toBe(6)
    expect(heap.usage().reserved).toBeLessThanOrEqual(8 * mebi)
  })

  test('the limit is an error that tells the numbers, and does no harm', () => {
    const heap = new Heap({ maxBytes: 4 * mebi })
    const at = heap.allocate(2 * mebi)
    expect(() => heap.allocate(3 * mebi)).toThrow(DeviceError)
    expect(() => heap.allocate(3 * mebi)).toThrow(
      /no room for 3\.0 MiB; 2\.0 MiB of 4\.0 MiB are in use, and 2\.0 MiB would have fitted; .*raise maxBytes/,
    )
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

  test('what lasts is cut from the end of the memory, what comes and goes from its beginning', () => {
    const heap = new Heap({ maxBytes: 64 * mebi })
    heap.free(heap.allocate(32 * mebi), 32 * mebi)
    const { reserved } = heap.usage()
    const lasting = heap.allocate(mebi, true)
    expect(lasting + mebi + 64).toBe(reserved)
    expect(heap.allocate(mebi)).toBe(1024)
    // An area goes to the end again once there is more memory, with its size.
    const area = heap.scratch('a', mebi)
    expect(area + mebi + 64).toBe(lasting)
    heap.allocate(28 * mebi)
    expect(heap.scratch('a', 10)).toBe(area)
    heap.allocate(3 * mebi)
    expect(heap.scratch('a', 10)).toBeGreaterThan(reserved)
    expect(heap.usage().scratch).toEqual({ a: mebi })
  })

  test('long blocks take what they are asked for, and freed ones join their neighbours', () => {
    const heap = new Heap({ maxBytes: 8 * mebi })
    const third = [0, 1, 2].map(() => heap.allocate(mebi))
    expect(heap.usage().used).toBe(3 * (mebi + 64))
    for (const i of [0, 2, 1]) heap.free(third[i]!, mebi)
    expect(heap.allocate(3 * mebi + 128)).toBe(third[0])
  })

  test('may be shared', () => {
    const heap = new Heap({ shared: true, maxBytes: 16 * mebi })
    expect(heap.memory.buffer).toBeInstanceOf(SharedArrayBuffer)
    expect(heap.memoryType).toEqual({ shared: true, maximum: 256 })
    const at = heap.allocate(8 * mebi)
    heap.view('int32', at, 1)[0] = 7
    expect(heap.i32[at / 4]).toBe(7)
  })

  /** The error of a request that does not fit. */
  const shortage = (heap: Heap, bytes: number) => {
    try {
      heap.allocate(bytes)
    } catch (error) {
      if (error instanceof OutOfMemoryError) return error.shortage
      throw error
    }
    throw new Error(`${bytes} bytes did fit`)
  }

  test('what would have fitted does fit, and no more, whatever was allocated and freed before', () => {
    const operation = fc.record({ bytes: fc.oneof(fc.nat(3000), fc.nat(mebi)), keep: fc.boolean() })
    fc.assert(
      fc.property(fc.array(operation, { minLength: 10, maxLength: 80 }), (operations) => {
        const heap = new Heap({ maxBytes: 4 * mebi })
        const live: { at: number; bytes: number }[] = []
        for (const { bytes, keep } of operations) {
          if (!keep && live.length > 0) {
            const [gone] = live.splice(bytes % live.length, 1)
            heap.free(gone!.at, gone!.bytes)
          }
          try {
            live.push({ at: heap.allocate(bytes), bytes })
          } catch (error) {
            if (!(error instanceof OutOfMemoryError)) throw error
          }
        }
        const { used } = heap.usage()
        const { largestBytes, usedBytes, limitBytes } = shortage(heap, 4 * mebi)
        expect([usedBytes, limitBytes]).toEqual([used, 4 * mebi])
        if (largestBytes > 0) {
          expect(shortage(heap, largestBytes + 1).largestBytes).toBe(largestBytes)
          heap.free(heap.allocate(largestBytes), largestBytes)
        }
        expect(heap.usage().used).toBe(used)
        for (const { at, bytes } of live) heap.free(at, bytes)
        // All that was cut to pieces is one again; an eighth may go to rounding.
        expect(shortage(heap, 4 * mebi).largestBytes).toBeGreaterThan(3.5 * mebi - 2 ** 17)
      }),
      { numRuns: 100 },
    )
  })

  test('free memory in pieces is merged before a request fails, though it be little', () => {
    const heap = new Heap({ maxBytes: 8 * mebi })
    heap.allocate(6 * mebi - 64)
    const pieces: number[] = []
    for (let full = false; !full; ) {
      try {
        pieces.push(heap.allocate(1000))
      } catch {
        full = true
      }
    }
    for (const at of pieces) heap.free(at, 1000)
    expect(() => heap.allocate(1.5 * mebi - 64)).not.toThrow()
  })

  test('a host that refuses to grow is told apart from the limit', () => {
    const heap = new Heap({ maxBytes: 64 * mebi })
    const at = heap.allocate(1000)
    heap.view('int32', at, 1)[0] = 7
    const grow = vi.spyOn(heap.memory, 'grow').mockImplementation(() => {
      throw new RangeError('no')
    })
    const { hostRefused, largestBytes, reservedBytes } = shortage(heap, 32 * mebi)
    expect(hostRefused).toBe(true)
    expect(largestBytes).toBeLessThan(reservedBytes)
    expect(() => heap.allocate(32 * mebi)).toThrow(/and the host gives no more than the present 1\.0 MiB/)
    heap.free(heap.allocate(largestBytes), largestBytes)
    grow.mockRestore()
    heap.allocate(32 * mebi)
    expect(heap.i32[at / 4]).toBe(7)
    expect(shortage(heap, 64 * mebi).hostRefused).toBe(false)
  })

  test('usage tells working areas by name and the most that was in use', () => {
    const heap = new Heap({ maxBytes: 16 * mebi })
    heap.free(heap.allocate(4 * mebi), 4 * mebi)
    heap.scratch('gemm', 5000)
    const { used, peak, scratch } = heap.usage()
    expect(scratch).toEqual({ gemm: 5000 })
    expect(used).toBeGreaterThan(5000)
    expect(peak).toBeGreaterThan(4 * mebi)
    heap.releaseScratch()
    expect(heap.usage()).toMatchObject({ used: 0, peak })
    expect(heap.usage().scratch).toEqual({})
    expect(() => heap.scratch('gemm', 32 * mebi)).toThrow(/no room for 32\.0 MiB \(working area gemm\)/)
    expect(heap.usage().used).toBe(0)
    expect(heap.usage().scratch).toEqual({})
  })

  test('a block of 32-bit addresses has less than 2 GiB, also where a longer one was freed', () => {
    const heap = new Heap()
    const longestBytes = 2 ** 31 - 64
    const expected = { largestBytes: longestBytes, longestBytes, hostRefused: false }
    expect(heap.usage()).toMatchObject({ limit: 2 ** 32, addressBits: 32 })
    for (const bytes of [2 ** 31 - 63, 2 ** 31, 2 ** 31 + 1])
      expect(shortage(heap, bytes)).toMatchObject(expected)
    expect(() => heap.allocate(2 ** 31)).toThrow(
      /no room for 2147483648 bytes; one tensor has at most 2147483584 bytes here/,
    )
    const at = heap.allocate(longestBytes) // Never touched, so not really there.
    heap.free(at, longestBytes)
    for (const bytes of [2 ** 31 - 63, 2 ** 31, 2 ** 31 + 64, 2.25 * 2 ** 30, 2 ** 33, 2 ** 40])
      expect(shortage(heap, bytes)).toMatchObject({ longestBytes })
    heap.free(heap.allocate(longestBytes), longestBytes)
    expect(heap.usage().used).toBe(0)
  })

  test('a request that is no number of bytes is an error and changes nothing', () => {
    const heap = new Heap()
    const at = heap.allocate(100)
    const before = heap.usage()
    for (const bytes of [Number.NaN, -1, -100_000, 0.5, Number.POSITIVE_INFINITY, 2 ** 60]) {
      expect(() => heap.allocate(bytes)).toThrow(TweedieError)
    }
    for (const bytes of [Number.NaN, -1, -100_000])
      expect(() => heap.scratch('a', bytes)).toThrow(OptionError)
    for (const bytes of [Number.NaN, -1, 0.5]) expect(() => heap.free(at, bytes)).toThrow(OptionError)
    expect(heap.usage()).toEqual(before)
    expect(heap.allocate(100)).toBeGreaterThan(at)
  })
})

describe('memory64', () => {
  afterEach(() => {
    vi.unstubAllGlobals()
    vi.resetModules()
  })

  test.skipIf(!hasMemory64())('above 4 GiB, addresses have 64 bits', () => {
    const heap = new Heap({ maxBytes: 6 * 2 ** 30, shared: true })
    expect(heap.usage()).toMatchObject({ limit: 6 * 2 ** 30, addressBits: 64 })
    expect(heap.memoryType).toEqual({ shared: true, maximum: 98304, address: 'i64' })
    for (let i = 0; i < 3; i++) heap.allocate(1.5 * 2 ** 30) // Never touched, so not really there.
    const at = heap.allocate(12)
    expect(at).toBeGreaterThan(2 ** 32)
    heap.view('int32', at, 1)[0] = 7
    expect(heap.i32[at / 4]).toBe(7)
    expect(() => heap.allocate(2 ** 31)).toThrow(OutOfMemoryError)
    // Beyond what 32 bits count in units of blocks.
    for (const bytes of [2 ** 34, 2 ** 38, 2 ** 40, 2 ** 50]) {
      expect(() => heap.allocate(bytes)).toThrow(OutOfMemoryError)
    }
    expect(() => new Heap({ maxBytes: 2 ** 34 + 1 })).toThrow(
      /maxBytes of 16\.0 GiB is above the limit of 16\.0 GiB: Node .* has no larger memories/,
    )
  })

  test('is an error that names the limit and the engine where there is none', async () => {
    class NarrowMemory extends WebAssembly.Memory {
      constructor(descriptor: WebAssembly.MemoryDescriptor & { address?: string }) {
        if (descriptor.address !== undefined) throw new TypeError('Cannot convert a BigInt value to a number')
        super(descriptor)
      }
    }
    vi.resetModules()
    vi.stubGlobal('WebAssembly', { ...WebAssembly, Memory: NarrowMemory })
    const { createMemory } = await import('./linear-memory.ts')
    expect(() => createMemory(5 * 2 ** 30, false)).toThrow(
      /maxBytes of 5\.0 GiB is above the limit of 4\.0 GiB: Node .* \(V8 .*\) has no 64-bit memory \(memory64: Node ≥ 24/,
    )
    expect(createMemory(2 ** 20, false).limit).toBe(2 ** 20)
  })
})

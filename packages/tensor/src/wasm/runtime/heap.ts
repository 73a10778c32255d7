export type {} from '../../platform.ts'

import type { DeviceMemory } from '../../device.ts'
import type { DType, TypedArray } from '../../dtype.ts'
import { bytesPerElement } from '../../dtype.ts'
import { OutOfMemoryError } from '../../errors.ts'
import { requireCount } from '../../shape.ts'
import type { MemoryType } from '../asm/index.ts'
import type { LinearMemory } from './linear-memory.ts'
import { createMemory, mostBytes, narrowLimit, pageBytes } from './linear-memory.ts'

/** Blocks start at multiples of this many bytes, and as many readable bytes follow each. */
const alignment = 64
/** Nothing lives below, so that 0 is no pointer and kernels may read a little before a block. */
const base = 1024
/**
 * Longest block of a 32-bit memory: sizes and strides within a block are signed there, and rounded up to whole vectors.
 */
export const narrowBlock = 2 ** 31 - alignment

interface Span {
  at: number
  size: number
}

export interface HeapOptions {
  /**
   * Limit in bytes, by default 4 GiB. Above that, addresses have 64 bits: see {@link createMemory}. A block
   * of a memory with 32-bit addresses has less than 2 GiB.
   */
  readonly maxBytes?: number
  readonly shared?: boolean
}

/** The whole memory as each element type. */
const viewsOf = (buffer: ArrayBuffer) => ({
  float32: new Float32Array(buffer),
  float64: new Float64Array(buffer),
  int32: new Int32Array(buffer),
  bool: new Uint8Array(buffer),
})
type Views = ReturnType<typeof viewsOf>

/** Longest block that waits in a list once it is freed, in bytes. */
const listed = 2 ** 18

/** Bytes that a block for a request takes. */
const sizeFor = (bytes: number): number => (Math.ceil(bytes / alignment) + 1) * alignment

/**
 * Blocks of one WebAssembly memory, each cut from the first free span that is long enough; what is to last is cut from the last
 * one, so that it does not lie between blocks that come and go. A freed block joins its free neighbours. Short ones wait in a
 * list per size before, and serve the next request of their size.
 */
export class Heap {
  readonly memory: WebAssembly.Memory
  /** How modules must declare the memory they import. */
  readonly memoryType: MemoryType
  readonly #linear: LinearMemory
  /** Freed blocks by their size. */
  readonly #lists = new Map<number, number[]>()
  /** All other free memory by address, no two of them neighbours. */
  #spans: Span[]
  /** Longest block in bytes. */
  readonly #longest: number
  #usedBytes = 0
  #peakBytes = 0
  #capacity: number
  readonly #scratches = new Map<string, { at: number; bytes: number; capacity: number }>()
  #views: Views

  constructor(options: HeapOptions = {}) {
    this.#linear = createMemory(options.maxBytes ?? narrowLimit, options.shared ?? false)
    this.memory = this.#linear.memory
    this.memoryType = this.#linear.type
    this.#longest = this.memoryType.address === 'i64' ? this.#linear.limit : narrowBlock
    const { buffer } = this.memory
    this.#capacity = buffer.byteLength
    this.#spans = [{ at: base, size: this.#capacity - base }]
    this.#views = viewsOf(buffer)
  }

  /**
   * A block of at least `bytes` bytes (and {@link alignment} more to over-read), contents arbitrary.
   * Free it with the same `bytes`.
   * @param lasting - Whether it is to outlive most blocks that are allocated after it.
   * @throws {OutOfMemoryError} at the limit, or where the host gives no more; nothing has changed then.
   * @throws {OptionError} for what is no number of bytes.
   */
  allocate(bytes: number, lasting = false): number {
    requireCount('bytes', bytes)
    if (bytes > Math.min(this.#longest, this.#linear.limit)) throw this.#failure(bytes, false)
    const size = sizeFor(bytes)
    const at = (lasting ? undefined : this.#lists.get(size)?.pop()) ?? this.#cut(size, bytes, lasting)
    this.#usedBytes += size
    if (this.#usedBytes > this.#peakBytes) this.#peakBytes = this.#usedBytes
    return at
  }

  free(pointer: number, bytes: number): void {
    requireCount('bytes', bytes)
    const size = sizeFor(bytes)
    const list = this.#lists.get(size)
    this.#usedBytes -= size
    if (size > listed) this.#give([{ at: pointer, size }])
    else if (list === undefined) this.#lists.set(size, [pointer])
    else list.push(pointer)
  }

  /**
   * A working area of at least `bytes` bytes: one per name, shared by all who use that name and good until one of them asks
   * again. Take it once per kernel run. It grows on demand, and goes to the end of the memory again when that has grown.
   */
  scratch(name: string, bytes: number): number {
    const known = this.#scratches.get(name)
    let size = bytes
    if (known !== undefined) {
      size = known.bytes < bytes ? Math.ceil(bytes * 1.25) : known.bytes
      if (size === known.bytes && known.capacity === this.#capacity) return known.at
      this.#scratches.delete(name)
      this.free(known.at, known.bytes)
    }
    try {
      const at = this.allocate(size, true)
      this.#scratches.set(name, { at, bytes: size, capacity: this.#capacity })
      return at
    } catch (error) {
      throw error instanceof OutOfMemoryError ? error.within(`working area ${name}`) : error
    }
  }

  /** Frees all working areas. Only between runs of kernels, which hold their addresses. */
  releaseScratch(): void {
    for (const { at, bytes } of this.#scratches.values()) this.free(at, bytes)
    this.#scratches.clear()
  }

  usage(): Omit<DeviceMemory, 'packedWeights'> {
    return {
      reserved: this.#capacity,
      used: this.#usedBytes,
      peak: this.#peakBytes,
      limit: this.#linear.limit,
      addressBits: this.memoryType.address === 'i64' ? 64 : 32,
      scratch: Object.fromEntries([...this.#scratches].map(([name, { bytes }]) => [name, bytes])),
    }
  }

  /** The whole memory as float32; like its siblings stale after any allocation, so do not keep it. */
  get f32(): Float32Array {
    return this.#whole('float32')
  }

  get i32(): Int32Array {
    return this.#whole('int32')
  }

  get u8(): Uint8Array {
    return this.#whole('bool')
  }

  /** A window on `length` elements of a block, valid until the next allocation. */
  view(dtype: DType, pointer: number, length: number): TypedArray {
    const start = pointer / bytesPerElement(dtype)
    return this.#whole(dtype).subarray(start, start + length)
  }

  #whole<D extends DType>(dtype: D): Views[D] {
    const { buffer } = this.memory
    if (this.#views[dtype].buffer !== buffer) this.#views = viewsOf(buffer)
    return this.#views[dtype]
  }

  /** Cuts a new block of `size` bytes: from free memory, from what waits in lists, by growing. */
  #cut(size: number, asked: number, lasting: boolean): number {
    const take = () => this.#take(size, lasting)
    let at = take()
    if (at === undefined) {
      this.#merge()
      at = take()
    }
    if (at === undefined && this.#grow(size)) at = take()
    // Where the limit would have allowed it, the host refused.
    if (at === undefined) throw this.#failure(asked, this.#end() + size <= this.#linear.limit)
    return at
  }

  /** Where the free memory begins that reaches to the end of all. */
  #end(): number {
    const last = this.#spans.at(-1)
    return last !== undefined && last.at + last.size === this.#capacity ? last.at : this.#capacity
  }

  /** Makes room for `size` bytes at the end: some more than asked for where the host has it. */
  #grow(size: number): boolean {
    const needed = this.#end() + size
    const { limit } = this.#linear
    if (needed > limit) return false
    const before = this.#capacity
    for (const target of [Math.max(needed, Math.min(1.25 * before, before + 2 ** 27)), needed]) {
      const pages = Math.ceil((Math.min(target, limit) - before) / pageBytes)
      if (before + pages * pageBytes < needed || !this.#linear.grow(pages)) continue
      this.#capacity = this.memory.buffer.byteLength
      this.#give([{ at: before, size: this.#capacity - before }])
      return true
    }
    return false
  }

  /** After all else was tried: what is there, and what would have fitted. */
  #failure(asked: number, hostRefused: boolean): OutOfMemoryError {
    this.#merge()
    const { limit } = this.#linear
    const end = hostRefused ? this.#capacity : limit
    const room = this.#spans.reduce((most, span) => Math.max(most, span.size), end - this.#end())
    return new OutOfMemoryError({
      device: 'wasm',
      requestedBytes: asked,
      usedBytes: this.#usedBytes,
      reservedBytes: this.#capacity,
      largestBytes: Math.min(Math.max(0, (Math.floor(room / alignment) - 1) * alignment), this.#longest),
      longestBytes: this.#longest,
      limitBytes: limit,
      mostBytes: mostBytes(),
      hostRefused,
    })
  }

  /** From the first span that is long enough, or the end of the last one that is. */
  #take(size: number, last: boolean): number | undefined {
    const enough = (span: Span) => span.size >= size
    const index = last ? this.#spans.findLastIndex(enough) : this.#spans.findIndex(enough)
    const span = this.#spans[index]
    if (span === undefined) return undefined
    const { at } = span
    span.size -= size
    if (span.size === 0) this.#spans.splice(index, 1)
    if (last) return at + span.size
    span.at += size
    return at
  }

  /** Makes all that waits in lists free memory. */
  #merge(): void {
    this.#give([...this.#lists].flatMap(([size, list]) => list.map((at) => ({ at, size }))))
    this.#lists.clear()
  }

  /** Puts free memory among the spans, and neighbours together. */
  #give(more: readonly Span[]): void {
    const spans: Span[] = []
    for (const span of [...this.#spans, ...more].sort((a, b) => a.at - b.at)) {
      const last = spans.at(-1)
      if (last !== undefined && last.at + last.size === span.at) last.size += span.size
      else spans.push(span)
    }
    this.#spans = spans
  }
}

export type {} from '../../platform.ts'

import type { DeviceMemory } from '../../device.ts'
import type { DType, TypedArray } from '../../dtype.ts'
import { bytesPerElement } from '../../dtype.ts'
import { OptionError, OutOfMemoryError } from '../../errors.ts'
import { isCount } from '../../shape.ts'
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

/** A shape that was not checked would move the end of all blocks, and the next one over somebody else's. */
function requireBytes(bytes: number): void {
  if (!isCount(bytes)) throw new OptionError('bytes', `must be an integer of at least 0, got ${bytes}`)
}

/** Class of a size in units of {@link alignment}: exact up to 16, then eight classes per doubling. */
function sizeClass(units: number): number {
  if (units <= 16) return units
  const shift = 28 - Math.clz32(units - 1)
  return 8 * shift + ((units - 1) >>> shift) + 1
}

/** Units of a block of that class: the inverse of {@link sizeClass}, rounded up. */
function classUnits(index: number): number {
  if (index <= 16) return index
  const shift = ((index - 1) >> 3) - 1
  return (index - 8 * shift) << shift
}

/**
 * Blocks of one WebAssembly memory. Freed blocks wait in a list per size class and serve the next
 * request of their class; before the memory grows, neighbours in those lists are merged and cut anew.
 */
export class Heap {
  readonly memory: WebAssembly.Memory
  /** How modules must declare the memory they import. */
  readonly memoryType: MemoryType
  readonly #linear: LinearMemory
  readonly #free: number[][] = []
  #spans: Span[] = []
  /** Longest block in bytes. */
  readonly #longest: number
  /** End of all blocks ever cut. */
  #top = base
  #usedBytes = 0
  #peakBytes = 0
  #capacity: number
  readonly #scratches = new Map<string, { at: number; bytes: number }>()
  #views: Views

  constructor(options: HeapOptions = {}) {
    this.#linear = createMemory(options.maxBytes ?? narrowLimit, options.shared ?? false)
    this.memory = this.#linear.memory
    this.memoryType = this.#linear.type
    this.#longest = this.memoryType.address === 'i64' ? this.#linear.limit : narrowBlock
    const { buffer } = this.memory
    this.#capacity = buffer.byteLength
    this.#views = viewsOf(buffer)
  }

  /**
   * A block of at least `bytes` bytes (and {@link alignment} more to over-read), contents arbitrary.
   * Free it with the same `bytes`.
   * @throws {OutOfMemoryError} at the limit, or where the host gives no more; nothing has changed then.
   * @throws {OptionError} for what is no number of bytes.
   */
  allocate(bytes: number): number {
    requireBytes(bytes)
    // Before the free blocks of its class, which may be longer.
    if (bytes > Math.min(this.#longest, this.#linear.limit)) throw this.#failure(bytes, false)
    const index = sizeClass(Math.ceil(bytes / alignment) + 1)
    const size = classUnits(index) * alignment
    const at = this.#free[index]?.pop() ?? this.#cut(size, bytes)
    this.#usedBytes += size
    if (this.#usedBytes > this.#peakBytes) this.#peakBytes = this.#usedBytes
    return at
  }

  free(pointer: number, bytes: number): void {
    requireBytes(bytes)
    const index = sizeClass(Math.ceil(bytes / alignment) + 1)
    this.#usedBytes -= classUnits(index) * alignment
    const list = this.#free[index]
    if (list === undefined) this.#free[index] = [pointer]
    else list.push(pointer)
  }

  /**
   * A working area of at least `bytes` bytes that stays: one per name, grown on demand, shared by all who
   * use that name and good until one of them asks again. Take it once per kernel run.
   */
  scratch(name: string, bytes: number): number {
    const known = this.#scratches.get(name)
    if (known !== undefined && known.bytes >= bytes) return known.at
    if (known !== undefined) {
      this.#scratches.delete(name)
      this.free(known.at, known.bytes)
    }
    const size = Math.ceil(bytes * (known === undefined ? 1 : 1.25))
    try {
      const at = this.allocate(size)
      this.#scratches.set(name, { at, bytes: size })
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

  /** Cuts a new block of `size` bytes: from merged free space, from the end, or by growing. */
  #cut(size: number, asked: number): number {
    let at = this.#fromSpans(size) ?? this.#fromEnd(size)
    // Merging costs a sort; it is worth it when it may save a good part of what is there, or failure.
    const gain = this.#top - base - this.#usedBytes
    if (at === undefined && (gain > this.#top / 4 || !this.#grow(size))) {
      this.#merge()
      at = this.#fromSpans(size)
    }
    at ??= this.#fromEnd(size)
    if (at === undefined && this.#grow(size)) at = this.#fromEnd(size)
    // Where the limit would have allowed it, the host refused.
    if (at === undefined) throw this.#failure(asked, this.#top + size <= this.#linear.limit)
    return at
  }

  #fromEnd(size: number): number | undefined {
    if (this.#top + size > this.#capacity) return undefined
    const at = this.#top
    this.#top += size
    return at
  }

  /** Makes room for `size` bytes at the end: some more than asked for where the host has it. */
  #grow(size: number): boolean {
    const needed = this.#top + size
    const { limit } = this.#linear
    if (needed > limit) return false
    for (const target of [
      Math.max(needed, Math.min(1.25 * this.#capacity, this.#capacity + 2 ** 27)),
      needed,
    ]) {
      const pages = Math.ceil((Math.min(target, limit) - this.#capacity) / pageBytes)
      if (this.#capacity + pages * pageBytes < needed || !this.#linear.grow(pages)) continue
      this.#capacity = this.memory.buffer.byteLength
      return true
    }
    return false
  }

  /** After all else was tried: what is there, and what would have fitted. */
  #failure(asked: number, hostRefused: boolean): OutOfMemoryError {
    this.#merge()
    const { limit } = this.#linear
    const end = hostRefused ? this.#capacity : limit
    const room = this.#spans.reduce((most, span) => Math.max(most, span.size), end - this.#top)
    // The block of the largest class that the room holds.
    let index = sizeClass(Math.max(1, Math.floor(room / alignment)))
    if (classUnits(index) * alignment > room) index--
    const largest = Math.max(0, (classUnits(index) - 1) * alignment)
    return new OutOfMemoryError({
      device: 'wasm',
      requestedBytes: asked,
      usedBytes: this.#usedBytes,
      reservedBytes: this.#capacity,
      largestBytes: Math.min(largest, this.#longest),
      longestBytes: this.#longest,
      limitBytes: limit,
      mostBytes: mostBytes(),
      hostRefused,
    })
  }

  #fromSpans(size: number): number | undefined {
    const index = this.#spans.findIndex((span) => span.size >= size)
    if (index < 0) return undefined
    const span = this.#spans[index]!
    const { at } = span
    span.at += size
    span.size -= size
    if (span.size === 0) this.#spans.splice(index, 1)
    return at
  }

  /** Turns all free blocks into spans as large as possible; one at the end goes back to the uncut rest. */
  #merge(): void {
    const all = this.#spans
    this.#free.forEach((list, index) => {
      const size = classUnits(index) * alignment
      for (const at of list) all.push({ at, size })
      list.length = 0
    })
    all.sort((a, b) => a.at - b.at)
    const merged: Span[] = []
    for (const span of all) {
      const last = merged.at(-1)
      if (last !== undefined && last.at + last.size === span.at) last.size += span.size
      else merged.push(span)
    }
    const last = merged.at(-1)
    if (last !== undefined && last.at + last.size === this.#top) {
      this.#top = last.at
      merged.pop()
    }
    this.#spans = merged
  }
}

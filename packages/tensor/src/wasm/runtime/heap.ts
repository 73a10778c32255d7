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

/** Longest block that waits in a list once it is freed, in bytes. */
const listed = 2 ** 18

/** Bytes that a block of `units` times {@link alignment} takes: exact up to 16 and for long ones, else eight sizes a doubling. */
function sizeFor(units: number): number {
  const shift = units * alignment > listed ? 0 : Math.max(0, 28 - Math.clz32(units - 1))
  return (((units - 1) >>> shift) + 1) * 2 ** shift * alignment
}

/** The most bytes of a request that `room` bytes hold. */
function mostIn(room: number): number {
  const units = Math.floor(room / alignment)
  const shift = room > listed ? 0 : Math.max(0, 28 - Math.clz32(units))
  return Math.max(0, ((units >>> shift) * 2 ** shift - 1) * alignment)
}

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
  /** Bytes of the blocks in lists. */
  #waiting = 0
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
    requireBytes(bytes)
    if (bytes > Math.min(this.#longest, this.#linear.limit)) throw this.#failure(bytes, false)
    const size = sizeFor(Math.ceil(bytes / alignment) + 1)
    let at = lasting ? undefined : this.#lists.get(size)?.pop()
    if (at === undefined) at = this.#cut(size, bytes, lasting)
    else this.#waiting -= size
    this.#usedBytes += size
    if (this.#usedBytes > this.#peakBytes) this.#peakBytes = this.#usedBytes
    return at
  }

  free(pointer: number, bytes: number): void {
    requireBytes(bytes)
    const size = sizeFor(Math.ceil(bytes / alignment) + 1)
    this.#usedBytes -= size
    if (size > listed) {
      this.#give(pointer, size)
      return
    }
    this.#waiting += size
    const list = this.#lists.get(size)
    if (list === undefined) this.#lists.set(size, [pointer])
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
      const long = known.bytes >= bytes
      if (long && known.capacity === this.#capacity) return known.at
      this.#scratches.delete(name)
      this.free(known.at, known.bytes)
      size = long ? known.bytes : Math.ceil(bytes * 1.25)
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

  /** Cuts a new block of `size` bytes: from free memory, by growing, from what waits in lists. */
  #cut(size: number, asked: number, lasting: boolean): number {
    const take = () => this.#take(size, lasting)
    let at = take()
    // Merging costs a sort; it is worth it when it may save a good part of what is there, or failure.
    if (at === undefined && this.#waiting <= this.#capacity / 4 && this.#grow(size)) at = take()
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
      this.#give(before, this.#capacity - before)
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
      largestBytes: Math.min(mostIn(room), this.#longest),
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

  /** Puts free memory among the spans. */
  #give(at: number, size: number): void {
    const spans = this.#spans
    const index = spans.findLastIndex((span) => span.at < at) + 1
    spans.splice(index, 0, { at, size })
    for (const i of [index, index - 1]) {
      const [span, next] = [spans[i], spans[i + 1]]
      if (span === undefined || span.at + span.size !== next?.at) continue
      span.size += next.size
      spans.splice(i + 1, 1)
    }
  }

  /** Makes all that waits in lists free memory. */
  #merge(): void {
    const all = this.#spans
    for (const [size, list] of this.#lists) for (const at of list) all.push({ at, size })
    this.#lists.clear()
    this.#waiting = 0
    all.sort((a, b) => a.at - b.at)
    const merged: Span[] = []
    for (const span of all) {
      const last = merged.at(-1)
      if (last !== undefined && last.at + last.size === span.at) last.size += span.size
      else merged.push(span)
    }
    this.#spans = merged
  }
}

import type { View } from '../device.ts'
import { DeviceError } from '../errors.ts'
import type { Heap } from './heap.ts'

/** Memory for weights in the layout of a kernel. */
export interface Packed {
  readonly at: number
  /** Whether it holds them already; else they are to be written. */
  readonly ready: boolean
}

interface Entry {
  readonly at: number
  readonly bytes: number
}

/** Share of the device's memory that packed weights may take. */
const share = 1 / 8

/**
 * Weights packed for kernels, by the buffer they were made of: a network that runs again and again packs each of its
 * weights once. Only weights seen before are kept, so that those of a training step, which are new in every step, take no
 * memory. Buffers are written once, where they are made; what is kept goes when its buffer does.
 */
export class WeightCache {
  private readonly heap: Heap
  private readonly limit: number
  /** By buffer, then by what was made of it; without an entry where it was seen once. The longest unused first. */
  private readonly buffers = new Map<number, Map<string, Entry | undefined>>()
  private total = 0

  constructor(heap: Heap) {
    this.heap = heap
    this.limit = heap.usage().limit * share
  }

  /** Bytes kept. */
  get bytes(): number {
    return this.total
  }

  /**
   * Memory for what `kind` (which names everything the layout depends on beside the view) makes of `weights`; undefined
   * where it is not to be kept, and scratch memory has to do.
   */
  find({ buffer, offset, shape, strides }: View, kind: string, bytes: number): Packed | undefined {
    const key = `${kind} ${offset} ${shape} ${strides}`
    const known = this.buffers.get(buffer as number)
    if (known === undefined || !known.has(key)) {
      this.buffers.set(buffer as number, (known ?? new Map()).set(key, undefined))
      return undefined
    }
    this.buffers.delete(buffer as number)
    this.buffers.set(buffer as number, known)
    const entry = known.get(key)
    if (entry !== undefined) return { at: entry.at, ready: true }
    const at = this.room(bytes, known)
    if (at === undefined) return undefined
    known.set(key, { at, bytes })
    this.total += bytes
    return { at, ready: false }
  }

  /** Gives up what was made of a buffer: it is freed, or written anew. */
  forget(buffer: number): void {
    const known = this.buffers.get(buffer)
    if (known === undefined) return
    this.drop(known)
    this.buffers.delete(buffer)
  }

  /** Gives up everything; returns whether there was any. */
  clear(): boolean {
    const any = this.total > 0
    for (const known of this.buffers.values()) this.drop(known)
    this.buffers.clear()
    return any
  }

  private room(bytes: number, own: Map<string, Entry | undefined>): number | undefined {
    if (bytes > this.limit) return undefined
    for (const known of this.buffers.values()) {
      if (this.total + bytes <= this.limit) break
      if (known !== own) this.drop(known)
    }
    if (this.total + bytes > this.limit) return undefined
    try {
      return this.heap.allocate(bytes)
    } catch (error) {
      if (error instanceof DeviceError) return undefined
      throw error
    }
  }

  private drop(known: Map<string, Entry | undefined>): void {
    for (const [key, entry] of known) {
      if (entry === undefined) continue
      this.heap.free(entry.at, entry.bytes)
      this.total -= entry.bytes
      known.set(key, undefined)
    }
  }
}

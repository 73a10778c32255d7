import type { View } from '../../device.ts'
import { OutOfMemoryError } from '../../errors.ts'
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

/** What is known of one view of a buffer, for one kernel. */
interface Known {
  /** When it was last asked for, counted in requests. */
  asked: number
  entry: Entry | undefined
}

/** Share of the device's memory that packed weights may take. */
const share = 1 / 4

/**
 * Keeps weights in the layouts that kernels need, so that a network that runs many times packs each weight once.
 * A weight is kept from its second use on: the weights of a training step are new in every step and take no memory.
 * An entry belongs to one buffer, which is written once, and is freed with it.
 *
 * Where memory is short, the entry that was unused for longest is dropped first, and only entries are dropped that were
 * not used since the new one's previous use. Without this condition, a network whose weights exceed the limit would
 * drop every entry before its next use.
 */
export class WeightCache {
  readonly #heap: Heap
  readonly #limit: number
  readonly #buffers = new Map<number, Map<string, Known>>()
  /** What is kept, the longest unused first. */
  readonly #kept = new Set<Known>()
  #total = 0
  #requests = 0

  constructor(heap: Heap) {
    this.#heap = heap
    this.#limit = heap.usage().limit * share
  }

  /** Bytes kept. */
  get bytes(): number {
    return this.#total
  }

  /**
   * Memory for the weights of a view in the layout `kind`, which names all that the layout depends on but the view.
   * Undefined where they are not to be kept: the caller packs them into scratch memory. So it is of those stored as float16,
   * of which a copy in float32 would take back what that saves.
   */
  find({ buffer, offset, shape, strides, half }: View, kind: string, bytes: number): Packed | undefined {
    if (half !== undefined) return undefined
    const key = `${kind} ${offset} ${shape} ${strides}`
    const asked = ++this.#requests
    let views = this.#buffers.get(buffer as number)
    if (views === undefined) {
      views = new Map()
      this.#buffers.set(buffer as number, views)
    }
    const known = views.get(key)
    if (known === undefined) {
      views.set(key, { asked, entry: undefined })
      return undefined
    }
    const before = known.asked
    known.asked = asked
    if (known.entry !== undefined) {
      this.#kept.delete(known)
      this.#kept.add(known)
      return { at: known.entry.at, ready: true }
    }
    const at = this.#makeRoom(bytes, before) ? this.#allocate(bytes) : undefined
    if (at === undefined) return undefined
    known.entry = { at, bytes }
    this.#kept.add(known)
    this.#total += bytes
    return { at, ready: false }
  }

  /** Gives up what was made of a buffer: it is freed, or written anew. */
  forget(buffer: number): void {
    const views = this.#buffers.get(buffer)
    if (views === undefined) return
    for (const known of views.values()) this.#drop(known)
    this.#buffers.delete(buffer)
  }

  /** Gives up everything. */
  clear(): void {
    for (const known of this.#kept) this.#drop(known)
    this.#buffers.clear()
  }

  /** Makes room by dropping what was last asked for before request `since`; false, dropping nothing, if that is too little. */
  #makeRoom(bytes: number, since: number): boolean {
    let room = this.#limit - this.#total
    const out: Known[] = []
    for (const known of this.#kept) {
      if (room >= bytes || known.asked >= since) break
      out.push(known)
      room += known.entry!.bytes
    }
    if (room < bytes) return false
    for (const known of out) this.#drop(known)
    return true
  }

  #allocate(bytes: number): number | undefined {
    try {
      return this.#heap.allocate(bytes, true)
    } catch (error) {
      if (error instanceof OutOfMemoryError) return undefined
      throw error
    }
  }

  #drop(known: Known): void {
    const { entry } = known
    if (entry === undefined) return
    known.entry = undefined
    this.#kept.delete(known)
    this.#total -= entry.bytes
    this.#heap.free(entry.at, entry.bytes)
  }
}

import type { View } from './device.ts'

/** Memory for weights in the layout of a kernel. */
export interface Packed<Place> {
  readonly at: Place
  /** Whether it holds them already; else they are to be written. */
  readonly ready: boolean
}

/** Where packed weights are kept. */
export interface PackingRoom<Place> {
  /** Bytes that they may take. */
  readonly limit: number
  /** Undefined where there is no memory. */
  allocate(bytes: number): Place | undefined
  free(at: Place, bytes: number): void
}

interface Entry<Place> {
  readonly at: Place
  readonly bytes: number
}

/** What is known of one view of a buffer, for one kernel. */
interface Known<Place> {
  /** When it was last asked for, counted in requests. */
  asked: number
  entry: Entry<Place> | undefined
}

/**
 * Keeps weights in the layouts that kernels need, so that a network that runs many times packs each weight once.
 * A weight is kept from its second use on: the weights of a training step are new in every step and take no memory.
 * An entry belongs to one buffer, which is written once, and is freed with it.
 *
 * Where memory is short, the entry that was unused for longest is dropped first, and only entries are dropped that were
 * not used since the new one's previous use. Without this condition, a network whose weights exceed the limit would
 * drop every entry before its next use.
 */
export class WeightCache<Buffer, Place> {
  readonly #room: PackingRoom<Place>
  readonly #buffers = new Map<Buffer, Map<string, Known<Place>>>()
  /** What is kept, the longest unused first. */
  readonly #kept = new Set<Known<Place>>()
  #total = 0
  #requests = 0

  constructor(room: PackingRoom<Place>) {
    this.#room = room
  }

  /** Bytes kept. */
  get bytes(): number {
    return this.#total
  }

  /**
   * Memory for the weights of a view in the layout `kind`, which names all that the layout depends on but the view.
   * Undefined where they are not to be kept: the caller packs them into working memory. So it is of those stored as float16,
   * of which a copy in float32 would take back what that saves.
   * @param lasts - That the weight will be used again, whatever was asked before: it is kept at once where there is room.
   */
  find(
    { buffer, offset, shape, strides, half }: View,
    kind: string,
    bytes: number,
    lasts = false,
  ): Packed<Place> | undefined {
    if (half !== undefined) return undefined
    const key = `${kind} ${offset} ${shape} ${strides}`
    const asked = ++this.#requests
    let views = this.#buffers.get(buffer as Buffer)
    if (views === undefined) {
      views = new Map()
      this.#buffers.set(buffer as Buffer, views)
    }
    let known = views.get(key)
    const before = known?.asked ?? 0
    if (known === undefined) {
      known = { asked, entry: undefined }
      views.set(key, known)
      if (!lasts) return undefined
    }
    known.asked = asked
    if (known.entry !== undefined) {
      this.#kept.delete(known)
      this.#kept.add(known)
      return { at: known.entry.at, ready: true }
    }
    const at = this.#makeRoom(bytes, before) ? this.#room.allocate(bytes) : undefined
    if (at === undefined) return undefined
    known.entry = { at, bytes }
    this.#kept.add(known)
    this.#total += bytes
    return { at, ready: false }
  }

  /** Gives up what was made of a buffer: it is freed, or written anew. */
  forget(buffer: Buffer): void {
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
    let room = this.#room.limit - this.#total
    const out: Known<Place>[] = []
    for (const known of this.#kept) {
      if (room >= bytes || known.asked >= since) break
      out.push(known)
      room += known.entry!.bytes
    }
    if (room < bytes) return false
    for (const known of out) this.#drop(known)
    return true
  }

  #drop(known: Known<Place>): void {
    const { entry } = known
    if (entry === undefined) return
    known.entry = undefined
    this.#kept.delete(known)
    this.#total -= entry.bytes
    this.#room.free(entry.at, entry.bytes)
  }
}

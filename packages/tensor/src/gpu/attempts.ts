import type { KernelCall } from '../device.ts'
import { DeviceError } from '../errors.ts'
import { undoing } from '../settled.ts'
import type { GpuBuffer } from './buffer.ts'

/** Breaks off work that needs values the host does not have yet; {@link ready} settles when it has them. */
export class PendingRead extends DeviceError {
  readonly ready: Promise<unknown>
  constructor(ready: Promise<unknown>) {
    super('gpu: dataSync: the values are on their way; a catch inside a step must let this error through')
    this.ready = ready
  }
}

/** A call that was made, and what became of its result. */
interface Made {
  readonly buffer: GpuBuffer
  /** `gone`: freed, before the work was broken off; `idle`: given up because it was. */
  state: 'held' | 'gone' | 'idle'
  attempt: number
}

interface Written {
  readonly values: Float32Array
  readonly id: number
  attempt: number
}

/** What a call computes, of what. Equal ones keep their order. */
function textOf({ primitive, inputs, params, shape, dtype }: KernelCall): string {
  const of = inputs.map((x) => `${(x.buffer as GpuBuffer).id}.${x.dtype}.${x.shape}.${x.strides}.${x.offset}`)
  return `${primitive}|${dtype}|${shape}|${of.join('|')}|${JSON.stringify(params)}`
}

const same = (a: Float32Array, b: Float32Array): boolean => a.every((value, i) => Object.is(value, b[i]))

function listOf<K, V>(map: Map<K, V[]>, key: K): V[] {
  let list = map.get(key)
  if (list === undefined) map.set(key, (list = []))
  return list
}

/**
 * Everything that a piece of synchronous work has done so far on a device that cannot be waited for. Where the work
 * reads, it is broken off, and run again from its beginning when the values are there. A call that it makes again is
 * not computed again: it gets the buffer that the first one filled, or, where that was freed since, the empty one,
 * which nothing needs, as all that was made of it is here too.
 */
export class Attempts {
  readonly #made = new Map<string, Made[]>()
  readonly #of = new Map<GpuBuffer, Made>()
  readonly #written = new Map<number, Written[]>()
  readonly #read = new Map<number, Float32Array>()
  #attempt = 0
  #broken: PendingRead | undefined

  /** Begins the work, again. */
  begin(): void {
    this.#attempt++
    this.#broken = undefined
  }

  /** The read that the attempt was broken off by. */
  get broken(): PendingRead | undefined {
    return this.#broken
  }

  /** Nothing runs after a read that was broken off, whoever caught its error. */
  requireWhole(): void {
    if (this.#broken !== undefined) throw this.#broken
  }

  /** The result of a call: that of the same call in an earlier attempt, or what `compute` makes. */
  run(call: KernelCall, compute: () => GpuBuffer): GpuBuffer {
    this.requireWhole()
    const text = textOf(call)
    const before = listOf(this.#made, text)
    const again = before.find(({ state, attempt }) => attempt < this.#attempt && state !== 'held')
    if (again !== undefined) {
      again.attempt = this.#attempt
      if (again.state === 'idle') again.state = 'held'
      return again.buffer
    }
    const made: Made = { buffer: compute(), state: 'held', attempt: this.#attempt }
    before.push(made)
    this.#of.set(made.buffer, made)
    return made.buffer
  }

  /** Values that were written into a buffer: the same ones are the same buffer to later calls. */
  write(buffer: GpuBuffer, values: Float32Array): void {
    const before = listOf(this.#written, values.length)
    const again = before.find((written) => written.attempt < this.#attempt && same(written.values, values))
    if (again === undefined) {
      before.push({ values, id: buffer.id, attempt: this.#attempt })
    } else {
      again.attempt = this.#attempt
      buffer.id = again.id
    }
  }

  /** Whether a buffer that is given up is to be kept for the next attempt. */
  keeps(buffer: GpuBuffer): boolean {
    const made = this.#of.get(buffer)
    if (made === undefined || made.state !== 'held') return false
    made.state = this.#broken === undefined ? 'gone' : 'idle'
    return made.state === 'idle'
  }

  /** The values of a buffer, if they were read before; else the work is broken off until `fetch` has them. */
  read(buffer: GpuBuffer, fetch: () => Promise<Float32Array>): Float32Array {
    this.requireWhole()
    const { id } = buffer
    const known = this.#read.get(id)
    if (known !== undefined) return known
    this.#broken = new PendingRead(fetch().then((values) => this.#read.set(id, values)))
    throw this.#broken
  }

  /** Buffers that no attempt took up again. */
  *leftovers(): Iterable<GpuBuffer> {
    for (const { buffer, state } of this.#of.values()) if (state === 'idle') yield buffer
  }
}

/**
 * Runs work until it has all that it reads.
 * @param during - Told what the calls of an attempt go through, and at its end nothing.
 * @param free - Frees what no attempt took up again.
 */
export async function attempt<T>(
  work: () => T,
  during: (attempts?: Attempts) => void,
  free: (buffer: GpuBuffer) => void,
): Promise<T> {
  const attempts = new Attempts()
  /** What the work returns, of no worth where it was broken off. */
  const once = (): T | undefined => {
    attempts.begin()
    during(attempts)
    try {
      return undoing(work, () => attempts.broken !== undefined)
    } catch (error) {
      if (attempts.broken === undefined) throw error
      return undefined
    } finally {
      during()
    }
  }
  try {
    for (;;) {
      const result = once()
      if (attempts.broken === undefined) return result as T
      await attempts.broken.ready
    }
  } finally {
    for (const buffer of attempts.leftovers()) free(buffer)
  }
}

import { DeviceError, OptionError } from '../../errors.ts'
import { environment } from './environment.ts'
import { Heap } from './heap.ts'
import { mostBytes, narrowLimit } from './linear-memory.ts'
import type { ThreadPlan } from './thread-count.ts'
import { planThreads } from './thread-count.ts'

/** What decides over a device's memory. */
export interface MemoryOptions {
  readonly maxBytes?: number
  readonly threads?: number
}

/** A heap, and the threads it may be shared with. */
export interface HeapPlan extends ThreadPlan {
  readonly heap: Heap
}

/** Least limit that makes sense: the first growth of a heap. */
const least = 2 ** 20

function checked(option: string, value: number): number {
  if (Number.isFinite(value) && value >= least) return value
  throw new OptionError(option, `must be a number of bytes from ${least} to ${mostBytes()}, got ${value}`)
}

/** The limit asked for: by the option, else by the environment variable TWEEDIE_MAX_BYTES (Node). */
function askedBytes(option: number | undefined): number | undefined {
  if (option !== undefined) return checked('maxBytes', option)
  const variable = environment('TWEEDIE_MAX_BYTES')
  return variable === undefined ? undefined : checked('TWEEDIE_MAX_BYTES', Number(variable))
}

/**
 * The heap, the number of threads (one where memory cannot be shared), and why it is that number.
 * @throws {DeviceError} for more memory than there is, or shared memory that was asked for and refused.
 */
export function planHeap(options: MemoryOptions): HeapPlan {
  const asked = askedBytes(options.maxBytes)
  const { threads, reason } = planThreads(options.threads)
  const maxBytes = asked ?? narrowLimit
  if (threads === 1) return { heap: new Heap({ maxBytes }), threads, reason }
  // Shared memory must reserve its limit of addresses at once, which some hosts refuse.
  let refusal: unknown
  for (const limit of asked === undefined ? [maxBytes, maxBytes / 2] : [maxBytes]) {
    try {
      return { heap: new Heap({ maxBytes: limit, shared: true }), threads, reason }
    } catch (error) {
      if (error instanceof DeviceError) throw error
      refusal = error
    }
  }
  if (options.threads !== undefined) throw new DeviceError(`wasm: no shared memory: ${refusal}`)
  return { heap: new Heap({ maxBytes }), threads: 1, reason: `no shared memory: ${refusal}` }
}

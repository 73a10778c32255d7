import { DeviceError } from '../errors.ts'
import type { GpuBackend } from './backends.ts'
import type { GpuBuffer } from './buffer.ts'
import type { Handle } from './gpujs.ts'

/** A buffer, what is to fill it, and what is to be done then. */
export interface Fill {
  readonly target: GpuBuffer
  readonly what: string
  readonly job: () => unknown
  readonly after: () => void
}

/**
 * Pieces of work in the order in which they were asked for: done at once on a synchronous backend, one after the
 * other on an asynchronous one, whose device calls return before their result is there. Since freeing is such a piece
 * too, no buffer goes before the kernels that read it have been sent off.
 */
export class WorkQueue {
  readonly #backend: GpuBackend
  readonly #async: boolean
  #tail: Promise<unknown> = Promise.resolve()

  constructor(backend: GpuBackend, async: boolean) {
    this.#backend = backend
    this.#async = async
  }

  /** Does a piece of work, or rejects (on a synchronous backend throws) with a DeviceError that says what it was. */
  do(what: string, job: () => unknown): unknown {
    return this.#async ? this.#next(() => this.#attempt(what, job)) : this.#attempt(what, job)
  }

  /** Puts what `job` makes into a buffer. A failure stays in the buffer for whoever reads it. */
  fill(target: GpuBuffer, what: string, job: () => unknown): void {
    this.fillAll([{ target, what, job, after: () => {} }])
  }

  /** Fills buffers in a row, each with what its job makes, and does what is to be done after each. */
  fillAll(fills: readonly Fill[]): void {
    if (this.#async) {
      void this.#next(async () => {
        for (const { target, what, job, after } of fills) {
          try {
            target.handle = (await this.#attempt(what, job)) as Handle
          } catch (error) {
            target.error = error
          }
          after()
        }
      })
      return
    }
    for (const { target, what, job, after } of fills) {
      try {
        target.handle = this.#attempt(what, job) as Handle
      } catch (error) {
        target.error = error
      }
      after()
    }
  }

  /** Begins once all that was asked for before is done, well or not. */
  #next(job: () => unknown): Promise<unknown> {
    const done = this.#tail.then(job)
    this.#tail = done.catch(() => {})
    return done
  }

  #attempt(what: string, job: () => unknown): unknown {
    const named = (cause: unknown): never => {
      if (cause instanceof DeviceError) throw cause
      const message = cause instanceof Error ? cause.message : String(cause)
      throw new DeviceError(`gpu (${this.#backend}): ${what}: ${message}`, { cause })
    }
    try {
      const result = job()
      return result instanceof Promise ? result.catch(named) : result
    } catch (error) {
      return named(error)
    }
  }
}

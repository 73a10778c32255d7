import { Worker } from 'node:worker_threads'
import { InterruptedError } from '@tweedie/runs'
import { getDevice, OptionError, TweedieError } from '@tweedie/tensor'
import type { Cell } from './cell.ts'
import type { Plan } from './plan.ts'
import type { CellWorker } from './run.ts'

/** How a thread finds the plans: a module that makes them of data. */
export interface PlanSource {
  /** URL of a module that exports `plans(data): Promise<Plan[]>`. */
  readonly module: string
  /** What can be cloned for another thread. */
  readonly data: unknown
}

/** What such a module exports. */
export interface PlanModule {
  plans(data: never): Promise<readonly Plan[]>
}

/** What a thread says. */
export type Said =
  | { readonly done: number }
  | { readonly cell: Cell }
  | { readonly failed: { readonly message: string; readonly stack: string | undefined } }

/**
 * Threads that work on cells of plans, each with an engine of its own that computes on one core.
 * @param count - How many.
 * @param signal - Raised, it ends what is at work with an {@link InterruptedError}.
 * @throws {OptionError} where there are to be fewer than one.
 */
export function threadWorkers(count: number, source: PlanSource, signal?: AbortSignal): CellWorker[] {
  if (!Number.isSafeInteger(count) || count < 1)
    throw new OptionError('jobs', `must be a positive integer, got ${count}`)
  return Array.from({ length: count }, () => threadWorker(source, signal))
}

function threadWorker(source: PlanSource, signal: AbortSignal | undefined): CellWorker {
  // From source or from dist, the entry lies beside this file.
  const entry = new URL(`./worker-entry${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)
  const { fusedMultiplyAdd, winograd } = getDevice().info().rounding ?? {}
  const env = {
    ...process.env,
    TWEEDIE_THREADS: '1',
    // Threads round as the first one does.
    ...(fusedMultiplyAdd !== undefined && { TWEEDIE_RELAXED_SIMD: fusedMultiplyAdd ? '1' : '0' }),
    ...(winograd !== undefined && { TWEEDIE_WINOGRAD: winograd ? '1' : '0' }),
  }
  const worker = new Worker(entry, { workerData: source, env })
  let failure: Error | undefined
  let waiting: { reject(error: Error): void; hear(said: Said): void } | undefined
  const fail = (error: Error) => {
    failure ??= error
    waiting?.reject(failure)
  }
  const stop = () => fail(new InterruptedError())
  signal?.addEventListener('abort', stop)
  worker.on('message', (said: Said) => waiting?.hear(said))
  worker.on('error', (error) => fail(error as Error))
  worker.on('exit', (code) => fail(new TweedieError(`a thread ended with code ${code}`)))
  return {
    run: (index, onProgress) =>
      new Promise((resolve, reject) => {
        if (failure !== undefined) return reject(failure)
        const hear = (said: Said) => {
          if ('done' in said) onProgress(said.done)
          else if ('cell' in said) resolve(said.cell)
          else reject(Object.assign(new Error(said.failed.message), { stack: said.failed.stack }))
        }
        waiting = { reject, hear }
        worker.postMessage(index)
      }),
    close: async () => {
      signal?.removeEventListener('abort', stop)
      await worker.terminate()
    },
  }
}

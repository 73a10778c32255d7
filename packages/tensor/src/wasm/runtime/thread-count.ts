import { DeviceError, OptionError } from '../../errors.ts'
import { environment } from './environment.ts'

/** How many threads a device will use, counting the caller's, and why no more. */
export interface ThreadPlan {
  readonly threads: number
  /** For people: where the number comes from. */
  readonly reason: string
}

/** By default no more than this: small kernels do not gain from more, and each thread costs memory. */
const defaultMost = 8
const most = 64

function checked(option: string, value: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= most) return value
  throw new OptionError(option, `must be an integer from 1 to ${most}, got ${value}`)
}

/** Why memory cannot be shared with workers here, or nothing. */
function obstacle(): string | undefined {
  const isolated = (globalThis as { readonly crossOriginIsolated?: boolean }).crossOriginIsolated
  if (typeof SharedArrayBuffer === 'undefined' || isolated === false) {
    return (
      'no SharedArrayBuffer: the page is not cross-origin isolated ' +
      '(serve it with Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp)'
    )
  }
  if (nodeWorkers() === undefined && typeof globalThis.Worker !== 'function') return 'no workers here'
  return undefined
}

/** Node's module of worker threads, found in a way that bundlers for browsers do not stumble over. */
export function nodeWorkers(): typeof import('node:worker_threads') | undefined {
  return globalThis.process?.getBuiltinModule?.('node:worker_threads')
}

/**
 * The number of threads: what was asked for, else the environment variable TWEEDIE_THREADS (Node), else one per
 * core up to 8.
 * @throws {OptionError} for a number outside 1 … 64.
 * @throws {DeviceError} where more than one was asked for and memory cannot be shared.
 */
export function planThreads(asked?: number): ThreadPlan {
  const variable = environment('TWEEDIE_THREADS')
  const why = obstacle()
  if (asked !== undefined) {
    const threads = checked('threads', asked)
    if (threads > 1 && why !== undefined)
      throw new DeviceError(`wasm: ${threads} threads asked for, but ${why}`)
    return { threads, reason: 'as asked for' }
  }
  if (variable !== undefined) {
    const threads = checked('TWEEDIE_THREADS', Number(variable))
    if (threads === 1 || why === undefined) return { threads, reason: `TWEEDIE_THREADS=${variable}` }
  }
  if (why !== undefined) return { threads: 1, reason: why }
  const cores = globalThis.navigator?.hardwareConcurrency ?? 1
  const threads = Math.max(1, Math.min(cores, defaultMost))
  return {
    threads,
    reason: `${cores} ${cores === 1 ? 'core' : 'cores'}${threads < cores ? `, ${defaultMost} at most` : ''}`,
  }
}

import type { Interpreter, Tensor } from '@tweedie/tensor'
import { dispatchAt, memory, pushInterpreter, removeInterpreter } from '@tweedie/tensor'

/** What tensors held, above what they held before, after each call of the device. */
export interface Live {
  /** Milliseconds from the start. */
  readonly at: Float64Array<ArrayBuffer>
  readonly bytes: Float64Array<ArrayBuffer>
}

/**
 * Runs work, and reads the engine's own count of live bytes after every call of a device in it, and at its end.
 * @param onCall - Told of each call, with when it began and ended, in milliseconds from the start.
 */
export function watchLive<T>(
  work: () => T,
  onCall: (inputs: readonly Tensor[], out: Tensor, from: number, to: number) => void = () => {},
): { readonly result: T; readonly live: Live } {
  const at: number[] = []
  const bytes: number[] = []
  const began = performance.now()
  const { bytes: before } = memory()
  const look = () => {
    at.push(performance.now() - began)
    bytes.push(memory().bytes - before)
  }
  const run: Interpreter['run'] = (primitive, inputs, params, level) => {
    const from = performance.now() - began
    const out = dispatchAt(level, primitive, inputs, params)
    look()
    onCall(inputs, out, from, performance.now() - began)
    return out
  }
  const watcher: Interpreter = { run }
  pushInterpreter(watcher)
  try {
    const result = work()
    look()
    return { result, live: { at: Float64Array.from(at), bytes: Float64Array.from(bytes) } }
  } finally {
    removeInterpreter(watcher)
  }
}

import { breathe, run } from '@tweedie/solvers'
import type { Device, Tensor } from '@tweedie/tensor'
import { NonFiniteError, treeMap } from '@tweedie/tensor'
import { InterruptedError } from './interrupted.ts'
import { withRests } from './rests.ts'

/** How a run is watched and stopped. */
export interface Watch<S> {
  /** Called with each step, and awaited. */
  onStep?(step: S): void | Promise<void>
  /** Stops the run between two steps, or at a rest inside one; otherwise the first step is always made. */
  readonly signal?: AbortSignal | undefined
  /** That the steps compute on: they rest between windows of a picture there. */
  readonly device?: Device | undefined
  /** Called where the run is stopped after a step, with the last one; its tensors are valid until this has ended. */
  onInterrupt?(step: S): void | Promise<void>
  /** What to say where the result is not finite. */
  readonly diverged?: string
}

/**
 * Drives a method or sampler to its end. After each step the event loop has its turn: timers, painting, signals.
 *
 * @returns The result [N, …shape], which the caller owns.
 * @throws {InterruptedError} between two steps or at a rest, once `signal` is raised.
 * @throws {NonFiniteError} where a number of the result is NaN or infinite.
 * @example
 * ```ts
 * import { drive } from '@tweedie/runs'
 * import { gaussianPrior, sampleUnconditional } from '@tweedie/solvers'
 * const steps = sampleUnconditional(gaussianPrior({ mean: [0, 0], covariance: 1 }), { count: 3, steps: 4 })
 * const seen: number[] = []
 * const x = await drive(steps, { onStep: ({ i }) => void seen.push(i) })
 * x.shape // => [3, 2]
 * seen // => [0, 1, 2, 3]
 * ```
 */
export async function drive<S>(steps: AsyncGenerator<S, Tensor>, watch: Watch<S> = {}): Promise<Tensor> {
  const { signal, device, diverged = 'the result is not finite' } = watch
  /** The last step, for a stop inside the next: then its own tensors are gone. */
  let last: { readonly step: S } | undefined
  const keep = (step?: S) => {
    if (last !== undefined) treeMap(last.step, disposed)
    last = step === undefined ? undefined : { step: treeMap(step, (x) => x.alias()) }
  }
  const toEnd = () =>
    run(steps, {
      onStep: async (step) => {
        await watch.onStep?.(step)
        await breathe()
        if (signal?.aborted === true) {
          keep()
          await watch.onInterrupt?.(step)
          throw new InterruptedError()
        }
        if (device !== undefined && watch.onInterrupt !== undefined) keep(step)
      },
    })
  const whole = async (): Promise<Tensor> => {
    try {
      return device === undefined ? await toEnd() : await withRests(device, signal, toEnd)
    } catch (error) {
      if (error instanceof InterruptedError && last !== undefined) await watch.onInterrupt?.(last.step)
      throw error
    } finally {
      keep()
    }
  }
  const x = await whole()
  if ((await x.data()).every((value) => Number.isFinite(value))) return x
  x.dispose()
  throw new NonFiniteError(diverged)
}

const disposed = (x: Tensor): Tensor => {
  x.dispose()
  return x
}

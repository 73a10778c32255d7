import { breathe, run } from '@tweedie/solvers'
import type { Tensor } from '@tweedie/tensor'
import { NonFiniteError, TweedieError } from '@tweedie/tensor'

/** The run was stopped from outside; by default nothing of it is kept. */
export class InterruptedError extends TweedieError {
  override readonly name = 'InterruptedError'
  constructor(message = 'interrupted; nothing was written') {
    super(message)
  }
}

/** How a run is watched and stopped. */
export interface Watch<S> {
  /** Called with each step, and awaited. */
  onStep?(step: S): void | Promise<void>
  /** Stops the run between two steps; the first step is always made. */
  readonly signal?: AbortSignal | undefined
  /** Called where the run is stopped, with the last step; its tensors are valid until this has ended. */
  onInterrupt?(step: S): void | Promise<void>
  /** What to say where the result is not finite. */
  readonly diverged?: string
}

/**
 * Drives a method or sampler to its end. After each step the event loop has its turn: timers, painting, signals.
 *
 * @returns The result [N, …shape], which the caller owns.
 * @throws {InterruptedError} between two steps, once `signal` is raised.
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
  const { signal, diverged = 'the result is not finite' } = watch
  const x = await run(steps, {
    onStep: async (step) => {
      await watch.onStep?.(step)
      await breathe()
      if (signal?.aborted !== true) return
      await watch.onInterrupt?.(step)
      throw new InterruptedError()
    },
  })
  if ((await x.data()).every((value) => Number.isFinite(value))) return x
  x.dispose()
  throw new NonFiniteError(diverged)
}

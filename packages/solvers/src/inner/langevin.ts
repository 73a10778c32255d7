import type { Key, Tensor } from '@tweedie/tensor'
import { normal, scope } from '@tweedie/tensor'
import type { StepSize } from './chain.ts'
import { requireChain, stepColumn } from './chain.ts'

/** Options of {@link langevin}. */
export interface LangevinOptions {
  /** Number of steps. */
  steps: number
  /** γ, for all samples or one for each; stable below 2/L where ∇U has the Lipschitz constant L. */
  step: StepSize
  /** One key per sample, as `streams.keysOf(i, 'langevin')`. */
  keys: readonly Key[]
}

/**
 * Unadjusted Langevin, x ← x − γ·∇U(x) + √(2γ)·z, toward p ∝ exp(−U), for each sample of a batch.
 *
 * No step is rejected, so its law differs from p by O(γ): for U = ‖x‖²/2 its stationary variance is 1/(1 − γ/2)
 * instead of 1. {@link mala} has no such bias. Step k of a sample draws from its key folded by k.
 *
 * @param gradient - ∇U of a batch, [N, …] to [N, …]: minus the score.
 * @param x - [N, …], where to start; stays valid.
 * @throws {OptionError | ShapeError} where steps, step sizes or keys do not fit.
 * @example
 * ```ts
 * import { langevin } from '@tweedie/solvers'
 * import { randomKey, type Tensor, zeros } from '@tweedie/tensor'
 * const gradient = (x: Tensor) => x.sub(3) // of N(3, 1)
 * langevin(gradient, zeros([2, 4]), { steps: 50, step: 0.1, keys: [randomKey(1), randomKey(2)] }).shape // => [2, 4]
 * ```
 */
export function langevin(gradient: (x: Tensor) => Tensor, x: Tensor, options: LangevinOptions): Tensor {
  const { steps, step, keys } = options
  requireChain('langevin', x, options)
  const like = { dtype: x.dtype, device: x.device }
  return scope(() => {
    const drift = stepColumn(step, x)
    const spread = stepColumn(step, x, (gamma) => Math.sqrt(2 * gamma))
    let at = x
    for (let k = 0; k < steps; k++) {
      const next = scope(() => {
        const draws = keys.map((key) => key.fold(k))
        const z = normal(draws, x.shape.slice(1), like)
        return at.sub(gradient(at).mul(drift)).add(z.mul(spread))
      })
      if (at !== x) at.dispose()
      at = next
    }
    return at
  })
}

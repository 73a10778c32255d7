import type { Tensor } from '@tweedie/tensor'
import { scope } from '@tweedie/tensor'
import { sampleNorms } from '../run/residual.ts'
import { normalLike } from './gaussian-fit.ts'
import type { LangevinOptions } from './langevin.ts'

/**
 * Langevin whose drift is tamed (Brosse, Durmus, Moulines & Sabanis 2019), x ← x + γ/(1 + γ‖h‖)·h + √(2γ)·z with h = ∇ log p(x): a step
 * moves by less than 1 whatever h is, and by γ·h where that is small. Norms are those of a sample; draws as `langevin`.
 *
 * @param score - h of a batch.
 */
export function tamedLangevin(
  score: (x: Tensor) => Tensor,
  x: Tensor,
  { steps, step, keys }: Omit<LangevinOptions, 'step'> & { readonly step: number },
): Tensor {
  return scope(() => {
    let at = x
    for (let k = 0; k < steps; k++) {
      const next = scope(() => {
        const h = score(at)
        const tamed = h.mul(step).div(sampleNorms(h).mul(step).add(1))
        const z = normalLike(
          keys.map((key) => key.fold(k)),
          x,
        )
        return at.add(tamed).add(z.mul(Math.sqrt(2 * step)))
      })
      if (at !== x) at.dispose()
      at = next
    }
    return at
  })
}

import type { Tensor } from '@tweedie/tensor'
import { normal, scope } from '@tweedie/tensor'
import { requireChain } from './chain.ts'
import type { LangevinOptions } from './langevin.ts'

/** Options of {@link momentumChain}. */
export interface MomentumOptions extends Omit<LangevinOptions, 'step'> {
  /** η: the square of the step of x. */
  step: number
  /** m, the part of the momentum that is kept from step to step. */
  momentum: number
}

/**
 * The Hamiltonian chain of DAPS (arXiv 2407.01521, appendix; `mc_algo: hmc` of its code) toward p ∝ exp(−U), for each
 * sample: from v ~ N(0, I)
 *
 *     v ← m·v − √η·∇U(x) + √(2(1 − m))·z,     x ← x + √η·v.
 *
 * Nothing is refused (`hmc` does): its law differs from p by O(η). As η → 0 it is Langevin of step η/(1 − m); with m = 0 it is
 * Langevin of step η. The momentum of a sample starts from its key folded by 'momentum', step k draws from it folded by k.
 *
 * @param gradient - ∇U of a batch.
 * @param x - [N, …], where to start; stays valid.
 * @throws {OptionError | ShapeError} where steps, step sizes or keys do not fit.
 */
export function momentumChain(
  gradient: (x: Tensor) => Tensor,
  x: Tensor,
  { steps, step, momentum, keys }: MomentumOptions,
): Tensor {
  requireChain('momentumChain', x, { steps, step, keys })
  const [length, fresh] = [Math.sqrt(step), Math.sqrt(2 * (1 - momentum))]
  const drawn = (name: string | number) =>
    normal(
      keys.map((key) => key.fold(name)),
      x.shape.slice(1),
      { dtype: x.dtype, device: x.device },
    )
  return scope(() => {
    let at = { x, v: drawn('momentum') }
    for (let k = 0; k < steps; k++) {
      const next = scope(() => {
        const v = at.v.mul(momentum).sub(gradient(at.x).mul(length)).add(drawn(k).mul(fresh))
        return { x: at.x.add(v.mul(length)), v }
      })
      if (at.x !== x) at.x.dispose()
      at.v.dispose()
      at = next
    }
    return at.x
  })
}

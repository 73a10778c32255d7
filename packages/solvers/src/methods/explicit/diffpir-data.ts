import type { Tensor } from '@tweedie/tensor'
import type { Guided } from '../../guidance/guided.ts'
import { proximal } from '../../inner/proximal.ts'
import { residualAt, residualNorm, sampleNorms } from '../../run/residual.ts'
import type { Problem } from '../../types.ts'
import { isLinear } from '../../types.ts'

/** (x̂₀, ρ) ↦ x̂₀'. */
type DataStep = (x0hat: Tensor, rho: number) => Guided

/**
 * DiffPIR's ways to lessen ‖y − A(x)‖² + ρ·‖x − x̂₀‖² from x̂₀; undefined where the operator has not what it takes.
 *
 *     proximal:          argmin_x, for a linear A: (AᵀA + ρI)⁻¹(Aᵀy + ρx̂₀)
 *     gradient:          x̂₀ − ∇‖y − A(x̂₀)‖²/(2ρ)
 *     back-projection:   x̂₀ + γ·A†(y − A x̂₀)/(1 + ρ), for a linear A
 */
export function dataSteps(
  { operator, y }: Problem,
  { gamma, iterations }: { readonly gamma: number; readonly iterations?: number | undefined },
): Readonly<Record<'proximal' | 'gradient' | 'back-projection', DataStep | undefined>> {
  const linear = isLinear(operator) ? operator : undefined
  const solver = iterations === undefined && linear?.svd !== undefined ? 'svd' : 'cg'
  const pinv = linear?.pinv?.bind(linear)
  return {
    proximal:
      linear &&
      ((x0hat, rho) => ({
        x0: proximal({ operator: linear, y, sigmaY: 1 }, x0hat, 1 / Math.sqrt(rho), {
          solver,
          iterations: iterations ?? 50,
        }),
        residual: residualNorm(operator, y, x0hat),
      })),
    gradient: (x0hat, rho) => {
      const { r, norm, back } = residualAt(operator, y, x0hat)
      return { x0: x0hat.add(back(r).div(rho)), residual: norm }
    },
    'back-projection':
      pinv &&
      ((x0hat, rho) => {
        const r = y.sub(operator.forward(x0hat))
        return { x0: x0hat.add(pinv(r).mul(gamma / (1 + rho))), residual: sampleNorms(r) }
      }),
  }
}

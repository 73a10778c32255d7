import type { Tensor } from '@tweedie/tensor'
import { OptionError, scope } from '@tweedie/tensor'
import { requirePositive } from '../schedules/levels.ts'
import type { Prior } from '../types.ts'
import type { ReverseStep } from './steps.ts'
import { combine } from './steps.ts'

/** Iterations of {@link invertDdimStep} unless told otherwise. */
export const defaultIterations = 10

/**
 * x_t from x_s: the inverse of the DDIM step with η = 0 (`ddimStep`),
 *
 *   x_s = (α_s/α_t)·x_t + (σ_s − α_s·σ_t/α_t)·ε(x_t, t),  ε(x, t) = (x − α_t·E[x₀ | x_t = x])/σ_t.
 *
 * Solved for the x_t outside of ε it is the fixed point
 *
 *   x_t = (α_t/α_s)·x_s + γ·ε(x_t, t),  γ = σ_t − α_t·σ_s/α_s,
 *
 * iterated from x_t = x_s. One iteration is the usual "DDIM inversion", the reversed ODE step with ε taken
 * at the wrong end (arXiv 2010.02502 §4.3); more make the end right (fixed-point inversion, arXiv
 * 2309.04907, arXiv 2403.14602). They contract where γ·‖∂ε/∂x_t‖ < 1: for Gaussian data of variance λ the
 * factor is γσ_t/(α_t²λ + σ_t²) < 1 − (σ_s/α_s)/(σ_t/α_t), so short steps invert fast. Where modes are being
 * decided ∂ε/∂x_t can be large and the iteration diverge: nothing warns of that.
 *
 * @param xs - x_s [N, …shape].
 * @param options - `iterations`, evaluations of the prior; default 10.
 * @throws {OptionError} where s is clean (x_s = E[x₀ | x_t] then, which does not tell x_t), or `iterations`
 * is no positive integer.
 * @example
 * ```ts
 * import { ddimStep, gaussianPrior, invertDdimStep } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0.5], covariance: 0.3 })
 * const step = { t: 500, s: 400, schedule: prior.schedule }
 * const xt = tensor([[0.8]], { dtype: 'float64' })
 * const xs = ddimStep(xt, prior.denoise(xt, 500), undefined, { ...step, eta: 0 })
 * invertDdimStep(prior, xs, step, { iterations: 30 }).dataSync() // ≈ [0.8000000]
 * ```
 */
export function invertDdimStep(
  prior: Prior,
  xs: Tensor,
  step: ReverseStep,
  { iterations = defaultIterations }: { iterations?: number } = {},
): Tensor {
  const { schedule, t, s } = step
  requirePositive('iterations', iterations)
  if (!(schedule.sigma(s) > 0)) {
    throw new OptionError('s', `a step to the clean end (s = ${s}) has no inverse: its end is E[x₀ | x_t]`)
  }
  const ratio = schedule.alpha(t) / schedule.alpha(s)
  const gain = 1 - (ratio * schedule.sigma(s)) / schedule.sigma(t)
  let xt = xs
  for (let k = 0; k < iterations; k++) {
    const next = scope(() =>
      combine([ratio, xs], [gain, xt], [-gain * schedule.alpha(t), prior.denoise(xt, t)]),
    )
    if (xt !== xs) xt.dispose()
    xt = next
  }
  return xt
}

/**
 * x_T of x, by DDIM inversion of all steps but that to the clean end: one evaluation a step, ε at the end where it starts.
 * @param x - At the least noisy time of the grid.
 * @param times - The steps of a run, from the noisiest on.
 */
export const invertDdim = (
  prior: Prior,
  x: Tensor,
  times: readonly { readonly t: number; readonly s: number }[],
): Tensor =>
  times
    .slice(0, -1)
    .reduceRight(
      (at, { t, s }) => invertDdimStep(prior, at, { t, s, schedule: prior.schedule }, { iterations: 1 }),
      x,
    )

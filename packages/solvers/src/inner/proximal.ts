import type { Tensor } from '@tweedie/tensor'
import { add, OptionError, scope, TweedieError } from '@tweedie/tensor'
import { conjugateGradient } from '../linalg/conjugate-gradient.ts'
import { pinvFromSvd } from '../linalg/spectral.ts'
import type { LinearOperator } from '../types.ts'
import { spectralGain } from './spectral-gain.ts'

/** What was measured, linearly and with Gaussian noise: y = A x + σ_y·ε. */
export interface LinearGaussian {
  readonly operator: LinearOperator
  /** [N, …outShape]. */
  readonly y: Tensor
  /** σ_y, at least 0; 0 asks for A x = y, in the sense of least squares. */
  readonly sigmaY: number
}

/** Options of {@link proximal}. */
export interface ProximalOptions {
  /** Default `svd` where the operator has one, else `cg`, conjugate gradients for each sample. */
  solver?: 'svd' | 'cg'
  /** Number of iterations of conjugate gradients, converged or not. Left out: until `tolerance` is met. */
  iterations?: number
  /** Relative residual at which conjugate gradients end; default that of `conjugateGradient`. */
  tolerance?: number
}

/**
 * The proximal point of a linear measurement,
 *
 *     argmin_x ‖y − A x‖²/(2σ_y²) + ‖x − x̂‖²/(2ρ²) = x̂ + (AᵀA + λI)⁻¹Aᵀ(y − A x̂),   λ = (σ_y/ρ)²:
 *
 * the posterior mean under the prior N(x̂, ρ²I). The data step of DiffPIR (arXiv 2305.08995), of DDS
 * (arXiv 2303.05754, with `iterations`: the iterates are those from x̂) and of every splitting. In coordinates it is
 * x̂ + V·s/(s² + λ)·Uᵀ(y − A x̂), so that what A does not see stays as it is.
 *
 * What it adds is ρ² times Aᵀ(ρ²AAᵀ + σ_y²I)⁻¹(y − A x̂), the vector that ΠGDM (Song et al., ICLR 2023) takes
 * back through the denoiser: no m×m matrix is needed for it.
 *
 * Limits: ρ = 0 gives x̂; λ = 0 (σ_y = 0, or ρ = ∞) gives x̂ + A⁺(y − A x̂), the nearest solution of least squares,
 * where singular values that drown in rounding count as 0 (`pinvFromSvd`). There conjugate gradients converge
 * slowly where A is badly conditioned.
 *
 * Differentiable in x̂ and y, by conjugate gradients as if they had converged.
 *
 * @param x - x̂, [N, …inShape].
 * @param rho - ρ from 0 to ∞; not 0 where σ_y is.
 * @throws {OptionError} for numbers out of range, or a solver that the operator does not have.
 * @throws {TweedieError} where conjugate gradients do not converge and no number of iterations was asked for.
 * @example
 * ```ts
 * import { matrixOperator, proximal } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const problem = { operator: matrixOperator(tensor([[1, 0]])), y: tensor([[3]]), sigmaY: 1 }
 * proximal(problem, tensor([[1, 1]]), 1).dataSync() // ≈ [2, 1]
 * proximal({ ...problem, sigmaY: 0 }, tensor([[1, 1]]), 1).dataSync() // ≈ [3, 1]
 * ```
 */
export function proximal(
  { operator, y, sigmaY }: LinearGaussian,
  x: Tensor,
  rho: number,
  options: ProximalOptions = {},
): Tensor {
  if (!(sigmaY >= 0 && sigmaY < Infinity))
    throw new OptionError('sigmaY', `must be at least 0 and finite, got ${sigmaY}`)
  if (!(rho >= 0)) throw new OptionError('rho', `must be at least 0, got ${rho}`)
  if (rho === 0 && sigmaY === 0)
    throw new OptionError('rho', 'must be above 0 where σ_y = 0: both cannot hold exactly')
  const solve = dampedInverse(operator, (sigmaY / rho) ** 2, options)
  return scope(() => (rho === 0 ? add(x, 0) : x.add(solve(y.sub(operator.forward(x))))))
}

/**
 * r ↦ (AᵀA + λI)⁻¹Aᵀr = Aᵀ(AAᵀ + λI)⁻¹r, from the shape of y to that of x; A⁺r at λ = 0. Errors as {@link proximal}.
 */
export function dampedInverse(
  operator: LinearOperator,
  lambda: number,
  { solver, iterations, tolerance }: ProximalOptions,
): (r: Tensor) => Tensor {
  if (solver !== undefined && solver !== 'svd' && solver !== 'cg')
    throw new OptionError('solver', `must be svd or cg, got ${String(solver)}`)
  const svd = solver === 'cg' ? undefined : operator.svd?.()
  if (svd !== undefined) {
    if (lambda === 0) return pinvFromSvd(svd)
    const gain = spectralGain(svd, (s) => s / (s ** 2 + lambda))
    return (r) => svd.v(gain(svd.ut(r)))
  }
  if (solver === 'svd') throw new OptionError('solver', `${operator.name} has no svd; take cg`)
  return (r) => {
    const normal = (v: Tensor) => operator.adjoint(operator.forward(v)).add(v.mul(lambda))
    const { x, status } = conjugateGradient(normal, operator.adjoint(r), {
      // A breakdown at λ = 0 is a direction that A does not see to rounding: the solution has none of it. With a number
      // of iterations it is their end.
      onBreakdown: lambda === 0 || iterations !== undefined ? 'keep' : 'throw',
      ...(iterations === undefined ? {} : { maxIterations: iterations }),
      ...(tolerance === undefined ? {} : { tolerance }),
    })
    const stuck = iterations === undefined ? status.indexOf('iterations') : -1
    if (stuck >= 0) {
      throw new TweedieError(
        `proximal: conjugate gradients have not converged for sample ${stuck} (λ = ${lambda}); ` +
          'give iterations to end there, or a larger tolerance',
      )
    }
    return x
  }
}

/** Standard normal tensors for {@link proximalDraw}. */
export interface ProximalNoise {
  /** Like x̂. */
  readonly x: Tensor
  /** Like y. */
  readonly y: Tensor
}

/**
 * An exact draw from p(x) ∝ exp(−‖y − A x‖²/(2σ_y²) − ‖x − x̂‖²/(2ρ²)): the {@link proximal} point of
 * y + σ_y·ε_y and x̂ + ρ·ε_x (perturb and optimise; Papandreou & Yuille 2010). The likelihood step of split Gibbs
 * samplers (PnP-DM, arXiv 2405.18782) without a factor of the covariance. The draw is as exact as the solver.
 *
 * @throws {OptionError} as {@link proximal}, and for ρ = ∞.
 * @example
 * ```ts
 * import { matrixOperator, proximalDraw } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const problem = { operator: matrixOperator(tensor([[1]])), y: tensor([[3]]), sigmaY: 1 }
 * proximalDraw(problem, tensor([[1]]), 1, { x: tensor([[0.5]]), y: tensor([[-0.5]]) }).dataSync() // ≈ [2]
 * ```
 */
export function proximalDraw(
  problem: LinearGaussian,
  x: Tensor,
  rho: number,
  noise: ProximalNoise,
  options: ProximalOptions = {},
): Tensor {
  if (!(rho < Infinity)) throw new OptionError('rho', `must be finite, got ${rho}: there is no such law`)
  return scope(() => {
    const y = problem.y.add(noise.y.mul(problem.sigmaY))
    return proximal({ ...problem, y }, x.add(noise.x.mul(rho)), rho, options)
  })
}

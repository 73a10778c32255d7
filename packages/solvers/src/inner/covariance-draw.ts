import type { Tensor } from '@tweedie/tensor'
import { scope } from '@tweedie/tensor'
import { denseRoot, denseSolve } from '../linalg/dense-solve.ts'
import type { LinearGaussian, ProximalNoise } from './proximal.ts'

/**
 * A draw from N(x̂, C)·p(y | x) for a linear measurement and any covariance C, or its mean: as `proximalDraw` for C = ρ²I.
 * By perturbing and solving (randomise, then optimise; arXiv 2503.03007), with ξ = x̂ + C^½ε_x and y' = y + σ_y·ε_y
 *
 *     x = ξ + C Aᵀ(A C Aᵀ + σ_y²I)⁻¹(y' − A ξ).
 *
 * By dense matrices of each sample: for small n and m.
 *
 * @param x - x̂, [N, …inShape].
 * @param times - v ↦ C·v, such as that of `denoiserCovariance`.
 * @param noise - ε_x and ε_y; left out, the mean.
 * @throws {TweedieError} where σ_y = 0 and A C Aᵀ is singular.
 * @example
 * ```ts
 * import { covarianceDraw, matrixOperator } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const problem = { operator: matrixOperator(tensor([[1]])), y: tensor([[3]]), sigmaY: 1 }
 * covarianceDraw(problem, tensor([[1]]), (v) => v.mul(3)).dataSync() // ≈ [2.5]
 * ```
 */
export function covarianceDraw(
  { operator, y, sigmaY }: LinearGaussian,
  x: Tensor,
  times: (v: Tensor) => Tensor,
  noise?: ProximalNoise,
): Tensor {
  return scope(() => {
    const centre = noise === undefined ? x : x.add(denseRoot(times, noise.x))
    const measured = noise === undefined ? y : y.add(noise.y.mul(sigmaY))
    const through = (v: Tensor) => times(operator.adjoint(v))
    const spread = (v: Tensor) => operator.forward(through(v)).add(v.mul(sigmaY ** 2))
    return centre.add(through(denseSolve(spread, measured.sub(operator.forward(centre)))))
  })
}

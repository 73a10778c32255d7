import { vjp } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { scope, treeLeaves, zerosLike } from '@tweedie/tensor'
import { sumPerSample } from '../linalg/per-sample.ts'
import { requirePositive } from '../schedules/levels.ts'
import type { NoiseLikelihood, Operator } from '../types.ts'
import { lbfgsSteps } from './lbfgs-steps.ts'

/** What was measured, with whatever noise: p(y | A(x)). */
export interface MeasuredWith {
  readonly operator: Operator
  /** [N, …outShape]. */
  readonly y: Tensor
  readonly likelihood: NoiseLikelihood
}

/** Most evaluations of one line search, by default of `wolfeTrials`, and one for a point that is evaluated again. */
const trials = 26

/**
 * argmin_x −log p(y | A(x)) + ½·(x − x̂)ᵀC⁻¹(x − x̂) for any differentiable A, by `iterations` of L-BFGS for each sample from
 * x̂: in u with x = x̂ + C^½u, in which what C says is ½‖u‖². Of a linear A and Gaussian noise it is `proximal` or, for any C,
 * the mean of `covarianceDraw`.
 *
 * With y and x̂ perturbed it is the optimisation of randomise-then-optimise (arXiv 2503.03007): an exact draw where A is
 * linear, else one of a law near p(y | x)·N(x̂, C). A minimum near x̂ is found, not the least of all.
 *
 * @param centre - x̂, [N, …inShape].
 * @param root - v ↦ C^½·v, symmetric, samples apart.
 * @throws {OptionError} where `iterations` is no positive integer.
 * @example
 * ```ts
 * import { gaussianNoise, matrixOperator, optimisedPoint } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const { likelihood } = gaussianNoise(1)
 * const f64 = { dtype: 'float64' } as const
 * const measured = { operator: matrixOperator(tensor([[1]], f64)), y: tensor([[3]], f64), likelihood: likelihood! }
 * optimisedPoint(measured, tensor([[1]], f64), (v) => v, 10).dataSync() // ≈ [2]
 * ```
 */
export function optimisedPoint(
  { operator, y, likelihood }: MeasuredWith,
  centre: Tensor,
  root: (v: Tensor) => Tensor,
  iterations: number,
): Tensor {
  requirePositive('iterations', iterations)
  const { init, at, update } = lbfgsSteps()
  const evaluate = (u: Tensor) => {
    const [clean, back] = vjp((x: Tensor) => operator.forward(x), centre.add(root(u)))
    const pull = root(back(likelihood.score(y, clean))[0])
    const value = sumPerSample(u.square()).mul(0.5).sub(likelihood.log(y, clean))
    return { value, gradient: u.sub(pull) }
  }
  return scope(() => {
    let state = init(zerosLike(centre))
    // The first point that is taken is the start.
    const left = state.rows.map(() => iterations + 1)
    for (let k = 0; k < trials * (iterations + 1); k++) {
      const active = state.rows.map(({ phase }, i) => phase !== 3 && (left[i] ?? 0) > 0)
      if (!active.includes(true)) break
      const before = treeLeaves(state)
      const next = scope(() => update(state, evaluate(at(state)), active))
      next.taken.forEach((taken, i) => {
        if (taken) left[i] = (left[i] ?? 0) - 1
      })
      const kept = treeLeaves(next.state)
      for (const old of before) if (!kept.includes(old)) old.dispose()
      state = next.state
    }
    return centre.add(root(state.x))
  })
}

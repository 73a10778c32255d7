// What the tests of RePaint, ILVR, MCG and the projection of Score-SDE share: one step in plain numbers, and a Gaussian.
import { fromData, tensor } from '@tweedie/tensor'
import { Matrix } from 'ml-matrix'
import { distance, type Moments } from '../../guidance/under-samplers.test.helper.ts'
import { gaussianNoise } from '../../noise/index.ts'
import { matrixOperator } from '../../operators/index.ts'
import { gaussianPrior } from '../../priors/index.ts'
import type { LinearOperator, Problem, Schedule } from '../../types.ts'
import type { Decomposition, Levels, Vector } from '../written-out.test.helper.ts'
import { matrixOf, plus, times } from '../written-out.test.helper.ts'
import { float64, inverseOf } from '../written-out-problem.test.helper.ts'

/** DDPM's q(x_s | x_t, x₀) (arXiv 2006.11239 eq. 7) for any α and σ, with β̃ or β; without noise at the clean end. */
export function ancestral(
  { alpha, sigma }: Levels,
  [t, s]: readonly [number, number],
  variance: 'small' | 'large',
  x: Vector,
  x0: Vector,
  z: Vector,
): number[] {
  const ratio = alpha(t) / alpha(s)
  const b = sigma(t) ** 2 - ratio ** 2 * sigma(s) ** 2
  const share = sigma(s) ** 2 / sigma(t) ** 2
  const drawn = sigma(s) === 0 ? 0 : variance === 'small' ? b * share : b
  return plus([(alpha(s) * b) / sigma(t) ** 2, x0], [ratio * share, x], [Math.sqrt(drawn), z])
}

/** x with the part that A sees exchanged: x − A⁺A x + A⁺(α·y + σ·A z), mixed by λ. */
export function exchanged(
  of: Decomposition,
  [alpha, sigma]: readonly [number, number],
  y: Vector,
  x: Vector,
  z: Vector,
  weight = 1,
): number[] {
  const [A, inverse] = [matrixOf(of), inverseOf(of)]
  const seen = times(inverse, times(A, x))
  const measured = times(inverse, plus([alpha, y], [sigma, times(A, z)]))
  return plus([1, x], [-weight, seen], [weight, measured])
}

/** Two numbers of which the first is measured, without noise. */
export const pair = { mean: [0.5, -0.3], covariance: [[1, 0.6], [0.6, 1]] } as const // biome-ignore format: a matrix
export const seen = 1
export const pairOf = (schedule: Schedule) =>
  gaussianPrior({
    mean: pair.mean,
    covariance: pair.covariance.map((row) => [...row]),
    schedule,
  })
export const seenBy = (row: readonly number[], count: number, sigmaY = 0): Problem<LinearOperator> => ({
  operator: matrixOperator(tensor([[...row]], float64)),
  noise: gaussianNoise(sigmaY),
  y: fromData(new Float64Array(count).fill(seen), [count, 1], float64),
})
/** p(x₀ | x₀[0] = 1): N(μ₁ + ρ(1 − μ₀), 1 − ρ²) for the other. */
export const conditional: Moments = {
  mean: Matrix.columnVector([1, -0.3 + 0.6 * 0.5]),
  covariance: new Matrix([[0, 0], [0, 1 - 0.36]]), // biome-ignore format: a matrix
}
export { distance }

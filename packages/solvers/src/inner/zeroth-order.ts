import type { Tensor } from '@tweedie/tensor'
import { OptionError } from '@tweedie/tensor'
import { batchOf, sumPerSample } from '../linalg/per-sample.ts'
import type { Problem } from '../types.ts'

/** A gradient that was estimated from values alone. */
export interface ZerothOrderGradient {
  /** [N, …shape], the mean over K directions. */
  readonly gradient: Tensor
  /** The variance of that mean, of each coordinate, [N, …shape]: from the scatter of the directions, over K − 1. */
  readonly variance: Tensor
}

/** ‖y − A(x)‖² of K points for each sample: [N·K, …inShape] to [N·K]. @param K - Points a measurement. */
export const squaredLoss =
  ({ operator, y }: Pick<Problem, 'operator' | 'y'>, K: number) =>
  (x: Tensor): Tensor => {
    const clean = operator.forward(x)
    const [, ...shape] = clean.shape
    const N = batchOf(clean) / K
    const r = y.reshape([N, 1, ...shape]).sub(clean.reshape([N, K, ...shape]))
    return sumPerSample(r.square().reshape(clean.shape))
  }

/** How a directional derivative is read off values: {@link smoothedGradient}. */
export const differenceSchemes = ['central', 'forward'] as const

/** Options of {@link smoothedGradient}. */
export interface SmoothingOptions {
  /** μ > 0, the width of the smoothing. */
  readonly mu: number
  readonly scheme: (typeof differenceSchemes)[number]
}

/**
 * The gradient of f_μ(x) = E f(x + μz), z ~ N(0, I), from values of f (Nesterov & Spokoiny, Found. Comput. Math. 2017):
 *
 *     central: (1/K)·Σ z_k·(f(x + μz_k) − f(x − μz_k))/(2μ),     forward: (1/K)·Σ z_k·(f(x + μz_k) − f(x))/μ.
 *
 * Both have no bias for ∇f_μ, which is ∇f where f is a quadratic, else off by O(μ²). Where f is linear along the directions
 * the variance of coordinate i is (g_i² + ‖g‖²)/K: n directions and more are needed in n dimensions.
 *
 * @param f - Values [N·K] of K points for each sample, [N·K, …shape].
 * @param x - [N, …shape].
 * @param z - [N, K, …shape].
 * @param here - f(x), [N]; asked for by `forward` alone.
 * @throws {OptionError} where μ is not above 0, or there are fewer than two directions.
 * @example
 * ```ts
 * import { smoothedGradient } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const [x, z] = [tensor([[3]]), tensor([[[1], [-1]]])]
 * const { gradient } = smoothedGradient((at) => at.square().sum(1), x, z, () => tensor([9]), { mu: 0.5, scheme: 'central' })
 * gradient.dataSync() // => [6]
 * ```
 */
export function smoothedGradient(
  f: (x: Tensor) => Tensor,
  x: Tensor,
  z: Tensor,
  here: () => Tensor,
  { mu, scheme }: SmoothingOptions,
): ZerothOrderGradient {
  if (!(mu > 0 && mu < Infinity)) throw new OptionError('mu', `must be above 0, got ${mu}`)
  const [N = 0, K = 0, ...shape] = z.shape
  const centre = x.reshape([N, 1, ...shape])
  const at = (points: Tensor) => f(points.reshape([N * K, ...shape])).reshape([N, K])
  const step = z.mul(mu)
  const slopes =
    scheme === 'central'
      ? at(centre.add(step))
          .sub(at(centre.sub(step)))
          .div(2 * mu)
      : at(centre.add(step))
          .sub(here().reshape([N, 1]))
          .div(mu)
  return weighed(slopes, z)
}

/**
 * The policy gradient ∇_m E R(m + r·z), z ~ N(0, I), from rewards alone (Williams 1992), each less the mean of the others:
 *
 *     (1/K)·Σ (R_k − b_k)·z_k/r,     b_k = Σ_{j ≠ k} R_j/(K − 1).
 *
 * b_k knows nothing of z_k, so that there is no bias; it takes the common part of the rewards out of the variance.
 * {@link ZerothOrderGradient.variance} takes the terms as independent, which they are but for b.
 *
 * @param rewards - R of m + r·z_k, [N, K].
 * @param z - [N, K, …shape].
 * @param r - [N, 1, …] of as many axes as m has.
 * @throws {OptionError} where there are fewer than two directions.
 * @example
 * ```ts
 * import { policyGradient } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * // R = 3x at m = 0 with r = 2.
 * policyGradient(tensor([[6, -6]]), tensor([[[1], [-1]]]), tensor([[2]])).gradient.dataSync() // => [6]
 * ```
 */
export function policyGradient(rewards: Tensor, z: Tensor, r: Tensor): ZerothOrderGradient {
  const [, K = 0] = rewards.shape
  // R − b = (K·R − ΣR)/(K − 1)
  const advantage = rewards
    .mul(K)
    .sub(rewards.sum(1, true))
    .div(K - 1)
  const { gradient, variance } = weighed(advantage, z)
  return { gradient: gradient.div(r), variance: variance.div(r.square()) }
}

/** The mean of w_k·z_k over k, with its variance. @param weights - [N, K]. @param z - [N, K, …]. */
function weighed(weights: Tensor, z: Tensor): ZerothOrderGradient {
  const [N = batchOf(z), K = 0, ...shape] = z.shape
  if (K < 2) throw new OptionError('directions', `must be two or more, got ${K}`)
  const each = z.mul(weights.reshape([N, K, ...shape.map(() => 1)]))
  const gradient = each.sum(1).div(K)
  const off = each.sub(gradient.reshape([N, 1, ...shape]))
  return {
    gradient,
    variance: off
      .square()
      .sum(1)
      .div(K * (K - 1)),
  }
}

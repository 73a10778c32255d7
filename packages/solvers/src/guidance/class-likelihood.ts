import { vjp } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { fromData, logSumExp, OptionError, scope } from '@tweedie/tensor'
import type { Time } from '../types.ts'
import type { Likelihood } from './likelihood.ts'

/**
 * The likelihood of classes by a classifier of noisy pictures (arXiv 2105.05233 §4): ∇ log p(class | x_t) times `scale`, which
 * is 1 for the classes themselves; more makes them surer, and is no law of anything. With `conditioned` it makes of any prior
 * one of pictures of those classes, for every sampler, and what guided-diffusion calls `condition_score`.
 *
 * @param logits - Log-odds [N, K] of pictures x_t [N, …] at a time; differentiable in them.
 * @param labels - A class 0 … K − 1, one for all or one for each picture.
 * @throws {OptionError} from `score`, for another number of labels, or a label that is no class.
 * @example
 * ```ts
 * import { byScore, classLikelihood, conditioned, gaussianPrior } from '@tweedie/solvers'
 * import { concat, tensor, zerosLike } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0], covariance: 1 })
 * const sign = classLikelihood((xt) => concat([zerosLike(xt), xt.mul(4)], 1), [1]) // class 1 is above 0
 * const above = conditioned(prior, byScore(sign))
 * above.denoise(tensor([[0]]), 500).dataSync()[0]! > 0 // => true
 * ```
 */
export const classLikelihood = (
  logits: (xt: Tensor, t: Time) => Tensor,
  labels: readonly number[],
  scale = 1,
): Likelihood => ({
  through: false,
  score: ({ x, t }) =>
    scope(() => {
      const logOf = (xt: Tensor) => {
        const all = logits(xt, t)
        const [n = 0, classes = 0] = all.shape
        return all
          .sub(logSumExp(all, [1], true))
          .mul(chosen(labels, n, classes, all))
          .sum(1)
      }
      const [log, back] = vjp(logOf, x)
      const [n = 0] = x.shape
      const [g] = back(
        fromData(new Float64Array(n).fill(scale), [n], { dtype: log.dtype, device: log.device }),
      )
      return { g, residual: log.neg() }
    }),
})

/** 1 at the class of each picture, else 0, [N, K]. */
function chosen(labels: readonly number[], n: number, classes: number, { dtype, device }: Tensor): Tensor {
  if (labels.length !== 1 && labels.length !== n)
    throw new OptionError('labels', `has ${labels.length} labels for ${n} pictures; 1 or ${n} would fit`)
  const values = new Float64Array(n * classes)
  for (let i = 0; i < n; i++) {
    const label = labels[labels.length === 1 ? 0 : i] ?? -1
    if (!(Number.isInteger(label) && label >= 0 && label < classes))
      throw new OptionError('labels', `must be whole numbers 0 … ${classes - 1}, got ${label}`)
    values[i * classes + label] = 1
  }
  return fromData(values, [n, classes], { dtype, device })
}

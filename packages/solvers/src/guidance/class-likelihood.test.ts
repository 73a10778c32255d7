import { concat, OptionError, type Tensor, tensor } from '@tweedie/tensor'
import { expect, test } from 'vitest'
import { gaussianMixturePrior, gaussianPrior } from '../priors/index.ts'
import { vpLinear } from '../schedules/index.ts'
import type { Time } from '../types.ts'
import { classLikelihood } from './class-likelihood.ts'
import { conditioned } from './conditioned.ts'
import { byScore } from './likelihood.ts'

const schedule = vpLinear()
const [weights, means, variance] = [[0.3, 0.7], [[-0.6], [0.8]], 0.04] as const

/** log w_k·N(x_t; α·m_k, α²·v + σ²) of both classes, up to the same constant: what a perfect classifier says. */
function logits(xt: Tensor, t: Time): Tensor {
  const [alpha, sigma] = [schedule.alpha(t), schedule.sigma(t)]
  const spread = alpha ** 2 * variance + sigma ** 2
  return concat(
    means.map(([m], k) => xt.sub(alpha * m).square().mul(-0.5 / spread).add(Math.log(weights[k]!))), // biome-ignore format: a formula
    1,
  )
}
const mixture = gaussianMixturePrior({ weights, means, covariances: variance, schedule })
const x = tensor([[0.3], [-0.9], [0.1]], { dtype: 'float64' })

test('by a perfect classifier the denoiser of a mixture becomes that of the class, at every level and label', () => {
  for (const t of [900, 600, 300, 50]) {
    const labels = [0, 1, 1]
    const told = conditioned(mixture, byScore(classLikelihood(logits, labels)))
      .denoise(x, t)
      .dataSync()
    const each = means.map((mean) =>
      gaussianPrior({ mean: [...mean], covariance: variance, schedule })
        .denoise(x, t)
        .dataSync(),
    )
    labels.forEach((label, i) => expect(told[i]).toBeCloseTo(each[label]![i]!, 10))
    const one = conditioned(mixture, byScore(classLikelihood(logits, [1])))
      .denoise(x, t)
      .dataSync()
    one.forEach((value, i) => expect(value).toBeCloseTo(each[1]![i]!, 10))
    // Twice the score moves x̂₀ twice as far.
    const plain = mixture.denoise(x, t).dataSync()
    const twice = conditioned(mixture, byScore(classLikelihood(logits, [1], 2)))
      .denoise(x, t)
      .dataSync()
    twice.forEach((value, i) => expect(value).toBeCloseTo(2 * one[i]! - plain[i]!, 10))
  }
})

test('labels that do not fit are refused', () => {
  const asked = (labels: readonly number[]) => () =>
    conditioned(mixture, byScore(classLikelihood(logits, labels))).denoise(x, 500)
  expect(asked([0, 1])).toThrow('labels: has 2 labels for 3 pictures; 1 or 3 would fit')
  for (const wrong of [2, -1, 0.5]) expect(asked([wrong])).toThrow(OptionError)
})

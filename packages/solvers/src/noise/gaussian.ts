import { normal } from '@tweedie/tensor'
import { sampleSize } from '../linalg/per-sample.ts'
import { number } from '../options/index.ts'
import type { NoiseLikelihood } from '../types.ts'
import { defineNoise, sumOfSamples } from './define.ts'

const likelihoodOf = (sigma: number): NoiseLikelihood => ({
  log: (y, clean) => {
    const constant = -(sampleSize(y) / 2) * Math.log(2 * Math.PI * sigma ** 2)
    return sumOfSamples(y.sub(clean).square())
      .mul(-0.5 / sigma ** 2)
      .add(constant)
  },
  score: (y, clean) => y.sub(clean).mul(1 / sigma ** 2),
})

/**
 * White Gaussian noise: y = clean + σ_y·ε, in units of the data range [−1, 1] (papers that quote σ_y in [0, 1]
 * mean half of it: their 0.05 is 0.1 here). log p(y | clean) = −‖y − clean‖²/(2σ_y²) − (m/2)·log 2πσ_y² for the m
 * elements of a sample. With σ_y = 0, `sample` returns the clean measurement and there is no likelihood.
 *
 * @throws {OptionError} for a negative or infinite σ_y.
 * @throws {ShapeError} from `sample` without one key per sample, from the likelihood where shapes differ.
 * @example
 * ```ts
 * import { gaussianNoise } from '@tweedie/solvers'
 * import { randomKey, zeros } from '@tweedie/tensor'
 * const noise = gaussianNoise(0.1)
 * noise.sample([randomKey(0), randomKey(1)], zeros([2, 5])).shape // => [2, 5]
 * noise.likelihood?.log(zeros([1, 1]), zeros([1, 1])).dataSync() // ≈ [1.38365]
 * ```
 */
export const gaussianNoise = defineNoise({
  name: 'gaussian',
  summary: 'white Gaussian noise',
  example: 'gaussian:0.05',
  positional: 'sigma',
  options: {
    sigma: number('standard deviation σ_y, in units of the data range [−1, 1]', { default: 0.05, min: 0 }),
  },
  law: ({ sigma }) => ({
    sigma,
    ...(sigma > 0 && { likelihood: likelihoodOf(sigma) }),
    sample: (keys, clean) => {
      if (sigma === 0) return clean.reshape(clean.shape)
      const { dtype, device } = clean
      return clean.add(normal(keys, clean.shape.slice(1), { dtype, device }).mul(sigma))
    },
  }),
})

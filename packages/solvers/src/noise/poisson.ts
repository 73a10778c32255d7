import { where } from '@tweedie/tensor'
import { counting, countOptions, logPoisson } from './counts.ts'
import { defineNoise, sumOfSamples } from './define.ts'
import { drawEach } from './draws.ts'

/**
 * Poisson noise: counts k ~ Poisson(λ) of the rate λ = peak·(clean + 1)/2 + background, measured as
 * y = 2·(k − background)/peak − 1, so that E[y] = clean in the data range [−1, 1]. A peak of 255 is the "rate 1" of
 * DPS (arXiv 2209.14687). A clean measurement below −1 counts as −1.
 *
 * log p is that of the counts, log p(y | clean) = Σ k·log λ − λ − log k!, and sums to 1 over k = 0, 1, …; between
 * the counts it is continued by the gamma function. The score is (peak/2)·(k/λ − 1): infinite where λ = 0 < k, which
 * a background above 0 rules out. In float32 log p of a count is good to some 1e-7·k·log λ.
 *
 * @throws {DeviceError} from `sample` on a device that the host cannot read at once.
 * @example
 * ```ts
 * import { poissonNoise } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const { likelihood } = poissonNoise(4)
 * // Of a rate of 2, no count at all.
 * likelihood.log(tensor([[-1]]), tensor([[0]])).dataSync() // ≈ [-2]
 * likelihood.score(tensor([[1]]), tensor([[0]])).dataSync() // => [2]
 * ```
 */
export const poissonNoise = defineNoise({
  name: 'poisson',
  summary: 'counts of photons',
  example: 'poisson:peak=255',
  positional: 'peak',
  options: countOptions,
  law: (options) => {
    const { rates, counts, draw } = counting(options)
    return {
      sample: (keys, clean) => drawEach(keys, clean, draw),
      likelihood: {
        log: (y, clean) => sumOfSamples(logPoisson(counts(y), rates(clean).rate)),
        score: (y, clean) => {
          const { rate, lit, slope } = rates(clean)
          return where(lit, counts(y).div(rate).sub(1).mul(slope), 0)
        },
      },
    }
  },
})

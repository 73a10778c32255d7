import { sign } from '@tweedie/tensor'
import { sampleSize } from '../linalg/per-sample.ts'
import { number } from '../options/index.ts'
import { defineNoise, sumOfSamples } from './define.ts'
import { drawEach } from './draws.ts'

/**
 * Laplace noise: p(y | clean) = ∏ exp(−|y − clean|/b)/(2b), of standard deviation b·√2, in units of the data range
 * [−1, 1]. The score is sign(y − clean)/b, 0 where both are equal.
 *
 * @throws {DeviceError} from `sample` on a device that the host cannot read at once.
 * @example
 * ```ts
 * import { laplaceNoise } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const { likelihood } = laplaceNoise(0.5)
 * likelihood.log(tensor([[1]]), tensor([[0]])).dataSync() // ≈ [-2]
 * likelihood.score(tensor([[1]]), tensor([[0]])).dataSync() // => [2]
 * ```
 */
export const laplaceNoise = defineNoise({
  name: 'laplace',
  summary: 'Laplace noise, of heavier tails than the Gaussian',
  example: 'laplace:0.05',
  positional: 'scale',
  options: { scale: number('b, the mean of |y − clean|, in the data range', { default: 0.05, above: 0 }) },
  law: ({ scale }) => ({
    sample: (keys, clean) =>
      drawEach(keys, clean, (mean, next) => mean + scale * Math.sign(next() - 0.5) * -Math.log(next())),
    likelihood: {
      log: (y, clean) => {
        const distance = sumOfSamples(y.sub(clean).abs())
        return distance.div(-scale).sub(sampleSize(y) * Math.log(2 * scale))
      },
      score: (y, clean) => sign(y.sub(clean)).div(scale),
    },
  }),
})

import type { Tensor } from '@tweedie/tensor'
import { floor, greater, less, logicalOr, normal, sign, where } from '@tweedie/tensor'
import { integer, number } from '../options/index.ts'
import type { NoiseLikelihood } from '../types.ts'
import { defineNoise, sumOfSamples } from './define.ts'
import { logInterval, logNormal, logTail } from './normal-tail.ts'

/** The law of the level that clean + σ·ε is rounded to, for levels Δ apart. */
function likelihoodOf(step: number, sigma: number): NoiseLikelihood {
  const half = step / (2 * sigma)
  /** log p of each level, with the place at which its tail begins and the direction in which it lies. */
  const terms = (y: Tensor, clean: Tensor) => {
    const distance = y.sub(clean).div(sigma)
    const top = greater(y, 1 - step / 2)
    const bottom = less(y, -1 + step / 2)
    const side = where(top, 1, where(bottom, -1, sign(distance)))
    // Of the outermost levels one side is open: there is a tail, no interval.
    const open = logicalOr(top, bottom)
    const low = distance.mul(side).sub(half)
    return { side, open, low, log: where(open, logTail(low), logInterval(low, 2 * half)) }
  }
  return {
    log: (y, clean) => sumOfSamples(terms(y, clean).log),
    score: (y, clean) => {
      const { side, open, low, log } = terms(y, clean)
      const density = (z: Tensor) => logNormal(z).sub(log).exp()
      const near = density(low)
      const beyond = density(low.add(2 * half))
      return near
        .sub(where(open, 0, beyond))
        .mul(side)
        .div(sigma)
    },
  }
}

/**
 * Quantisation to the 2^bits levels −1, −1 + Δ, …, 1, after Gaussian noise of σ: y is the level nearest to
 * clean + σ·ε, the outermost where that leaves the range. Its likelihood is the mass of a normal law over the levels,
 * p(y | clean) = ∏ Φ((y + Δ/2 − clean)/σ) − Φ((y − Δ/2 − clean)/σ), open above at 1 and below at −1; it sums to 1 over
 * the levels, and is worked out in logarithms, far in the tails as well. Without noise before it (σ = 0) y is a
 * function of the clean measurement, and there is no likelihood.
 *
 * @example
 * ```ts
 * import { quantisationNoise } from '@tweedie/solvers'
 * import { randomKey, tensor } from '@tweedie/tensor'
 * const twoBits = quantisationNoise(2)
 * twoBits.sample([randomKey(1)], tensor([[-2, -0.6, 0.1, 0.9]])).dataSync() // ≈ [-1, -0.333333, 0.333333, 1]
 * ```
 */
export const quantisationNoise = defineNoise({
  name: 'quantisation',
  summary: 'rounding to a few levels, after Gaussian noise if wanted',
  example: 'quantisation:bits=3,sigma=0.05',
  positional: 'bits',
  options: {
    bits: integer('2 to this power is how many levels there are', { default: 8, min: 1, max: 16 }),
    sigma: number('standard deviation of the noise before the rounding, in the data range', {
      default: 0,
      min: 0,
    }),
  },
  law: ({ bits, sigma }) => {
    const step = 2 / (2 ** bits - 1)
    return {
      sample: (keys, clean) => {
        const { dtype, device } = clean
        const z = normal(keys, clean.shape.slice(1), { dtype, device })
        const place = clean.add(z.mul(sigma)).clamp(-1, 1).add(1).div(step)
        return floor(place.add(0.5)).mul(step).sub(1)
      },
      ...(sigma > 0 && { likelihood: likelihoodOf(step, sigma) }),
    }
  },
})

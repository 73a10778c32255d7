import { stopGradient } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { floor, greater, maximum, minimum, where, zerosLike } from '@tweedie/tensor'
import { number } from '../options/index.ts'
import type { NoiseLikelihood } from '../types.ts'
import { counting, countOptions, logPoisson } from './counts.ts'
import { defineNoise, sumOfSamples } from './define.ts'
import { drawEach, normalDraw } from './draws.ts'

/** The largest spread of the read-out, in counts, for which the sum over the counts is practical. */
const widest = 64

/**
 * About the count k that maximises Poisson(k; λ)·N(κ; k, s²), of the measured count κ: with v = k + ½, the root of
 * v + s²·log v = s²·log λ + κ + ½ up to the difference of log v and ψ(v + ½). By Newton's method in t = log v, from
 * the right of a convex function. A constant to gradients.
 */
function likeliestCount(measured: Tensor, rate: Tensor, s: number): Tensor {
  const goal = maximum(rate, 1e-30)
    .log()
    .mul(s ** 2)
    .add(measured.add(0.5))
  let t = where(greater(goal, 1), maximum(goal, 1).log(), minimum(goal.div(s ** 2), 0))
  for (let i = 0; i < 16; i++) {
    const v = t.exp()
    const excess = v.add(t.mul(s ** 2)).sub(goal)
    t = t.sub(excess.div(v.add(s ** 2)))
  }
  return floor(t.exp())
}

/**
 * The sum over the counts. The summand is log-concave in k with a curvature of at least 1/s², so that all beyond
 * 8s of its largest value is less than e⁻³² of the whole.
 */
function likelihoodOf(
  { rates, counts }: ReturnType<typeof counting>,
  peak: number,
  sigma: number,
): NoiseLikelihood {
  const s = (sigma * peak) / 2
  const reach = Math.ceil(8 * s) + 2
  /** log Σ_k p(k, y) of each element, and E[k | y]. */
  const summed = (y: Tensor, rate: Tensor) => {
    const measured = counts(y)
    const centre = stopGradient(likeliestCount(measured, rate, s))
    const at = (k: Tensor) =>
      logPoisson(k, rate).sub(
        measured
          .sub(k)
          .square()
          .mul(0.5 / s ** 2),
      )
    const top = stopGradient(at(centre))
    let total = zerosLike(top)
    let moment = zerosLike(top)
    for (let j = -reach; j <= reach; j++) {
      const k = centre.add(j)
      const weight = at(k).sub(top).exp()
      total = total.add(weight)
      moment = moment.add(weight.mul(k))
    }
    const constant = -Math.log(sigma) - 0.5 * Math.log(2 * Math.PI)
    return { log: total.log().add(top).add(constant), mean: moment.div(total) }
  }
  return {
    log: (y, clean) => sumOfSamples(summed(y, rates(clean).rate).log),
    score: (y, clean) => {
      const { rate, lit, slope } = rates(clean)
      return where(lit, summed(y, rate).mean.div(rate).sub(1).mul(slope), 0)
    },
  }
}

/**
 * Poisson noise with a Gaussian read-out: y as {@link poissonNoise} gives it, and σ·ε more. The density is
 * p(y | clean) = ∏ Σ_k Poisson(k; λ)·N(y; 2·(k − background)/peak − 1, σ²), summed over all k that count; its score
 * is (peak/2)·(E[k | y]/λ − 1). There is a likelihood where the read-out spreads over at most 64 counts, σ·peak/2 ≤
 * 64; it takes some 16 evaluations of a Poisson law for each count of that spread.
 *
 * @throws {DeviceError} from `sample` on a device that the host cannot read at once.
 * @example
 * ```ts
 * import { poissonGaussNoise } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * // At a rate of 0 nothing is counted, and the read-out is all there is.
 * const { likelihood } = poissonGaussNoise({ peak: 10, sigma: 0.1 })
 * likelihood?.log(tensor([[-1]]), tensor([[-1]])).dataSync() // ≈ [1.38365]
 * ```
 */
export const poissonGaussNoise = defineNoise({
  name: 'poisson-gauss',
  summary: 'counts of photons, read out with Gaussian noise',
  example: 'poisson-gauss:peak=255,sigma=0.02',
  positional: 'peak',
  options: {
    ...countOptions,
    sigma: number('standard deviation of the read-out, in the data range', { default: 0.02, above: 0 }),
  },
  law: ({ sigma, ...options }) => {
    const count = counting(options)
    return {
      sample: (keys, clean) =>
        drawEach(keys, clean, (value, next) => count.draw(value, next) + sigma * normalDraw(next)),
      ...((sigma * options.peak) / 2 <= widest && { likelihood: likelihoodOf(count, options.peak, sigma) }),
    }
  },
})

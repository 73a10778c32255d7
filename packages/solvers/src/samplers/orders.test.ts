// What samplers do to exact laws, worked out without sampling. Under a Gaussian prior every step is affine in x and its
// draws, so a run's mean and variance follow from a batch of probes, one for each draw. Under a mixture the ODE carries
// quantiles to quantiles, and a step with one draw carries a density by an integral.
import { describe, expect, it } from 'vitest'
import { gaussianMixturePrior, gaussianPrior } from '../priors/index.ts'
import { edm, flow, geometricLevels, vpContinuous, vpCosine } from '../schedules/index.ts'
import type { Prior, Schedule } from '../types.ts'
import type { Kernel, Sampler } from './index.ts'
import {
  annealedLangevin,
  byKernel,
  churned,
  ddim,
  ddpm,
  dpmSolver,
  euler,
  heun,
  predictorCorrector,
} from './index.ts'
import type { Law } from './law.test.helper.ts'
import { column, lawAfter } from './law.test.helper.ts'
import { between, walk } from './path.test.helper.ts'

const [mean, variance] = [0.7, 0.3]
const lawAt = (schedule: Schedule, t: number): Law => ({
  mean: schedule.alpha(t) * mean,
  variance: schedule.alpha(t) ** 2 * variance + schedule.sigma(t) ** 2,
})

/** How far the law at the end is from the exact one, in standard deviations. */
function errorOf(sampler: Sampler, prior: Prior, times: readonly number[]): number {
  const exact = lawAt(prior.schedule, times.at(-1)!)
  const found = lawAfter(sampler, prior, between(times), lawAt(prior.schedule, times[0]!))
  return Math.hypot(
    (found.mean - exact.mean) / Math.sqrt(exact.variance),
    Math.sqrt(found.variance / exact.variance) - 1,
  )
}

/** The slope of log error over log steps, from 48 steps to 96. */
const slope = (error: (steps: number) => number): number => Math.log2(error(48) / error(96))
const near = (found: number, order: number) =>
  expect(Math.abs(found - order), `slope ${found} for ${order}`).toBeLessThan(0.1)

// Between these levels the errors of mean and variance do not cancel, so that the slopes show at few steps.
const [high, low] = [3, 0.8]

/** From the high level to the low one, geometric in σ/α. */
const grid = (schedule: Schedule, steps: number): number[] =>
  geometricLevels(steps + 1, { sigmaMin: low, sigmaMax: high }).map((level) =>
    schedule.timeOfNoiseLevel(level),
  )

const smooth = { edm: edm(), continuous: vpContinuous(), flow: flow() }
const kernels: Readonly<Record<string, Kernel>> = {
  'ddim 0': ddim(0),
  'ddim 0.5': ddim(0.5),
  'ddpm small': ddpm(),
  'ddpm large': ddpm('large'),
}

describe.each(Object.entries(smooth))('the exact score of a Gaussian, on %s', (_, schedule) => {
  const prior = gaussianPrior({ mean: [mean], covariance: variance, schedule })
  const order = (sampler: Sampler) => slope((steps) => errorOf(sampler, prior, grid(schedule, steps)))

  it.each(Object.entries(kernels))('%s is of order 1', (name, kernel) => {
    near(order(byKernel(name, kernel)), 1)
  })

  it.each([0, 0.5, 1, 2])('Euler is of order 1, Heun of order 2, with noise λ = %d', (noise) => {
    for (const variable of ['level', 'time'] as const) {
      near(order(byKernel('euler', euler({ variable, noise }))), 1)
      near(order(heun({ variable, noise })), 2)
    }
  })

  it('DPM-Solver++(2M) is of order 2, for ODE and SDE', () => {
    near(order(dpmSolver()), 2)
    near(order(dpmSolver({ form: 'sde' })), 2)
  })

  it('churn leaves the law alone', () => {
    near(order(churned(heun(), { churn: 8 })), 2)
  })
})

describe('the exact score of a mixture', () => {
  const law = { weights: [2, 1], means: [[-0.8], [1.1]], covariances: 0.2 }
  const schedule = edm()
  const prior = gaussianMixturePrior({ ...law, schedule })
  const density = (x: number, level: number) => {
    const v = 0.2 + level ** 2
    const at = (m: number) => Math.exp(-((x - m) ** 2) / (2 * v)) / Math.sqrt(2 * Math.PI * v)
    return (2 * at(-0.8) + at(1.1)) / 3
  }

  /** Where the probability-flow ODE carries points: the same quantile of the law at the low level. */
  function carried(points: readonly number[]): number[] {
    const width = 1 / 4000
    const cumulated = (level: number) => {
      const sums = [0]
      for (let x = -16; x < 16; x += width) {
        // Simpson's rule on each cell.
        const mass = density(x, level) + 4 * density(x + width / 2, level) + density(x + width, level)
        sums.push(sums.at(-1)! + (mass * width) / 6)
      }
      return sums
    }
    const [from, to] = [cumulated(high), cumulated(low)]
    return points.map((x) => {
      const cell = Math.floor((x + 16) / width)
      const wanted = from[cell]! + (from[cell + 1]! - from[cell]!) * ((x + 16) / width - cell)
      const next = to.findIndex((value) => value >= wanted)
      return -16 + width * (next - 1 + (wanted - to[next - 1]!) / (to[next]! - to[next - 1]!))
    })
  }

  it('the ODE carries quantiles to quantiles: Euler and DDIM 1, Heun and DPM-Solver++(2M) 2', () => {
    const points = [-4, -1.5, -0.3, 0.2, 1, 3.5]
    const wanted = carried(points)
    const error = (sampler: Sampler) => (steps: number) => {
      const path = walk({ sampler, prior, times: between(grid(schedule, steps)), x: column(points) })
      const found = path.at(-1)!.dataSync()
      return Math.hypot(...wanted.map((value, k) => value - found[k]!))
    }
    near(slope(error(byKernel('euler', euler()))), 1)
    near(slope(error(byKernel('ddim', ddim(0)))), 1)
    near(slope(error(heun())), 2)
    near(slope(error(dpmSolver())), 2)
  })

  /** The density after the steps of a kernel of one draw, on a grid of points, by the trapezoidal rule. */
  function densityAfter(kernel: Kernel, steps: number): { x: number[]; p: number[] } {
    const times = grid(schedule, steps)
    const width = 0.04
    const x = Array.from({ length: 601 }, (_, i) => -12 + i * width)
    let p = x.map((at) => density(at, high))
    for (const { t, s } of between(times)) {
      const points = column(x)
      const x0 = prior.denoise(points, t)
      const drawn = (z: number) => () => column(new Float64Array(x.length).fill(z))
      const centres = kernel(points, x0, drawn(0), { t, s, schedule }).dataSync()
      const spread = kernel(points, x0, drawn(1), { t, s, schedule }).dataSync()[0]! - centres[0]!
      const next = new Float64Array(x.length)
      for (let i = 0; i < x.length; i++) {
        const reach = Math.ceil((8 * spread) / width)
        const middle = Math.round((centres[i]! + 12) / width)
        const factor = (p[i]! * width) / (spread * Math.sqrt(2 * Math.PI))
        for (let j = Math.max(0, middle - reach); j <= Math.min(600, middle + reach); j++) {
          next[j]! += factor * Math.exp(-(((x[j]! - centres[i]!) / spread) ** 2) / 2)
        }
      }
      p = Array.from(next)
    }
    return { x, p }
  }

  it.each([
    ['ddpm', ddpm()],
    ['ddpm of large variance', ddpm('large')],
    ['DDIM with η = 0.6', ddim(0.6)],
    ['Euler on the SDE', euler({ noise: 1 })],
    ['Euler on the SDE of half the noise', euler({ noise: 0.5 })],
  ])('%s reaches the same law, with order 1', (_, kernel) => {
    // Total variation; steps so long that the draws are wider than the grid of points.
    const distance = (steps: number) => {
      const { x, p } = densityAfter(kernel, steps)
      return x.reduce((total, at, i) => total + Math.abs(p[i]! - density(at, low)) * 0.02, 0)
    }
    const [few, more] = [distance(12), distance(24)]
    expect(more).toBeLessThan(0.05)
    expect(Math.abs(Math.log2(few / more) - 1), `from ${few} to ${more}`).toBeLessThan(0.25)
  })
})

describe('Langevin steps settle where the theory says', () => {
  // x ← (1 − δ/V)·(x − m) + m + √(2δ)·z has the variance V/(1 − δ/(2V)), δ = rate·σ².
  it.each(Object.entries({ edm: edm(), cosine: vpCosine(), flow: flow() }))('on %s', (_, schedule) => {
    const prior = gaussianPrior({ mean: [mean], covariance: variance, schedule })
    const [t, s] = [schedule.timeOfNoiseLevel(0.9), schedule.timeOfNoiseLevel(0.6)]
    const settled = (at: number, rate: number): Law => {
      const exact = lawAt(schedule, at)
      const length = rate * schedule.sigma(at) ** 2
      return { mean: exact.mean, variance: exact.variance / (1 - length / (2 * exact.variance)) }
    }
    const far = { mean: 5, variance: 2 }

    const still = predictorCorrector((x) => x, { corrections: 120, snr: 0.4 })
    const corrected = lawAfter(still, prior, [{ t, s }], far)
    const there = settled(s, 2 * 0.4 ** 2)
    expect(corrected.mean).toBeCloseTo(there.mean, 8)
    expect(corrected.variance).toBeCloseTo(there.variance, 8)

    const annealed = lawAfter(annealedLangevin({ inner: 120, rate: 0.3 }), prior, [{ t, s }], far)
    const [here, ratio] = [settled(t, 0.3), schedule.alpha(s) / schedule.alpha(t)]
    expect(annealed.mean).toBeCloseTo(ratio * here.mean, 8)
    expect(annealed.variance).toBeCloseTo(ratio ** 2 * here.variance, 8)
  })

  it('corrections shrink what a coarse predictor leaves wrong', () => {
    const schedule = edm()
    const prior = gaussianPrior({ mean: [mean], covariance: variance, schedule })
    const times = grid(schedule, 6)
    const plain = errorOf(byKernel('ddpm', ddpm()), prior, times)
    const errors = [1, 4].map((corrections) =>
      errorOf(predictorCorrector(ddpm(), { corrections, snr: 0.16 }), prior, times),
    )
    expect(errors[0]!).toBeLessThan(plain)
    expect(errors[1]!).toBeLessThan(errors[0]!)
  })
})

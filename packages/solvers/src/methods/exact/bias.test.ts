// What is left where particles abound: how far the laws that the methods aim at are from the posterior, in closed form over a
// Gaussian prior, and that the methods are where those laws are.
import { fromData, tensor } from '@tweedie/tensor'
import { Matrix } from 'ml-matrix'
import { describe, expect, it, test } from 'vitest'
import { gaussianNoise } from '../../noise/index.ts'
import { matrixOperator } from '../../operators/index.ts'
import { gaussianPrior } from '../../priors/index.ts'
import { run } from '../../run/index.ts'
import { respace } from '../../schedules/index.ts'
import { mcgDiff, mcgDiffTimes, smcDiff, tds } from '../index.ts'
import type { State, Steps } from './chain.test.helper.ts'
import {
  chainOf,
  ddimOf,
  estimated,
  given,
  large,
  mean,
  slopeOf,
  startOf,
  stepOf,
  transitionOf,
} from './chain.test.helper.ts'

const float64 = { dtype: 'float64' } as const
const covariance = [[1, 0.6], [0.6, 0.8]] // biome-ignore format: a matrix
const correlated = gaussianPrior({ mean: [0.3, -0.2], covariance })
const white = gaussianPrior({ mean: [0, 0], covariance: 1 })
const { schedule } = correlated
const y = 1.1
const problemOf = (sigmaY: number, N: number) => ({
  operator: matrixOperator(tensor([[1, 0]], float64)),
  noise: gaussianNoise(sigmaY),
  y: fromData(new Float64Array(N).fill(y), [N, 1]),
})
const columns = (data: ArrayLike<number>) =>
  [0, 1].map((j) => Array.from({ length: data.length / 2 }, (_, i) => data[2 * i + j]!))
const variance = (v: readonly number[]) => mean(v.map((c) => (c - mean(v)) ** 2))

/**
 * The law of x₀ of a filter of noised measurements y_s of the first number: over paths, which are affine in their draws, so
 * that one draw at a time says it all.
 */
function filterLaw(
  prior: typeof white,
  steps: number,
  sigmaY: number,
  kernel: Steps,
  pathKernel = ddimOf(1),
): { mean: Matrix; covariance: Matrix } {
  const times = respace(schedule, steps, 'guided')
  const T = times[0]!.t
  const along = (z: readonly number[]): State => {
    let path = schedule.alpha(T) * y + schedule.sigma(T) * (z[0] ?? 0)
    const v = (t: number) => (schedule.alpha(t) * sigmaY) ** 2
    let state = given(startOf(2, schedule.sigma(T) ** 2), [1, 0], path, v(T))
    times.forEach((at, i) => {
      const { fromX0, fromX, variance: fresh } = transitionOf(schedule, at, pathKernel)
      path = fromX0 * y + fromX * path + Math.sqrt(fresh) * (z[i + 1] ?? 0)
      const last = i === times.length - 1
      const level = (schedule.sigma(at.t) / schedule.alpha(at.t)) ** 2
      state = given(stepOf(prior, state, at, kernel), [1, 0], path, last && sigmaY === 0 ? level : v(at.s))
    })
    return state
  }
  const centre = along([])
  const spread = times.reduce((sum, _, i) => {
    const off = Matrix.sub(
      along(
        Object.assign(
          times.map(() => 0),
          { [i]: 1 },
        ),
      ).mean,
      centre.mean,
    )
    return sum.add(off.mmul(off.transpose()))
  }, centre.covariance.clone())
  return { mean: centre.mean, covariance: spread }
}

describe('SMCDiff', () => {
  const posterior = (prior: typeof white) => prior.law.posterior([[1, 0]], [y], 0).law

  test('is exact where the steps undo the noising, as for white data, up to the last level', () => {
    const { mean: m, covariance: c } = filterLaw(white, 20, 0, large)
    expect(m.get(1, 0)).toBeCloseTo(0, 12)
    // The last step takes x̂₀ for x₀: 1e-4 of the variance.
    expect(Math.abs(c.get(1, 1) - 1)).toBeLessThan(2e-4)
  })

  /** How far the law of a filter of that many steps is from the posterior. */
  const off = (steps: number, kernel: Steps) => {
    const truth = posterior(correlated)
    const { mean: m, covariance: c } = filterLaw(correlated, steps, 0, kernel)
    return {
      mean: Math.abs(m.get(1, 0) - truth.mean()[1]!),
      covariance: Math.abs(c.get(1, 1) - truth.covariance().get(1, 1)),
    }
  }

  test('elsewhere it misses by what falls as one over the steps, whatever the particles', () => {
    const counts = [25, 50, 100]
    const each = counts.map((steps) => off(steps, large))
    for (const what of ['mean', 'covariance'] as const) {
      const slope = slopeOf(
        counts,
        each.map((o) => o[what]),
      )
      if (process.env['SHOW']) console.log(what, slope, each)
      expect(Math.abs(slope + 1), what).toBeLessThan(0.2)
    }
  })

  test('FPS-SMC without noise tends there as well, from farther: its steps are narrower than what they undo', () => {
    const [few, many] = [off(100, ddimOf(1)), off(200, ddimOf(1))]
    expect(few.covariance).toBeGreaterThan(0.1)
    expect(many.covariance).toBeLessThan(0.02)
    expect(many.mean).toBeLessThan(few.mean / 2)
  })

  it('draws that law', async () => {
    const [N, steps] = [300, 8]
    const law = filterLaw(correlated, steps, 0, large)
    const x = await run(smcDiff(problemOf(0, N), correlated, { steps, particles: 32, seed: 5 }))
    const [first, second] = columns(x.dataSync())
    for (const v of first!) expect(v).toBeCloseTo(y, 12)
    const v = law.covariance.get(1, 1)
    if (process.env['SHOW'])
      console.log(
        (mean(second!) - law.mean.get(1, 0)) / Math.sqrt(v / N),
        (variance(second!) / v - 1) / Math.sqrt(2 / N),
      )
    expect(Math.abs(mean(second!) - law.mean.get(1, 0))).toBeLessThan(5 * Math.sqrt(v / N))
    expect(Math.abs(variance(second!) / v - 1)).toBeLessThan(5 * Math.sqrt(2 / N))
  })
})

test('FPS-SMC under noise counts y once a level: the more steps, the narrower', () => {
  const wanted = white.law
    .posterior([[1, 0]], [y], 0.5)
    .law.covariance()
    .get(0, 0)
  const widths = [10, 30, 90].map(
    (steps) => filterLaw(white, steps, 0.5, ddimOf(1)).covariance.get(0, 0) / wanted,
  )
  if (process.env['SHOW']) console.log(widths)
  expect(widths[0]).toBeLessThan(0.9)
  expect(widths[1]).toBeLessThan(0.8 * widths[0]!)
  expect(widths[2]).toBeLessThan(0.8 * widths[1]!)
})

describe('MCGDiff', () => {
  const [sigmaY, kappa] = [0.8, 1e-3]
  const lawAfter = (steps: number, again: number) => {
    const times = mcgDiffTimes(schedule, steps, [sigmaY])
    const tau = times.findIndex(({ t }) => Math.abs(schedule.sigma(t) / schedule.alpha(t) - sigmaY) < 1e-9)
    const alpha = schedule.alpha(times[tau]!.t)
    const at = given(chainOf(correlated, times.slice(0, tau), ddimOf(1)), [1, 0], alpha * y, kappa)
    const end = times.slice(tau).reduce((state, pair) => stepOf(correlated, state, pair, ddimOf(1)), at)
    return again === 0 ? end : given(end, [1, 0], y, again)
  }

  test('conditioned on x_τ tends to the posterior as log(n)/n in its n steps', () => {
    const truth = correlated.law.posterior([[1, 0]], [y], sigmaY).law
    const counts = [50, 100, 200, 400]
    const off = counts.map((steps) => {
      const { mean: m, covariance: c } = lawAfter(steps, 0)
      return Math.hypot(
        ...[0, 1].map((j) => m.get(j, 0) - truth.mean()[j]!),
        Matrix.sub(c, truth.covariance()).norm(),
      )
    })
    const slope = slopeOf(
      counts.map((n) => n / Math.log(n)),
      off,
    )
    if (process.env['SHOW']) console.log(off, slope)
    expect(off.at(-1)).toBeLessThan(0.05)
    // See rates.test.ts.
    expect(Math.abs(slope + 1)).toBeLessThan(0.1)
  })

  it('weighed by the likelihood at the end counts y twice', async () => {
    const [N, steps] = [150, 16]
    const options = { steps, kappa, particles: 48, seed: 6, last: 'likelihood' } as const
    let found: number[] = []
    await run(mcgDiff(problemOf(sigmaY, N), correlated, options), {
      onStep: ({ particles, weights }) => {
        const data = particles.x.dataSync()
        found = weights.map((w, row) =>
          w.reduce((sum, v, k) => sum + v * (data[2 * (row * w.length + k)]! - y) ** 2, 0),
        )
      },
    })
    const [once, twice] = [0, sigmaY ** 2].map((again) => {
      const { mean: m, covariance: c } = lawAfter(steps, again)
      return c.get(0, 0) + (m.get(0, 0) - y) ** 2
    })
    const { mean: at, error } = estimated(found)
    if (process.env['SHOW']) console.log(at, error, once, twice)
    // Nearer to y counted twice than to y counted once, by five standard errors.
    expect(once! - at - Math.abs(twice! - at)).toBeGreaterThan(5 * error)
  })
})

test('TDS draws the posterior of its chain', async () => {
  const [N, steps, sigmaY] = [300, 8, 0.8]
  const law = given(chainOf(correlated, respace(schedule, steps, 'guided'), large), [1, 0], y, sigmaY ** 2)
  const x = await run(tds(problemOf(sigmaY, N), correlated, { steps, particles: 32, seed: 7 }))
  columns(x.dataSync()).forEach((v, j) => {
    const [m, c] = [law.mean.get(j, 0), law.covariance.get(j, j)]
    if (process.env['SHOW'])
      console.log((mean(v) - m) / Math.sqrt(c / N), (variance(v) / c - 1) / Math.sqrt(2 / N))
    expect(Math.abs(mean(v) - m)).toBeLessThan(5 * Math.sqrt(c / N))
    expect(Math.abs(variance(v) / c - 1)).toBeLessThan(5 * Math.sqrt(2 / N))
  })
})

import { fromData, normal, OptionError, randomKey, type Tensor, tensor } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { gaussianNoise } from '../noise/index.ts'
import { matrixOperator } from '../operators/index.ts'
import { gaussianPrior } from '../priors/index.ts'
import { lookAt } from '../run/index.ts'
import { flow, respace, ve, vpLinear } from '../schedules/index.ts'
import type { Schedule } from '../types.ts'
import type { Likelihood, OptimalCovarianceOptions } from './index.ts'
import {
  analyticVariance,
  convertedVariance,
  exactLikelihood,
  optimalCovarianceLikelihood,
  pseudoInverseLikelihood,
} from './index.ts'

const float64 = { dtype: 'float64' } as const
const mean = [0.5, -0.3, 0.2]
const variances = [1, 0.3, 0.05]
const problem = {
  operator: matrixOperator(tensor([[1, -0.5, 0.3], [0.2, 0.7, 0]], float64)), // biome-ignore format: a matrix
  noise: gaussianNoise(0.3),
  y: tensor([[0.9, -0.4]], float64),
}
const schedules: readonly Schedule[] = [vpLinear(), ve({ sigmaMax: 20 }), flow()]
const independent = (schedule: Schedule) =>
  gaussianPrior({
    mean,
    covariance: variances.map((v, i) => variances.map((_, j) => (i === j ? v : 0))),
    schedule,
  })
const white = (schedule: Schedule) => gaussianPrior({ mean, covariance: 0.3, schedule })
/** Var[x₀ | x_t] = s²k²/(s² + k²) at noise level k. */
const posterior = (s2: number, k: number) => (s2 * k * k) / (s2 + k * k)
const numbers = (x: Tensor) => Array.from(x.dataSync())
const scoreOf = (of: Likelihood, prior: ReturnType<typeof white>, t: number) => {
  const x = tensor([[0.4, -1.2, 0.7]], float64).mul(
    Math.hypot(prior.schedule.alpha(t), prior.schedule.sigma(t)),
  )
  return numbers(of.score(lookAt(prior, x, t, of.through)).g)
}
function close(got: readonly number[], wanted: readonly number[], bound: number) {
  const off = Math.hypot(...got.map((v, i) => v - wanted[i]!))
  expect(off / Math.hypot(...wanted)).toBeLessThan(bound)
}
const times = (schedule: Schedule) =>
  respace(schedule, 7, 'trailing')
    .map(({ t }) => t)
    .filter((t) => schedule.alpha(t) > 0)

describe.each(['I', 'II'] as const)('type %s', (type) => {
  const of = (variance: OptimalCovarianceOptions['variance']) =>
    optimalCovarianceLikelihood(problem, { variance, type, below: Infinity })

  test('is exact for independent coordinates, with the variance of each', () => {
    for (const schedule of schedules) {
      const prior = independent(schedule)
      const each = of(({ alpha, sigma }) =>
        fromData(
          Float64Array.from(variances, (v) => posterior(v, sigma / alpha)),
          [1, 3],
          float64,
        ),
      )
      for (const t of times(schedule))
        close(scoreOf(each, prior, t), scoreOf(exactLikelihood(prior, problem), prior, t), 1e-8)
    }
  })

  test('is exact for white coordinates, with one variance', () => {
    const prior = white(vpLinear())
    const one = of(({ alpha, sigma }) => posterior(0.3, sigma / alpha))
    for (const t of times(prior.schedule))
      close(scoreOf(one, prior, t), scoreOf(exactLikelihood(prior, problem), prior, t), 1e-9)
  })

  test('takes ΠGDM’s variance from the threshold on', () => {
    const prior = white(flow())
    const likelihood = optimalCovarianceLikelihood(problem, { variance: () => 1e-9, type: 'I' })
    const at = (level: number) => scoreOf(likelihood, prior, prior.schedule.timeOfNoiseLevel(level))
    const paper = (level: number) =>
      scoreOf(pseudoInverseLikelihood(problem), prior, prior.schedule.timeOfNoiseLevel(level))
    close(at(0.21), paper(0.21), 1e-9)
    expect(Math.abs(at(0.19)[0]! / paper(0.19)[0]! - 1)).toBeGreaterThan(0.05)
  })

  test('refuses a variance that is not above 0', () => {
    expect(() =>
      scoreOf(
        of(() => 0),
        white(vpLinear()),
        100,
      ),
    ).toThrow(OptionError)
    const wrong = { variance: () => 1, type: 'III' } as unknown as OptimalCovarianceOptions
    expect(() => optimalCovarianceLikelihood(problem, wrong)).toThrow('must be I | II')
  })
})

test('a learned variance is converted to that of x₀, by the law of total variance', () => {
  for (const schedule of schedules) {
    for (const { t, s } of respace(schedule, 5, 'trailing').slice(1, -1)) {
      const [a, b] = [schedule.alpha(t), schedule.alpha(s)]
      const [st, ss] = [schedule.sigma(t) ** 2, schedule.sigma(s) ** 2]
      const exact = [1, 0.3].map((s2) => {
        // x_s and x_t are Gaussian together: Var x_s − Cov²/Var x_t.
        const covariance = a * b * s2 + (a / b) * ss
        return b * b * s2 + ss - covariance ** 2 / (a * a * s2 + st)
      })
      const converted = numbers(convertedVariance(tensor([exact], float64), { schedule, t, s }))
      ;[1, 0.3].forEach((s2, i) => expect(converted[i]! / posterior(s2, Math.sqrt(st) / a)).toBeCloseTo(1, 8))
    }
  }
  const at = { schedule: vpLinear(), t: 500, s: 400 }
  expect(numbers(convertedVariance(tensor([[0]], float64), at, 0.25))).toEqual([0.25])
})

describe('the variance that a denoiser shows on data', () => {
  const prior = independent(ve({ sigmaMax: 20 }))
  const count = 4000
  const keys = Array.from({ length: count }, (_, i) => randomKey(3).fold(i))
  const deviations = tensor([variances.map(Math.sqrt)], float64)
  const x0 = normal(keys, [3], float64)
    .mul(deviations)
    .add(tensor([mean], float64))
  const levels = [0.1, 1, 4]
  const look = (level: number) => {
    const t = prior.schedule.timeOfNoiseLevel(level)
    return lookAt(prior, tensor([mean], float64), t, false)
  }
  // The mean of N squares of normal numbers has a relative standard error of √(2/N).
  const bound = 6 * Math.sqrt(2 / count)

  test('of each coordinate, at the levels that were measured', () => {
    const each = analyticVariance(prior, x0, { levels, each: true, key: randomKey(8) })
    for (const level of levels) {
      const V = each(look(level))
      if (typeof V === 'number') throw new Error('one variance for each coordinate')
      expect(V.shape).toEqual([1, 3])
      numbers(V).forEach((v, i) =>
        expect(Math.abs(v / posterior(variances[i]!, level) - 1)).toBeLessThan(bound),
      )
    }
  })

  test('as one number: their mean; between levels by their logarithm, beyond them the last', () => {
    const one = analyticVariance(prior, x0, { levels, key: randomKey(8) })
    const at = (level: number) => Number(one(look(level)))
    for (const level of levels) {
      const wanted = variances.reduce((sum, v) => sum + posterior(v, level) / 3, 0)
      expect(Math.abs(at(level) / wanted - 1)).toBeLessThan(bound)
    }
    expect(at(2)).toBeCloseTo((at(1) + at(4)) / 2, 10)
    expect(at(0.05)).toBe(at(0.1))
    expect(at(9)).toBe(at(4))
    expect(() => analyticVariance(prior, x0, { levels: [1, 1], key: randomKey(8) })).toThrow(OptionError)
    expect(() => analyticVariance(prior, x0, { levels: [], key: randomKey(8) })).toThrow(OptionError)
  })
})

import type { Tensor } from '@tweedie/tensor'
import { normal, OptionError, randomKey, randomUnits, tensor } from '@tweedie/tensor'
import { describe, expect, it, vi } from 'vitest'
import { realNvp } from '../../flows/index.ts'
import { boundTime, noiseRange } from '../../inner/index.ts'
import { gaussianNoise, noNoise } from '../../noise/index.ts'
import { matrixOperator } from '../../operators/index.ts'
import { countCalls, gaussianPrior } from '../../priors/index.ts'
import { noiseStreams, run } from '../../run/index.ts'
import { ve, vpContinuous } from '../../schedules/index.ts'
import type { EfficientScorePriorOptions } from '../index.ts'
import { efficientScorePrior, UnfitError } from '../index.ts'
import { affineFlow, plainAdam, withDraws } from './flow-draws.test.helper.ts'

vi.mock('../../run/streams.ts', async (original) => {
  const { listening } = await import('./flow-draws.test.helper.ts')
  return listening(await original())
})

const float64 = { dtype: 'float64' } as const
const numbers = (x: Tensor): number[] => Array.from(x.dataSync())
const [m, v, a, sigmaY, y] = [0.7, 0.4, 1.5, 0.6, 0.3]
const problem = {
  operator: matrixOperator(tensor([[a]], float64)),
  noise: gaussianNoise(sigmaY),
  y: tensor([[y]], float64),
}
const schedule = vpContinuous()
const prior = gaussianPrior({ mean: [m], covariance: [v], schedule })
const sigmaMin = 0.05
const { low, high } = noiseRange(schedule, sigmaMin)

/** An estimate of the bound at x in plain numbers, and its slope: x̂₀ = m + v/(v + s²)·(x + s·ε − m). */
function plainBound(x: number, times: readonly { s: number; weight: number; noise: number }[], end: number) {
  const left = (s: number, e: number) => {
    const keep = (s * s) / (v + s * s)
    const off = keep * (x - m) - (1 - keep) * s * e
    return { square: off * off, slope: 2 * off * keep }
  }
  const share = 1 / (1 + high * high)
  let value = -0.5 * (share * x * x - share - Math.log(1 - share)) - 0.5 * Math.log(2 * Math.PI * low * low)
  let slope = -share * x
  for (const { s, weight, noise } of times) {
    const { square, slope: by } = left(s, noise)
    value -= (weight * square) / (s * s * times.length)
    slope -= (weight * by) / (s * s * times.length)
  }
  const last = left(low, end)
  return { value: value - last.square / (2 * low * low), slope: slope - last.slope / (2 * low * low) }
}

describe.each(['importance', 'uniform'] as const)('written out in plain numbers, times of %s', (timeLaw) => {
  it('its updates are Adam’s on the gradient of the three terms', async () => {
    const [K, J, sharing] = [5, 2, 2]
    const options = {
      steps: 4,
      updates: 2,
      samples: K,
      times: J,
      sharing,
      timeLaw,
      blocks: 1,
      seed: 8,
      sigmaMin,
      learningRate: 0.05,
      warmUp: 0.25,
      gradientClip: 4,
      lambdaData: 0.8,
      lambdaPrior: 1.3,
      lambdaEntropy: 0.7,
    }
    const streams = noiseStreams({ seed: 8, count: 1, dtype: 'float64' })
    const { params, update } = plainAdam([0, 0, 0, 0], (step) => 0.05 * Math.min(1, step / 2), 4)
    const near = (found: ArrayLike<number>, wanted: number) =>
      expect(Math.abs(found[0]! - wanted)).toBeLessThan(1e-9)
    let i = 0
    for await (const now of efficientScorePrior(problem, prior, options)) {
      const z = numbers(streams.normal(i, 'latent', [K, 1]))
      const x = z.map((one) => affineFlow.draw(params, one))
      const noise = numbers(streams.normal(i, 'noise', [J, K, 1]))
      const end = numbers(streams.normal(i, 'end', [K, 1]))
      const units = randomUnits(streams.keysOf(i, 'times')[0]!, J * 3)
      const priors = x.map((one, k) => {
        const times = Array.from({ length: J }, (_, j) => {
          const { t, weight } = boundTime(
            schedule,
            timeLaw,
            sigmaMin,
            units[Math.floor(k / sharing) * J + j]!,
          )
          return { s: schedule.sigma(t) / schedule.alpha(t), weight, noise: noise[j * K + k]! }
        })
        return plainBound(one, times, end[k]!)
      })
      const slopes = x.map(
        (one, k) => -((0.8 * (a * (y - a * one))) / sigmaY ** 2 + 1.3 * priors[k]!.slope) / K,
      )
      near(now.lossPrior, -priors.reduce((sum, { value }) => sum + value, 0) / K)
      near(now.lossEntropy, -(params[0]! + params[2]!))
      near(numbers(now.x0hat), x.reduce((sum, one) => sum + one, 0) / K)
      update(affineFlow.gradient(params, z, slopes, 0.7))
      numbers(now.state['params'] as Tensor).forEach((p, j) => near([p], params[j]!))
      near(numbers(now.x), affineFlow.draw(params, numbers(streams.normal(i, 'draw', [1, 1]))[0]!))
      i++
    }
    expect(i).toBe(8)
  })
})

it('a training ends with the posterior of the bound, in closed form', async () => {
  // z and ε of ±1 in all pairs: exact for a quadratic bound, at times that are the same in every step.
  const J = 6
  const options: EfficientScorePriorOptions = {
    steps: 200,
    updates: 1,
    samples: 4,
    sharing: 4,
    times: J,
    blocks: 1,
    warmUp: 0,
    learningRate: 0.05,
    sigmaMin,
    seed: 2,
  }
  const pairs = [1, -1, 1, -1]
  const draws = { latent: [1, 1, -1, -1], noise: Array.from({ length: J }, () => pairs).flat(), end: pairs }
  let params: number[] = []
  await withDraws(draws, () =>
    run(efficientScorePrior(problem, prior, options), {
      onStep: ({ state }) => {
        params = numbers(state['params'] as Tensor)
      },
    }),
  )
  const units = randomUnits(noiseStreams({ seed: 2, count: 1 }).keysOf(0, 'times')[0]!, J)
  const curvature = (s: number) => (s * s) / (v + s * s) ** 2
  const share = 1 / (1 + high * high)
  const data = Array.from(units).reduce((sum, u) => {
    const { t, weight } = boundTime(schedule, 'importance', sigmaMin, u)
    return sum + (2 * weight * curvature(schedule.sigma(t) / schedule.alpha(t))) / J
  }, curvature(low))
  const precision = share + data + (a / sigmaY) ** 2
  const { mean, deviation } = affineFlow.moments(params)
  expect(Math.abs(mean - (data * m + (a * y) / sigmaY ** 2) / precision)).toBeLessThan(1e-4)
  expect(Math.abs(deviation - 1 / Math.sqrt(precision))).toBeLessThan(1e-4)
})

it('the precision of the bound is that of the prior, but for its ends: ∫ 2·s²/(v + s²)² dτ = 1/(v + s₀²) − 1/(v + s_T²)', () => {
  const count = 2000
  const total = Array.from({ length: count }, (_, k) => {
    const { t, weight } = boundTime(schedule, 'importance', sigmaMin, (k + 0.5) / count)
    const s = schedule.sigma(t) / schedule.alpha(t)
    return (2 * weight * s * s) / (v + s * s) ** 2 / count
  }).reduce((sum, term) => sum + term, 0)
  expect(total).toBeCloseTo(1 / (v + low ** 2) - 1 / (v + high ** 2), 6)
  const whole = total + low ** 2 / (v + low ** 2) ** 2 + 1 / (1 + high ** 2)
  // What is left is (s₀²/v)² and the share of the signal in w_T.
  expect(Math.abs(whole * v - 1)).toBeLessThan((low ** 2 / v) ** 2 + 1e-4)
})

it('two numbers, by random draws: the posterior’s mean and covariance', async () => {
  const law = gaussianPrior({ mean: [0.3, -0.2], covariance: [[1, 0.7], [0.7, 0.8]], schedule }) // biome-ignore format: a matrix
  const exact = law.law.posterior([[1, 0.5]], [0.8], 0.4).law
  const given = {
    operator: matrixOperator(tensor([[1, 0.5]], float64)),
    noise: gaussianNoise(0.4),
    y: tensor([[0.8]], float64),
  }
  const flow = realNvp({ dimension: 2, blocks: 1, width: 4 })
  const params = new Float64Array(flow.size)
  const options = {
    steps: 300,
    updates: 1,
    samples: 32,
    sharing: 16,
    times: 2,
    blocks: 1,
    width: 4,
    learningRate: 0.02,
    warmUp: 0,
    seed: 3,
  }
  await run(efficientScorePrior(given, law, options), {
    onStep: ({ i, state }) => {
      // The average of the last 150 parameters.
      if (i < 150) return
      numbers(state['params'] as Tensor).forEach((p, j) => {
        params[j]! += p / 150
      })
    },
  })
  const z = normal(randomKey(1), [4000, 2], float64)
  const { x } = flow.forward(flow.unpack(tensor(Array.from(params), float64)), z)
  const centred = x.sub(x.mean(0))
  const covariance = numbers(centred.transpose().matmul(centred).div(4000))
  // With this seed the mean is off by 0.010, the covariance by 0.011.
  numbers(x.mean(0)).forEach((value, j) => expect(Math.abs(value - exact.mean()[j]!)).toBeLessThan(0.05))
  covariance.forEach((value, j) =>
    expect(Math.abs(value - exact.covariance().to1DArray()[j]!)).toBeLessThan(0.05),
  )
})

describe('a run', () => {
  it('trains a flow for each sample of a batch: as the samples one by one, bit for bit', async () => {
    const prior = gaussianPrior({ mean: [0.3, -0.2], covariance: [1, 0.5] })
    const operator = matrixOperator(tensor([[1, 0.5]], float64))
    const options = {
      steps: 4,
      updates: 1,
      samples: 3,
      sharing: 2,
      blocks: 1,
      width: 3,
      learningRate: 0.1,
      warmUp: 0,
    }
    const restored = async (y: number[], firstSample: number) => {
      const measured = {
        operator,
        noise: gaussianNoise(0.2),
        y: tensor(
          y.map((value) => [value]),
          float64,
        ),
      }
      return numbers(await run(efficientScorePrior(measured, prior, { ...options, firstSample })))
    }
    const both = await restored([0.8, -3], 4)
    expect([...(await restored([0.8], 4)), ...(await restored([-3], 5))]).toEqual(both)
  })

  it('counts its calls: one a time and one at the end, for every group of draws', async () => {
    const prior = gaussianPrior({ mean: [m], covariance: [v], schedule: ve() })
    for (const [samples, sharing, times, calls] of [
      [4, 1, 1, 8],
      [4, 3, 2, 6],
      [3, 8, 3, 4],
    ] as const) {
      const counted = countCalls(prior)
      await run(efficientScorePrior(problem, counted, { steps: 2, updates: 3, samples, sharing, times }))
      expect(counted.calls.total).toBe(6 * calls)
      expect(efficientScorePrior.info.evaluations(6, { samples, sharing, times })).toBe(6 * calls)
    }
  })

  it('refuses before any work', () => {
    const counted = countCalls(prior)
    expect(() => efficientScorePrior({ ...problem, noise: noNoise() }, counted)).toThrow(UnfitError)
    for (const wrong of [{ sigmaMin: 1000 }, { times: 0 }, { sharing: 0 }, { timeLaw: 'odd' as 'uniform' }])
      expect(() => efficientScorePrior(problem, counted, wrong)).toThrow(OptionError)
    expect(counted.calls.total).toBe(0)
  })
})

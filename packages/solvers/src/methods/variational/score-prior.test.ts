import type { Tensor } from '@tweedie/tensor'
import { normal, OptionError, randomKey, tensor } from '@tweedie/tensor'
import { describe, expect, it, vi } from 'vitest'
import { realNvp } from '../../flows/index.ts'
import { flowLogDensity, noiseRange } from '../../inner/index.ts'
import { gaussianNoise, laplaceNoise, noNoise } from '../../noise/index.ts'
import { matrixOperator } from '../../operators/index.ts'
import { countCalls, gaussianPrior } from '../../priors/index.ts'
import { noiseStreams, run } from '../../run/index.ts'
import { ve, vpContinuous } from '../../schedules/index.ts'
import { annealing } from '../flow-posterior.ts'
import type { ScorePriorOptions, ScorePriorStep } from '../index.ts'
import { scorePrior, UnfitError } from '../index.ts'
import { affineFlow, plainAdam, withDraws } from './flow-draws.test.helper.ts'

vi.mock('../../run/streams.ts', async (original) => {
  const { listening } = await import('./flow-draws.test.helper.ts')
  return listening(await original())
})

const float64 = { dtype: 'float64' } as const
const numbers = (x: Tensor): number[] => Array.from(x.dataSync())
const [m, v, a, sigmaY, y] = [0.7, 0.4, 1.5, 0.6, 0.3]
const own: readonly [number, number] = [m, v]
const operator = matrixOperator(tensor([[a]], float64))
const noise = gaussianNoise(sigmaY)
const problem = { operator, noise, y: tensor([[y]], float64) }

/** Heun's method on the ODE of N(m, v), in plain numbers: it is affine in w, so that its derivative is that of w ↦ w_T. */
function plainFlow(u: number, steps: number, low: number, high: number, [m, v] = own) {
  const [from, h] = [Math.log(low), Math.log(high / low) / steps]
  const slope = (w: number, tau: number) => {
    const s2 = Math.exp(2 * tau)
    const gain = v / (v + s2)
    // x̂₀ = m + gain·(u − m) at u = w·√(1 + s²).
    const x0hat = m + gain * (w * Math.sqrt(1 + s2) - m)
    return { w: w / (1 + s2) - x0hat / Math.sqrt(1 + s2), divergence: 1 / (1 + s2) - gain }
  }
  const end = (start: number) => {
    let [w, total] = [start, 0]
    for (let k = 0; k < steps; k++) {
      const first = slope(w, from + k * h)
      const second = slope(w + h * first.w, from + (k + 1) * h)
      w += (h / 2) * (first.w + second.w)
      total += (h / 2) * (first.divergence + second.divergence)
    }
    return { w, total }
  }
  const shrink = 1 / Math.sqrt(1 + low * low)
  const { w, total } = end(u * shrink)
  const rate = end(1).w - end(0).w
  const value = -0.5 * (w * w + Math.log(2 * Math.PI) + Math.log1p(low * low)) + total
  return { value, slope: -w * rate * shrink }
}

/** The parameters after each step, and what it showed. */
async function trained(
  options: ScorePriorOptions,
  prior = gaussianPrior({ mean: [m], covariance: [v], schedule: vpContinuous() }),
) {
  const shown: { params: number[]; x: number[]; step: Omit<ScorePriorStep, 'x'> }[] = []
  const steps = scorePrior(problem, prior, options)
  for await (const step of steps)
    shown.push({
      params: numbers(step.state['params'] as Tensor),
      x: numbers(step.x),
      step: { ...step, x0hat: step.x0hat.detach() },
    })
  return shown
}

describe('written out in plain numbers', () => {
  it('its updates are Adam’s on the gradient of the three terms, with warm-up, cut and annealing', async () => {
    const schedule = vpContinuous()
    const prior = gaussianPrior({ mean: [m], covariance: [v], schedule })
    const options = {
      steps: 6,
      updates: 2,
      samples: 3,
      blocks: 1,
      seed: 5,
      learningRate: 0.05,
      warmUp: 0.5,
      gradientClip: 2,
      lambdaData: 0.8,
      lambdaPrior: 1.3,
      lambdaEntropy: 0.7,
      annealRate: 0.4,
      annealPivot: 3,
      sigmaMin: 0.05,
      ...({ solver: 'heun', odeSteps: 5, trace: 'exact' } as const),
    }
    const shown = await trained(options, prior)
    expect(shown.length).toBe(12)
    const streams = noiseStreams({ seed: 5, count: 1, dtype: 'float64' })
    const { low, high } = noiseRange(schedule, 0.05)
    const { params, update } = plainAdam([0, 0, 0, 0], (step) => 0.05 * Math.min(1, step / 6), 2)
    let cuts = 0
    shown.forEach((now, i) => {
      const z = numbers(streams.normal(i, 'latent', [3, 1]))
      const x = z.map((one) => affineFlow.draw(params, one))
      const data = x.map((one) => ({
        log: -0.5 * (((y - a * one) / sigmaY) ** 2 + Math.log(2 * Math.PI * sigmaY ** 2)),
        slope: (a * (y - a * one)) / sigmaY ** 2,
      }))
      const prior = x.map((one) => plainFlow(one, 5, low, high))
      const weight = 0.8 / (1 + Math.exp(-0.4 * (i - 3)))
      const gradient = affineFlow.gradient(
        params,
        z,
        x.map((_, k) => -(weight * data[k]!.slope + 1.3 * prior[k]!.slope) / 3),
        0.7,
      )
      cuts += Number(Math.hypot(...gradient) > 2)
      const mean = (values: readonly number[]) => values.reduce((sum, one) => sum + one, 0) / 3
      const near = (found: readonly number[] | undefined, wanted: number) =>
        expect(Math.abs(found![0]! - wanted)).toBeLessThan(1e-9)
      near(now.step.lossData, -mean(data.map(({ log }) => log)))
      near(now.step.lossPrior, -mean(prior.map(({ value }) => value)))
      near(now.step.lossEntropy, -(params[0]! + params[2]!))
      near(numbers(now.step.x0hat), mean(x))
      near(now.step.residual, Math.abs(y - a * mean(x)))
      update(gradient)
      now.params.forEach((p, j) => expect(Math.abs(p - params[j]!)).toBeLessThan(1e-9))
      near(now.x, affineFlow.draw(params, numbers(streams.normal(i, 'draw', [1, 1]))[0]!))
    })
    // Both sides of the cut were seen.
    expect(cuts).toBeGreaterThan(0)
    expect(cuts).toBeLessThan(12)
  })

  it('the likelihood sets in by a sigmoid, or is all there', () => {
    expect([0, 12000, 20000].map((i) => annealing(i, 0.002, 12000))).toEqual([
      1 / (1 + Math.exp(24)),
      0.5,
      1 / (1 + Math.exp(-16)),
    ])
    expect(annealing(0, undefined, 12000)).toBe(1)
  })
})

describe('the flow that a training ends with', () => {
  // z = ±1: exact for the quadratic terms of a Gaussian, so that Adam goes to the minimum itself.
  const settle = async (options: ScorePriorOptions) => {
    const shown = await withDraws({ latent: [1, -1] }, () =>
      trained({
        steps: 160,
        updates: 1,
        samples: 2,
        blocks: 1,
        warmUp: 0,
        learningRate: 0.05,
        sigmaMin: 0.05,
        ...({ solver: 'heun', odeSteps: 2, trace: 'rademacher', probes: 1 } as const),
        ...options,
      }),
    )
    return affineFlow.moments(shown.at(-1)?.params ?? [])
  }
  /** p_θ as the ODE has it, which is affine: w_T = rate·(u − mean). */
  const { low, high } = noiseRange(vpContinuous(), 0.05)
  const law = (steps: number, of = own) => {
    const [at0 = 0, at1 = 0] = [0, 1].map((u) => plainFlow(u, steps, low, high, of).slope)
    return { mean: at0 / (at0 - at1), variance: 1 / (at0 - at1) }
  }
  const posterior = ({ mean, variance }: { mean: number; variance: number }, entropy = 1) => {
    const precision = 1 / variance + (a / sigmaY) ** 2
    return {
      mean: (mean / variance + (a * y) / sigmaY ** 2) / precision,
      deviation: Math.sqrt(entropy / precision),
    }
  }

  it('is the posterior of p_θ, its variance times λ_e', async () => {
    const lambdaEntropy = 0.5
    const found = await settle({ lambdaEntropy })
    const wanted = posterior(law(2), lambdaEntropy)
    expect(Math.abs(found.mean - wanted.mean)).toBeLessThan(1e-4)
    expect(Math.abs(found.deviation - wanted.deviation)).toBeLessThan(1e-4)
  })

  it('is the posterior itself, but for the steps of the ODE and s₀', () => {
    const exact = gaussianPrior({ mean: [m], covariance: [v] }).law.posterior([[a]], [y], sigmaY).law
    const off = [20, 40].map((steps) => {
      const { mean, deviation } = posterior(law(steps))
      const spread = Math.sqrt(exact.covariance().get(0, 0))
      return Math.hypot(mean - (exact.mean()[0] ?? 0), deviation - spread)
    })
    expect(off[0]).toBeLessThan(0.01)
    expect(off[1]).toBeLessThan(3e-3)
  })

  it('is the posterior of p_θ in two numbers, by random draws: its mean and covariance', async () => {
    // The prior has variances 1.5 and 0.3 along (1, 1)/√2 and (1, −1)/√2; there its ODE is that of one number each.
    const [along, across] = [law(4, [0, 1.5]).variance, law(4, [0, 0.3]).variance]
    const pTheta = [[along + across, along - across], [along - across, along + across]].map((row) => row.map((c) => c / 2)) // biome-ignore format: a matrix
    const wanted = gaussianPrior({ mean: [0, 0], covariance: pTheta }).law.posterior(
      [[1, 0.5]],
      [0.8],
      0.4,
    ).law
    const covariance = [[0.9, 0.6], [0.6, 0.9]] // biome-ignore format: a matrix
    const prior = gaussianPrior({ mean: [0, 0], covariance, schedule: vpContinuous() })
    const measured = {
      operator: matrixOperator(tensor([[1, 0.5]], float64)),
      noise: gaussianNoise(0.4),
      y: tensor([[0.8]], float64),
    }
    const flow = realNvp({ dimension: 2, blocks: 1, width: 4 })
    const [steps, kept] = [100, 60]
    const params = new Float64Array(flow.size)
    const options = {
      ...{ steps, updates: 1, samples: 64, blocks: 1, width: 4, warmUp: 0, learningRate: 0.04, seed: 3 },
      ...({ sigmaMin: 0.05, solver: 'heun', odeSteps: 4, trace: 'exact' } as const),
    }
    await run(scorePrior(measured, prior, options), {
      onStep: ({ i, state }) => {
        // The average of the last parameters.
        if (i < steps - kept) return
        numbers(state['params'] as Tensor).forEach((p, j) => {
          params[j]! += p / kept
        })
      },
    })
    const z = normal(randomKey(1), [4000, 2], float64)
    const { x } = flow.forward(flow.unpack(tensor(Array.from(params), float64)), z)
    const centred = x.sub(x.mean(0))
    // With this seed the mean is off by 0.014, the covariance by 0.010; 4000 draws have 0.01 of the mean.
    numbers(x.mean(0)).forEach((value, j) => expect(Math.abs(value - wanted.mean()[j]!)).toBeLessThan(0.05))
    numbers(centred.transpose().matmul(centred).div(4000)).forEach((value, j) =>
      expect(Math.abs(value - wanted.covariance().to1DArray()[j]!)).toBeLessThan(0.05),
    )
  })

  it('is that of p_θ where the likelihood counts for nothing', async () => {
    const { mean, deviation } = await settle({ lambdaData: 0 })
    expect(Math.abs(mean - law(2).mean)).toBeLessThan(1e-3)
    expect(Math.abs(deviation ** 2 - law(2).variance)).toBeLessThan(1e-3)
  })
})

describe('a run', () => {
  const prior = gaussianPrior({ mean: [m], covariance: [v], schedule: ve() })
  it('counts its calls with every solver of a known number of steps, whatever the trace', async () => {
    for (const solver of ['euler', 'heun', 'rk4', 'dormand-prince'] as const)
      for (const trace of ['exact', 'rademacher', 'gaussian'] as const) {
        const counted = countCalls(prior)
        const options = { steps: 2, updates: 1, samples: 2, solver, odeSteps: 2, trace, probes: 2 } as const
        await run(scorePrior(problem, counted, options))
        expect(counted.calls.total).toBe(scorePrior.info.evaluations(2, options))
      }
  })

  it.each(['adaptive', 'heun'] as const)(
    'draws probes of its own for every draw of every sample, solver %s',
    async (solver) => {
      const schedule = vpContinuous()
      const prior = gaussianPrior({ mean: [0.3, -0.2], covariance: [[1, 0.6], [0.6, 0.5]], schedule }) // biome-ignore format: a matrix
      const measured = {
        operator: matrixOperator(tensor([[1, 0.5]], float64)),
        noise: gaussianNoise(0.2),
        y: tensor([[0.8], [-3]], float64),
      }
      const options = {
        steps: 1,
        updates: 1,
        samples: 3,
        blocks: 2,
        solver,
        odeSteps: 3,
        probes: 2,
        trace: 'gaussian',
        seed: 3,
      } as const
      const streams = noiseStreams({ seed: 3, count: 2, dtype: 'float64' })
      const flow = realNvp({ dimension: 2, blocks: 2 })
      const { x } = flow.forward(
        flow.init(streams.keysOf(0, 'flow'), float64),
        streams.normal(0, 'latent', [3, 2]),
      )
      for await (const { lossPrior } of scorePrior(measured, prior, options)) {
        lossPrior.forEach((found, row) => {
          const root = streams.keysOf(0, 'probes')[row] ?? randomKey(0)
          const keys = [0, 1, 2].map((k) => root.fold(k))
          const asked = {
            keys,
            solver,
            steps: 3,
            trace: 'gaussian',
            probes: 2,
            rtol: 1e-3,
            atol: 1e-5,
            together: true,
          } as const
          const wanted = numbers(flowLogDensity(prior, x.slice(row), asked).logDensity.mean())[0] ?? 0
          expect(Math.abs(found + wanted)).toBeLessThan(1e-9)
        })
      }
    },
  )

  it('solves adaptively by default, more finely where asked', async () => {
    const calls = async (rtol: number) => {
      const counted = countCalls(prior)
      await run(scorePrior(problem, counted, { steps: 1, updates: 1, samples: 2, rtol, atol: rtol }))
      return counted.calls.total
    }
    expect(await calls(1e-6)).toBeGreaterThan(1.5 * (await calls(1e-2)))
  })

  it('takes any noise with a likelihood, and no other', async () => {
    const options = { steps: 1, updates: 1, samples: 2, solver: 'euler', odeSteps: 1 } as const
    const x = await run(scorePrior({ ...problem, noise: laplaceNoise(0.1) }, prior, options))
    expect(x.shape).toEqual([1, 1])
    expect(() => scorePrior({ ...problem, noise: noNoise() }, prior)).toThrow(UnfitError)
    expect(() => scorePrior({ ...problem, noise: gaussianNoise(0) }, prior)).toThrow('likelihood')
  })

  it('refuses before any work', () => {
    const counted = countCalls(prior)
    for (const wrong of [
      { sigmaMin: 100 },
      { samples: 0 },
      { rtol: 0 },
      { solver: 'odd' as 'euler' },
      { blocks: 0.5 },
    ])
      expect(() => scorePrior(problem, counted, wrong)).toThrow(OptionError)
    expect(counted.calls.total).toBe(0)
  })
})

import type { Tensor } from '@tweedie/tensor'
import { fromData, normal, randomKey, sin, tensor } from '@tweedie/tensor'
import { inverse, Matrix } from 'ml-matrix'
import { describe, expect, it, vi } from 'vitest'
import type { Moments } from '../../guidance/under-samplers.test.helper.ts'
import { gaussianNoise, noNoise } from '../../noise/index.ts'
import { defineOperator, matrixOperator } from '../../operators/index.ts'
import { gaussianMixturePrior, gaussianPrior } from '../../priors/index.ts'
import { run } from '../../run/index.ts'
import { noiseLevel, ve, vpLinear } from '../../schedules/index.ts'
import {
  affineStep,
  apart,
  gaussianPosterior,
  slope,
  stationary,
  stepped,
} from '../affine-step.test.helper.ts'
import type { DapsOptions } from '../index.ts'
import { daps, UnfitError } from '../index.ts'
import { evaluate, plus, times, transposed } from '../written-out.test.helper.ts'
import {
  A,
  close,
  decomposition,
  drawn,
  firstSample,
  float64,
  list,
  names,
  network,
  priorOn,
  problemOf,
  schedules,
  seed,
  streams,
  y,
} from '../written-out-problem.test.helper.ts'
import { massAboveZero } from './mass.test.helper.ts'

vi.mock('@tweedie/tensor', async (original) => {
  const { listening } = await import('../affine-step.test.helper.ts')
  return listening(await original<typeof import('@tweedie/tensor')>())
})

const { U, s: singular, V } = decomposition
const chainDraw = (i: number, k: number | string) =>
  list(normal([streams.keysOf(i, 'chain')[0]!.fold(k)], [4], float64))
/** n + 1 levels of the polynomial grid. */
const grid = (n: number, high: number, low: number) =>
  Array.from({ length: n + 1 }, (_, i) => ((1 - i / n) * high ** (1 / 7) + (i / n) * low ** (1 / 7)) ** 7)

describe.each(names)('DAPS on %s', (name) => {
  const [schedule] = schedules[name]
  const base = { sigmaMax: 5, sigmaMin: 0.4, learningRate: 0.02, decay: 0.2, innerSteps: 3, odeSteps: 3 }
  const cases: readonly DapsOptions[] = [
    { ...base, tau: 0.7 },
    { ...base, estimate: 'tweedie', draw: 'hmc', momentum: 0.6 },
    { ...base, estimate: 'tweedie', draw: 'exact' },
    { ...base, draw: 'map', tau: 0.4 },
    { ...base, estimate: 'tweedie', law: 'score', scoreLevel: 0.6 },
  ]

  it.each(cases)('%j, every step shown', async (options) => {
    const { estimate, draw, law, tau = 0.5, momentum = 0 } = options
    const least = schedule.discreteSteps === undefined ? 0 : noiseLevel(schedule, 0)
    const alphaOf = (level: number) => (name === 've' ? 1 : 1 / Math.hypot(1, level))
    const denoised = (u: readonly number[], level: number) =>
      evaluate(network, plus([alphaOf(level), u]), schedule.timeOfNoiseLevel(level))
    const steps = 4
    const levels = grid(steps, 5, 0.4).slice(0, steps)
    /** u = x/α. */
    let u: number[] = plus([5, drawn(0, 'start')])
    const downhill = (x: readonly number[]) =>
      times(transposed(A), plus([1 / tau ** 2, times(A, x)], [-1 / tau ** 2, y]))
    for await (const step of daps(problemOf(0.5), priorOn(name), { ...options, steps, seed, firstSample })) {
      const { i } = step
      const sigma = levels[i]!
      let x0hat = denoised(u, sigma)
      if (estimate === undefined) {
        const nodes = [0, 1, 2].map((k) => {
          const part = k / (least === 0 ? 3 : 2)
          return k === 0 ? sigma : ((1 - part) * sigma ** (1 / 7) + part * least ** (1 / 7)) ** 7
        })
        x0hat = nodes.reduce((v: number[], level, k) => {
          const to = nodes[k + 1] ?? 0
          return plus([to / level, v], [1 - to / level, denoised(v, level)])
        }, u)
      }
      close(list(step.x0hat), x0hat, `x̂₀ of step ${i}`)
      let x0: number[]
      if (draw === 'exact' || draw === 'map') {
        const fresh = draw === 'exact' ? drawn(i, 'coupling') : [0, 0, 0, 0]
        const noise = draw === 'exact' ? list(streams.normal(i, 'measured', [3])) : [0, 0, 0]
        const c = times(transposed(V), plus([1, x0hat], [sigma, fresh]))
        const d = times(transposed(U), plus([1, y], [tau, noise]))
        x0 = times(
          V,
          c.map((v, k) => {
            const s = singular[k] ?? 0
            return ((s * (d[k] ?? 0)) / tau ** 2 + v / sigma ** 2) / ((s / tau) ** 2 + 1 / sigma ** 2)
          }),
        )
      } else {
        const eta = 0.02 * (1 + (i / 5) * (0.2 - 1))
        const gradient = (x: readonly number[]) =>
          law === 'score'
            ? plus(
                [1 / sigma ** 2, x],
                [-1 / sigma ** 2, u],
                [-1 / 0.36, denoised(x, 0.6)],
                [1 / 0.36, x],
                [1, downhill(x)],
              )
            : plus([1 / sigma ** 2, x], [-1 / sigma ** 2, x0hat], [1, downhill(x)])
        x0 = [...x0hat]
        let v = draw === 'hmc' ? chainDraw(i, 'momentum') : []
        for (let k = 0; k < 3; k++) {
          if (draw === 'hmc') {
            v = plus(
              [momentum, v],
              [-Math.sqrt(eta), gradient(x0)],
              [Math.sqrt(2 * (1 - momentum)), chainDraw(i, k)],
            )
            x0 = plus([1, x0], [Math.sqrt(eta), v])
          } else x0 = plus([1, x0], [-eta, gradient(x0)], [Math.sqrt(2 * eta), chainDraw(i, k)])
        }
      }
      close(list(step.x0), x0, `x₀ of step ${i}`)
      const to = levels[i + 1]
      u = to === undefined ? x0 : plus([1, x0], [to, drawn(i, 'step')])
      close(list(step.x), plus([to === undefined ? 1 : alphaOf(to), u]), `x of step ${i}`)
      close(step.residual, [Math.hypot(...plus([1, y], [-1, times(A, x0hat)]))], `residual of step ${i}`)
    }
  })
})

const mu = Matrix.columnVector([0.5, -0.3])
const C = new Matrix([[1, 0.6], [0.6, 0.8]]) // biome-ignore format: a matrix
const row = new Matrix([[1, 0.5]])
const [sigmaY, measured] = [0.5, 0.8]
const schedule = ve({ sigmaMax: 20 })
const prior = gaussianPrior({ mean: mu.to1DArray(), covariance: C.to2DArray(), schedule })
const problem = (count: number) => ({
  operator: matrixOperator(tensor(row.to2DArray(), float64)),
  noise: gaussianNoise(sigmaY),
  y: fromData(new Float64Array(count).fill(measured), [count, 1], float64),
})
const exact = gaussianPosterior(
  mu,
  C,
  row
    .transpose()
    .mmul(row)
    .div(sigmaY ** 2),
  row.transpose().mul(measured / sigmaY ** 2),
)
const noised = ({ mean, covariance }: Moments, sigma: number): Moments => ({
  mean,
  covariance: Matrix.add(covariance, Matrix.eye(2).mul(sigma ** 2)),
})
const stepOf = (i: number, options: DapsOptions) =>
  affineStep((count, resume) => daps(problem(count), prior, { ...options, resume }), i, 2)

describe('the Gibbs form on a Gaussian, worked out without drawing', () => {
  const steps = 6
  const options = { steps, sigmaMax: 4, sigmaMin: 0.2, estimate: 'covariance', draw: 'exact' } as const
  const levels = [...grid(steps, 4, 0.2).slice(0, steps), 0]

  it('keeps the posterior: from p(x_t | y) to p(x_s | y), every step', async () => {
    for (let i = 0; i < steps; i++) {
      const after = stepped(await stepOf(i, options), noised(exact, levels[i]!))
      const wanted = noised(exact, levels[i + 1]!)
      expect(apart(after.mean, wanted.mean)).toBeLessThan(1e-9)
      expect(apart(after.covariance, wanted.covariance)).toBeLessThan(1e-9)
    }
  })

  it('reaches it from its start at the rate Π Σ(Σ + σ_i²I)⁻¹', async () => {
    let law: Moments = { mean: Matrix.zeros(2, 1), covariance: Matrix.eye(2).mul(16) }
    let off = Matrix.sub(law.mean, exact.mean)
    let spread = Matrix.sub(law.covariance, noised(exact, 4).covariance)
    for (let i = 0; i < steps; i++) {
      law = stepped(await stepOf(i, options), law)
      const K = exact.covariance.mmul(inverse(noised(exact, levels[i]!).covariance))
      off = K.mmul(off)
      spread = K.mmul(spread).mmul(K.transpose())
      expect(apart(Matrix.sub(law.mean, exact.mean), off)).toBeLessThan(1e-9)
      const wanted = noised(exact, levels[i + 1]!).covariance
      expect(apart(Matrix.sub(law.covariance, wanted), spread)).toBeLessThan(1e-9)
    }
    expect(apart(law.mean, exact.mean)).toBeLessThan(0.01)
    expect(apart(law.covariance, exact.covariance)).toBeLessThan(0.01)
  })

  it('map draws nothing of x₀: its mean alone', async () => {
    const drawnToo = await stepOf(2, options)
    const alone = await stepOf(2, { ...options, draw: 'map' })
    expect(apart(alone.F, drawnToo.F)).toBeLessThan(1e-9)
    expect(apart(alone.Q, Matrix.eye(2).mul(levels[3]! ** 2))).toBeLessThan(1e-9)
  })

  it('a long chain draws as `exact` does, off by η/2', async () => {
    const fixed = { steps: 3, sigmaMax: 0.5, sigmaMin: 0.4, estimate: 'tweedie', decay: 1 } as const
    const wanted = await stepOf(1, { ...fixed, draw: 'exact' })
    const etas = [0.02, 0.01]
    const off: number[] = []
    for (const learningRate of etas) {
      const ours = await stepOf(1, { ...fixed, draw: 'langevin', learningRate, innerSteps: 150 })
      expect(apart(ours.F, wanted.F)).toBeLessThan(2e-3)
      off.push(apart(ours.Q, wanted.Q))
    }
    expect(Math.abs(slope(off, etas) - 1)).toBeLessThan(0.2)
    expect(off.at(-1)).toBeLessThan(0.02)
  })
})

describe('σ²I for the covariance of x₀ given x_t', () => {
  const one = (v: number) => gaussianPrior({ mean: [0.2], covariance: v, schedule })
  const given = (count: number, a: number) => ({
    operator: matrixOperator(tensor([[a]], float64)),
    noise: gaussianNoise(sigmaY),
    y: fromData(new Float64Array(count).fill(measured), [count, 1], float64),
  })
  /** What it settles at where the level stays σ: x' = (1 − w)(μ + g(x + σz − μ) + σε) + w(y + σ_y ε'). */
  const settled = (v: number, kappa: number, seen: boolean) => {
    const [g, w] = [v / (v + kappa), seen ? kappa / (kappa + sigmaY ** 2) : 0]
    const a = (1 - w) * g
    return ((a ** 2 + (1 - w) ** 2) * kappa + w ** 2 * sigmaY ** 2) / (1 - a ** 2)
  }

  it.each([
    [0.8, true],
    [0.1, true],
    [0.8, false],
  ])('on a variance of %d, measured: %s, settles off by σ²·(P/v)·(½ − P/σ_y²)', async (v, seen) => {
    const P = seen ? 1 / (1 / v + 1 / sigmaY ** 2) : v
    const sigmas = [0.1, 0.05, 0.025]
    const off: number[] = []
    for (const sigma of sigmas) {
      const fixed = {
        steps: 3,
        sigmaMax: sigma,
        sigmaMin: sigma,
        estimate: 'tweedie',
        draw: 'exact',
      } as const
      const step = await affineStep(
        (count, resume) => daps(given(count, seen ? 1 : 0), one(v), { ...fixed, resume }),
        1,
        1,
      )
      // x of the run is noised; x₀ is what it is without.
      const variance = stationary(step).covariance.get(0, 0) - sigma ** 2
      expect(variance).toBeCloseTo(settled(v, sigma ** 2, seen), 9)
      off.push(variance - P)
    }
    expect(Math.abs(slope(off.map(Math.abs), sigmas) - 2)).toBeLessThan(0.1)
    const constant = (P / v) * (0.5 - (seen ? P / sigmaY ** 2 : 0))
    expect(off.at(-1)! / 0.025 ** 2 / constant).toBeCloseTo(1, 1)
  })
})

describe('a mixture of two modes', () => {
  const tau = 0.7
  const mixture = gaussianMixturePrior({ weights: [1, 2], means: [[-1], [1]], covariances: 0.2, schedule })
  const posterior = mixture.law.posterior([[1]], [0.3], tau).law
  const [mean, variance] = [posterior.mean()[0] ?? 0, posterior.covariance().get(0, 0)]
  const above = massAboveZero(posterior)
  /** Of samples: how far their mean, variance and part above 0 are from the posterior's, in standard errors. */
  const off = async (count: number, options: DapsOptions) => {
    const y = fromData(new Float32Array(count).fill(0.3), [count, 1])
    const given = { operator: matrixOperator(tensor([[1]])), noise: gaussianNoise(tau), y }
    const grid = { steps: 6, sigmaMax: 3, sigmaMin: 0.3, estimate: 'tweedie' } as const
    const x = list(await run(daps(given, mixture, { ...grid, ...options })))
    const average = (f: (v: number) => number) => x.reduce((sum, v) => sum + f(v), 0) / count
    const second = average((v) => (v - mean) ** 2)
    const fourth = average((v) => (v - mean) ** 4)
    return [
      (average((v) => v) - mean) / Math.sqrt(variance / count),
      (second - variance) / Math.sqrt((fourth - second ** 2) / count),
      (average((v) => (v > 0 ? 1 : 0)) - above) / Math.sqrt((above * (1 - above)) / count),
    ]
  }

  it('by the score of the prior: its mean, variance and the weights of its modes', async () => {
    const chain = { law: 'score', scoreLevel: 0.05, innerSteps: 60, learningRate: 0.05, decay: 0.1 } as const
    const errors = await off(500, chain)
    // With this seed −0.7, 0.4 and −0.5.
    for (const error of errors) expect(Math.abs(error)).toBeLessThan(5)
  })

  it('not with σ²I around the estimate, nor with the covariance', async () => {
    const [wide, matched] = [
      await off(2000, { draw: 'exact' }),
      await off(2000, { estimate: 'covariance', draw: 'exact' }),
    ]
    // 11 and 8 standard errors of the weight.
    expect(Math.abs(wide[2] ?? 0)).toBeGreaterThan(7)
    // Nearer, but p(x₀ | x_t) of a mixture is no Gaussian.
    expect(Math.abs(matched[2] ?? 0)).toBeGreaterThan(3)
    expect(Math.abs(matched[0] ?? 0)).toBeLessThan(Math.abs(wide[0] ?? 0))
  })
})

describe('what DAPS takes', () => {
  const wave = defineOperator({
    name: 'wave',
    summary: 'sines',
    example: 'wave',
    options: {},
    build: (shape) => ({ inShape: shape, outShape: shape, forward: (x: Tensor) => sin(x) }),
  })([1])
  const alone = gaussianPrior({ mean: [0.1], covariance: 0.3 })
  const y = tensor([[0.4]], float64)

  it('an operator that is not linear, by its gradient', async () => {
    const options = { steps: 1, estimate: 'tweedie', innerSteps: 1, learningRate: 0.1 } as const
    for await (const { x0hat, x0 } of daps(
      { operator: wave, noise: gaussianNoise(0.5), y },
      alone,
      options,
    )) {
      const m = list(x0hat)[0]!
      const z = list(normal([randomKey(0).fold(0).fold(0).fold('chain').fold(0)], [1], float64))[0]!
      close(list(x0), [m + (0.1 * Math.cos(m) * (0.4 - Math.sin(m))) / 0.25 + Math.sqrt(0.2) * z], 'x₀')
    }
  })

  it('refuses what does not go together, before any work', () => {
    const problem = { operator: wave, noise: gaussianNoise(0.5), y }
    expect(() => daps(problem, alone, { draw: 'exact' })).toThrow(UnfitError)
    expect(() => daps(problem, alone, { draw: 'map' })).toThrow("draw 'map' needs a linear operator")
    const linear = { ...problem, operator: matrixOperator(tensor([[1]], float64)) }
    expect(() => daps(linear, alone, { draw: 'exact', law: 'score' })).toThrow(
      "'score' takes draw langevin or hmc",
    )
    expect(() => daps({ ...linear, noise: noNoise() }, alone)).toThrow('must be above 0 for a chain')
    expect(() => daps({ ...linear, noise: noNoise() }, alone, { tau: 0.1 })).not.toThrow()
    expect(() => daps({ ...linear, noise: noNoise() }, alone, { draw: 'exact' })).not.toThrow()
    const coarse = gaussianPrior({ mean: [0.1], covariance: 0.3, schedule: vpLinear({ T: 50 }) })
    const low = noiseLevel(coarse.schedule, 0)
    expect(() => daps(linear, coarse, { steps: 5, sigmaMin: low })).toThrow(`must be above ${low}`)
    expect(() => daps(linear, coarse, { steps: 5, sigmaMin: low, estimate: 'tweedie' })).not.toThrow()
    expect(() => daps(linear, alone, { sigmaMin: 2, sigmaMax: 1 })).toThrow(/sigmaMin/)
  })

  it('starts below a level that the prior does not reach', async () => {
    const linear = { operator: matrixOperator(tensor([[1]], float64)), noise: gaussianNoise(0.5), y }
    const short = gaussianPrior({ mean: [0.1], covariance: 0.3, schedule: ve({ sigmaMax: 2 }) })
    for await (const { t } of daps(linear, short, { steps: 1, innerSteps: 1 })) expect(t).toBe(2)
  })
})

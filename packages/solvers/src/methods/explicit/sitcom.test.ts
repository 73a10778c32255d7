import type { Tensor } from '@tweedie/tensor'
import { fromData, sin, tensor } from '@tweedie/tensor'
import { inverse, Matrix } from 'ml-matrix'
import { describe, expect, it } from 'vitest'
import { networkInput } from '../../inner/index.ts'
import { gaussianNoise } from '../../noise/index.ts'
import { defineOperator, matrixOperator } from '../../operators/index.ts'
import { countCalls, gaussianPrior } from '../../priors/index.ts'
import { run } from '../../run/index.ts'
import { ve, vpContinuous } from '../../schedules/index.ts'
import type { SitcomOptions } from '../index.ts'
import { sitcom } from '../index.ts'
import { evaluate, plus, pullBack, times, transposed } from '../written-out.test.helper.ts'
import {
  A,
  close,
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
  y,
} from '../written-out-problem.test.helper.ts'

describe.each(names)('SITCOM on %s', (name) => {
  const [schedule, levels] = schedules[name]
  const cases: readonly (SitcomOptions & { sigmaY: number })[] = [
    { sigmaY: 0.05, stop: 'none', innerSteps: 4 },
    { sigmaY: 0.05, lambda: 0.3, learningRate: 0.1, innerSteps: 3 },
    { sigmaY: 0.9, learningRate: 0.3, innerSteps: 12, slack: 0.05 },
    { sigmaY: 0.2, clip: [-0.6, 0.5], innerSteps: 3 },
  ]

  it.each(cases)('%j, every step shown', async ({ sigmaY, ...options }) => {
    const { innerSteps = 30, learningRate = 0.02, lambda = 0, stop, slack = 0.001, clip } = options
    const steps = 4
    const at: readonly number[] = [3, 2, 1, 0].map((k) =>
      schedule.discreteSteps === undefined
        ? schedule.noisiest / 1000 + (schedule.noisiest * 0.999 * k) / steps
        : k * Math.floor(schedule.discreteSteps / steps),
    )
    const [low, high] = clip ?? [-Infinity, Infinity]
    const denoised = (v: readonly number[], t: number) =>
      evaluate(network, v, t).map((c) => Math.min(Math.max(c, low), high))
    let x: number[] = plus([levels.sigma(at[0]!), drawn(0, 'start')])
    const made: number[] = []
    for await (const step of sitcom(problemOf(sigmaY), priorOn(name), {
      ...options,
      steps,
      seed,
      firstSample,
    })) {
      const { i, t } = step
      expect(t).toBeCloseTo(at[i]!, 9)
      let v = [...x]
      let [m, s] = [[0, 0, 0, 0], [0, 0, 0, 0]] // biome-ignore format: one line
      let updates = 0
      for (; updates < innerSteps; updates++) {
        const x0 = denoised(v, t)
        const r = plus([1, y], [-1, times(A, x0)])
        if (stop !== 'none' && Math.hypot(...r) ** 2 < (sigmaY + slack) ** 2 * 3) break
        const down = times(transposed(A), r).map((c, k) => (x0[k]! > low && x0[k]! < high ? c : 0))
        const g = plus([-2, pullBack(network, v, t, down)], [2 * lambda, plus([1, v], [-1, x])])
        m = plus([0.9, m], [0.1, g])
        s = s.map((c, k) => 0.999 * c + 0.001 * g[k]! ** 2)
        const [a, b] = [1 - 0.9 ** (updates + 1), 1 - 0.999 ** (updates + 1)]
        v = v.map((c, k) => c - (learningRate * (m[k]! / a)) / (Math.sqrt(s[k]! / b) + 1e-8))
      }
      made.push(updates)
      const x0 = denoised(v, t)
      close(list(step.v), v, `v of step ${i}`)
      close(list(step.x0hat), x0, `x̂₀ of step ${i}`)
      expect(step.updates).toEqual([updates])
      const to = at[i + 1]
      x = to === undefined ? x0 : plus([levels.alpha(to), x0], [levels.sigma(to), drawn(i, 'step')])
      close(list(step.x), x, `x of step ${i}`)
      close(step.residual, [Math.hypot(...plus([1, y], [-1, times(A, x0)]))], `residual of step ${i}`)
    }
    // The third case ends by itself, at least once, and not before it began every time.
    if (sigmaY === 0.9) expect(made.some((k) => k > 0 && k < 12)).toBe(true)
    else expect(Math.max(...made)).toBe(innerSteps)
  })
})

const S = new Matrix([[1, 0.6], [0.6, 0.8]]) // biome-ignore format: a matrix
const row = [1, 0.5]
const posed = (sigmaY: number, ys: readonly number[]) => ({
  operator: matrixOperator(tensor([row], float64)),
  noise: gaussianNoise(sigmaY),
  y: fromData(Float64Array.from(ys), [ys.length, 1], float64),
})

describe('the fixed point on a Gaussian prior', () => {
  const schedule = vpContinuous()
  const prior = gaussianPrior({ mean: [0.3, -0.2], covariance: S.to2DArray(), schedule })
  const t = schedule.timeOfNoiseLevel(0.8)
  const [alpha, sigma] = [schedule.alpha(t), schedule.sigma(t)]
  // x̂₀ = μ + G·(x − α·μ).
  const noisy = Matrix.add(Matrix.mul(S, alpha ** 2), Matrix.eye(2).mul(sigma ** 2))
  const G = S.mmul(inverse(noisy)).mul(alpha)
  const x = tensor([[0.4, 1.1]], float64)
  const problem = posed(0.1, [0.9])
  const AG = new Matrix([row]).mmul(G)
  const wanted = (lambda: number) => {
    const x0 = Matrix.columnVector(list(prior.denoise(x, t)))
    const r = 0.9 - new Matrix([row]).mmul(x0).get(0, 0)
    const normalMatrix = Matrix.add(AG.transpose().mmul(AG), Matrix.eye(2).mul(lambda))
    return Matrix.add(Matrix.columnVector(list(x)), inverse(normalMatrix).mmul(AG.transpose()).mul(r))
  }

  it.each([0.05, 0.5])('K → ∞ is the proximal point on the range of x̂₀, λ = %d', (lambda) => {
    const off = [25, 100, 200].map((steps) => {
      const { v, x0hat, updates } = networkInput(prior, problem, x, t, { steps, learningRate: 0.02, lambda })
      expect(updates).toEqual([steps])
      list(prior.denoise(v, t)).forEach((c, k) => expect(list(x0hat)[k]).toBe(c))
      return Matrix.sub(Matrix.columnVector(list(v)), wanted(lambda)).norm()
    })
    expect(off[1]!).toBeLessThan(off[0]! / 4)
    expect(off[2]!).toBeLessThan(1e-5)
  })

  it('λ = 0: A x̂₀ = y in the end; a large λ keeps x_t', () => {
    const at = (lambda: number) =>
      networkInput(prior, problem, x, t, { steps: 200, learningRate: 0.02, lambda })
    const [a = 0, b = 0] = list(at(0).x0hat)
    expect(a + b / 2).toBeCloseTo(0.9, 4)
    list(at(1e6).v).forEach((c, k) => expect(c).toBeCloseTo(list(x)[k]!, 4))
  })
})

describe('the discrepancy stop', () => {
  const prior = gaussianPrior({ mean: [0, 0], covariance: S.to2DArray(), schedule: ve({ sigmaMax: 5 }) })

  it('leaves a misfit below (σ_y + slack)²·m wherever K is enough, and no more than one update below it', async () => {
    const [sigmaY, slack] = [0.2, 0.01]
    for await (const { residual, updates } of sitcom(posed(sigmaY, [0.8, -0.5]), prior, {
      ...{ steps: 5, innerSteps: 100, learningRate: 0.1, slack },
    })) {
      for (const r of residual) expect(r).toBeLessThan(sigmaY + slack)
      expect(Math.max(...updates)).toBeLessThan(100)
    }
  })

  it('is each sample’s own, and spares evaluations where all have ended', async () => {
    const counted = countCalls(prior)
    const made: (readonly number[])[] = []
    const options = { steps: 3, innerSteps: 100, learningRate: 0.1, seed: 2 }
    for await (const { updates } of sitcom(posed(0.1, [0.8, 3]), counted, options)) made.push([...updates])
    expect(made.some(([a, b]) => a !== b)).toBe(true)
    const most = made.map((updates) => Math.max(...updates) + 1)
    expect(counted.calls.total).toBe(most.reduce((sum, k) => sum + k, 0))
    expect(counted.calls.total).toBeLessThan(sitcom.info.evaluations(3, options))
    const alone = list(await run(sitcom(posed(0.1, [3]), prior, { ...options, firstSample: 1 })))
    expect(list(await run(sitcom(posed(0.1, [0.8, 3]), prior, options))).slice(2)).toEqual(alone)
  })

  it('without noise holds y to the slack', async () => {
    const x = await run(sitcom(posed(0, [0.8]), prior, { steps: 4, innerSteps: 150, learningRate: 0.05 }))
    const [a = 0, b = 0] = list(x)
    expect(Math.abs(a + b / 2 - 0.8)).toBeLessThan(0.001)
  })
})

it('takes an operator that is not linear', async () => {
  const wave = defineOperator({
    name: 'wave',
    summary: 'sines',
    example: 'wave',
    options: {},
    build: (shape) => ({ inShape: shape, outShape: shape, forward: (x: Tensor) => sin(x) }),
  })([1])
  const prior = gaussianPrior({ mean: [0.2], covariance: 0.5, schedule: ve({ sigmaMax: 5 }) })
  const problem = { operator: wave, noise: gaussianNoise(0.01), y: tensor([[0.6]], float64) }
  const x = list(await run(sitcom(problem, prior, { steps: 6, innerSteps: 60, learningRate: 0.05 })))
  expect(Math.abs(Math.sin(x[0]!) - 0.6)).toBeLessThan(0.011)
})

import type { Tensor } from '@tweedie/tensor'
import { fromData, normal, OptionError, randomKey, tensor } from '@tweedie/tensor'
import { Matrix } from 'ml-matrix'
import { describe, expect, it } from 'vitest'
import { gaussianNoise } from '../../noise/index.ts'
import { matrixOperator } from '../../operators/index.ts'
import { exactPrior, gaussianPrior } from '../../priors/index.ts'
import { noiseStreams } from '../../run/index.ts'
import { ddpmStep } from '../../samplers/index.ts'
import { respace, vpLinear } from '../../schedules/index.ts'
import type { Operator, Problem } from '../../types.ts'
import type { DpsOptions } from '../index.ts'
import { dps, dpsDefaultScale, presetsOf } from '../index.ts'

const schedule = vpLinear()
const covariance = [
  [1, 0.6, 0.1, 0],
  [0.6, 0.8, -0.2, 0.1],
  [0.1, -0.2, 0.5, 0.2],
  [0, 0.1, 0.2, 0.7],
]
const prior = gaussianPrior({ mean: [0.5, -0.3, 0.2, 1], covariance, schedule })
const rows = [
  [1, -0.5, 0.3, 0],
  [0.2, 0.7, 0, -1],
]
const sigmaY = 0.3
const float64 = { dtype: 'float64' } as const

const problemOf = (A: number[][], y: number[]): Problem => ({
  operator: matrixOperator(tensor(A, float64)),
  noise: gaussianNoise(sigmaY),
  y: tensor([y], float64),
})

/** The step that takes x at step i onward. */
async function stepFrom(x: Tensor, i: number, problem: Problem, options: DpsOptions) {
  for await (const step of dps(problem, prior, {
    steps: 10,
    ...options,
    resume: { next: i, state: { x } },
  })) {
    const [after, guidance, x0hat] = [step.x, step.guidance, step.x0hat].map((v) => Array.from(v.dataSync()))
    return { t: step.t, after: after!, guidance: guidance!, x0hat: x0hat!, residual: step.residual }
  }
  throw new Error('no step')
}

const x = normal([randomKey(4)], [4], float64)

describe('the likelihood form', () => {
  it('is the exact likelihood score times (A C_t Aᵀ + σ_y²)/σ_y², at each time', async () => {
    for (const A of [rows.slice(0, 1), rows]) {
      const y = [0.9, -0.4].slice(0, A.length)
      for (let i = 0; i < 10; i++) {
        const { t, guidance } = await stepFrom(x, i, problemOf(A, y), { guidance: 'likelihood' })
        // ∇log p(y | x_t) = ∇log p_t(x_t | y) − ∇log p_t(x_t) = Jᵀ Aᵀ S⁻¹ r with S = A C_t Aᵀ + σ_y²I.
        const posterior = exactPrior(prior.law.posterior(A, y, sigmaY).law, { schedule })
        const unconditional = prior.score(x, t).dataSync()
        const exact = posterior
          .score(x, t)
          .dataSync()
          .map((v, j) => v - unconditional[j]!)
        const C = prior.given(x.dataSync(), t).covariance()
        const a = new Matrix(A)
        const S = a
          .mmul(C)
          .mmul(a.transpose())
          .add(Matrix.eye(A.length).mul(sigmaY ** 2))
        const JA = prior.jacobian(x.dataSync(), t).transpose().mmul(a.transpose())
        const r = Matrix.columnVector(prior.given(x.dataSync(), t).mean())
        const innovation = Matrix.columnVector(y).sub(a.mmul(r))
        const scale = Math.hypot(...guidance) + 1e-12
        // DPS replaces S by σ_y²I …
        JA.mmul(innovation)
          .div(sigmaY ** 2)
          .to1DArray()
          .forEach((g, j) => expect(Math.abs(guidance[j]! - g) / scale).toBeLessThan(1e-9))
        // … so S/σ_y² is the factor between the two; with one measurement, a number.
        if (A.length === 1) {
          exact.forEach((g, j) =>
            expect(Math.abs(guidance[j]! - (g * S.get(0, 0)) / sigmaY ** 2) / scale).toBeLessThan(1e-7),
          )
          if (t > 0) expect(S.get(0, 0) / sigmaY ** 2).toBeGreaterThan(1.001)
        }
      }
    }
  })

  it('moves the mean of the step by conditional Tweedie', async () => {
    const problem = problemOf(rows, [0.9, -0.4])
    const z = noiseStreams({ count: 1, dtype: 'float64' }).normal(6, 'step', [4])
    const { t, s } = respace(schedule, 10)[6]!
    const { after, guidance, x0hat } = await stepFrom(x, 6, problem, { guidance: 'likelihood', scale: 0.5 })
    const moved = x0hat.map((v, j) => v + (schedule.sigma(t) ** 2 / schedule.alpha(t)) * guidance[j]!)
    const expected = ddpmStep(x, fromData(moved, [1, 4], float64), z, { t, s, schedule }).dataSync()
    expected.forEach((v, j) => expect(after[j]).toBeCloseTo(v, 10))
    const full = await stepFrom(x, 6, problem, { guidance: 'likelihood' })
    full.guidance.forEach((g, j) => expect(g).toBeCloseTo(2 * guidance[j]!, 10))
  })

  it('needs σ_y above 0', () => {
    const problem = { ...problemOf(rows, [0, 0]), noise: gaussianNoise(0) }
    expect(() => dps(problem, prior, { guidance: 'likelihood' })).toThrow(OptionError)
  })
})

const square: Operator = { name: 'square', inShape: [4], outShape: [4], forward: (v) => v.mul(v) }

describe('the norm form', () => {
  it.each([
    ['linear', problemOf(rows, [0.9, -0.4])],
    ['nonlinear', { operator: square, noise: gaussianNoise(0.1), y: tensor([[1, 0.5, 0.2, 2]], float64) }],
  ] as const)('adds −ζ·∇‖y − A(x̂₀)‖ to the ancestral step, %s', async (_, problem) => {
    const residual = (at: Float64Array, t: number) => {
      const clean = problem.operator.forward(prior.denoise(fromData(at, [1, 4]), t)).dataSync()
      return Math.hypot(...problem.y.dataSync().map((v, j) => v - clean[j]!))
    }
    const streams = noiseStreams({ seed: 3, firstSample: 5, count: 1, dtype: 'float64' })
    for (const i of [0, 4, 8]) {
      const { t, s } = respace(schedule, 10)[i]!
      const step = await stepFrom(x, i, problem, { scale: 0.7, seed: 3, firstSample: 5 })
      const at = x.dataSync() as Float64Array
      expect(step.residual[0]).toBeCloseTo(residual(at, t), 10)
      const h = 1e-5
      const nudged = (j: number, d: number) =>
        residual(
          at.map((v, k) => v + (j === k ? d : 0)),
          t,
        )
      for (let j = 0; j < 4; j++) {
        expect(step.guidance[j]).toBeCloseTo((-0.7 * (nudged(j, h) - nudged(j, -h))) / (2 * h), 7)
      }
      const reverse = ddpmStep(x, fromData(step.x0hat, [1, 4], float64), streams.normal(i, 'step', [4]), {
        t,
        s,
        schedule,
      })
      reverse.dataSync().forEach((v, j) => expect(step.after[j]).toBeCloseTo(v + step.guidance[j]!, 10))
    }
  })

  it('stands still where nothing is left over', async () => {
    const exact = prior.denoise(x, 0).dataSync() as Float64Array
    const { guidance, residual } = await stepFrom(x, 9, { ...problemOf([[1, 0, 0, 0]], [exact[0]!]) }, {})
    expect(residual[0]).toBe(0)
    expect(Math.max(...guidance.map(Math.abs))).toBe(0)
  })

  it('clips x̂₀, and then gets no gradient there', async () => {
    const step = await stepFrom(x, 9, problemOf([[0, 0, 0, 1]], [3]), { clip: [-0.01, 0.01] })
    expect(Math.max(...step.x0hat.map(Math.abs))).toBe(0.01)
    expect(Math.max(...step.guidance.map(Math.abs))).toBe(0)
  })

  it('lands near the measurement, on the prior', async () => {
    const y = tensor(
      [
        [0.9, -0.4],
        [2, 0.3],
      ],
      float64,
    )
    const problem = { ...problemOf(rows, [0, 0]), y }
    let last: readonly number[] = []
    for await (const { residual } of dps(problem, prior, { steps: 300, scale: 0.03 })) last = residual
    expect(Math.max(...last)).toBeLessThan(0.3)
  })

  it('its default scale is that of the authors at 1000 steps, and keeps the sum', async () => {
    expect(dpsDefaultScale(1000)).toBe(0.3)
    const problem = problemOf(rows, [0.9, -0.4])
    const [byDefault, given] = [
      await stepFrom(x, 3, problem, {}),
      await stepFrom(x, 3, problem, { scale: 30 }),
    ]
    expect(byDefault.guidance).toEqual(given.guidance)
  })
})

describe('norms for counts', () => {
  it('are of each sample, and stand still where nothing is left over', async () => {
    const A = rows.map((row) => [...row])
    const both = tensor([[0.9, -0.4], [-0.2, 0.6]], float64) // biome-ignore format: a matrix
    for (const guidance of ['poisson', 'poisson-repository'] as const) {
      const start = normal([randomKey(4), randomKey(5)], [4], float64)
      const shown = async (y: Tensor, at: Tensor) => {
        const problem = { ...problemOf(A, [0, 0]), y }
        const resume = { next: 5, state: { x: at } }
        const { value } = await dps(problem, prior, { steps: 10, scale: 0.1, guidance, resume }).next()
        return Array.from((value as { guidance: Tensor }).guidance.dataSync())
      }
      const batch = await shown(both, start)
      for (const i of [0, 1])
        expect(await shown(both.slice([i, i + 1]), start.slice([i, i + 1]))).toEqual(
          batch.slice(4 * i, 4 * i + 4),
        )
      const t = respace(schedule, 10, 'guided')[5]!.t
      const exact = matrixOperator(tensor(A, float64)).forward(prior.denoise(x, t))
      expect((await shown(exact, x)).every((v) => v === 0)).toBe(true)
    }
  })
})

it('has advice for a ζ whose sum was not tried, and none for its presets at any number of steps', () => {
  const { advice } = dps.info
  for (const steps of [20, 100, 1000])
    for (const { settings } of presetsOf(dps)) expect(advice({ ...settings, steps })).toEqual([])
  expect(advice({})).toEqual([])
  expect(advice({ scale: 0.3, steps: 100 })[0]).toMatch(/^scale·steps = 30 is outside 300 … 1000/)
  expect(advice({ scale: 0.3, steps: 100, guidance: 'likelihood' })).toEqual([])
  expect(() => advice({ scale: -1 })).toThrow(OptionError)
})

import type { Tensor } from '@tweedie/tensor'
import { sign, tensor } from '@tweedie/tensor'
import { Matrix, solve } from 'ml-matrix'
import { describe, expect, it } from 'vitest'
import { byScore, conditioned, pseudoInverseLikelihood } from '../../guidance/index.ts'
import { gaussianNoise } from '../../noise/index.ts'
import { matrixOperator } from '../../operators/index.ts'
import { countCalls, flowView, gaussianMixturePrior, gaussianPrior } from '../../priors/index.ts'
import { ddimStep } from '../../samplers/index.ts'
import { flow, flowScale, flowTime, vpLinear } from '../../schedules/index.ts'
import type { Prior, Problem, Schedule } from '../../types.ts'
import { affineStep, apart, gaussianPosterior, slope } from '../affine-step.test.helper.ts'
import type { OnPath } from '../flow-written-out.test.helper.ts'
import { evenTaus, followsPath, pathNames } from '../flow-written-out.test.helper.ts'
import type { OtOdeOptions } from '../index.ts'
import { otOde, pigdm, UnfitError } from '../index.ts'
import { plus, times, transposed } from '../written-out.test.helper.ts'
import { A, drawn, float64, list, problemOf, y } from '../written-out-problem.test.helper.ts'

const sigmaY = 0.4

/** Euler's step of v + ((1 − t)/t)·γ·g. */
function says(at: OnPath, { gamma = 'constant', variance = 1 }: OtOdeOptions): number[] {
  const { z, tau, next, x0, back } = at
  const t = 1 - tau
  const r2 = (variance * tau ** 2) / (t ** 2 * variance + tau ** 2)
  const M = new Matrix(A.map((row) => [...row]))
  const C = M.mmul(M.transpose())
    .mul(r2)
    .add(Matrix.eye(A.length).mul(sigmaY ** 2))
  const e = solve(C, Matrix.columnVector(plus([1, y], [-1, times(A, x0)]))).to1DArray()
  const g = back(times(transposed(A), e))
  const v = plus([1 / tau, x0], [-1 / tau, z]) // x̂₀ = z + (1 − t)·v
  const weight = gamma === 'root' ? Math.sqrt(t / (t ** 2 + tau ** 2)) : 1
  return plus([1, z], [tau - next, v], [((tau - next) * tau * weight) / t, g])
}

describe.each(pathNames)('OT-ODE on %s, in plain numbers', (name) => {
  const cases: readonly OtOdeOptions[] = [
    {},
    { startTime: 0.5, gamma: 'root' },
    { startTime: 0.3, variance: 0.2, init: 'zeros' },
    { solver: 'cg' },
  ]
  it.each(cases)('%j', async (options) => {
    const { startTime = 0.2, init } = options
    const taus = evenTaus(name, 7, 1 - startTime)
    const x0 = init === 'zeros' ? [0, 0, 0, 0] : times(transposed(A), y)
    await followsPath(
      otOde,
      problemOf(sigmaY),
      name,
      { ...options, steps: 7 },
      taus,
      (tau) => plus([1 - tau, x0], [tau, drawn(0, 'start')]),
      (at) => says(at, options),
    )
  })
})

/** Variance preserving, with τ of the straight path for its time. */
const byFlowTime: Schedule = {
  name: 'vp of τ',
  clean: 0,
  noisiest: 0.75,
  alpha: (t) => (1 - t) / Math.hypot(t, 1 - t),
  sigma: (t) => t / Math.hypot(t, 1 - t),
  slopes: (t) => ({ alpha: -t / Math.hypot(t, 1 - t) ** 3, sigma: (1 - t) / Math.hypot(t, 1 - t) ** 3 }),
  timeOfNoiseLevel: (level) => Math.min(0.75, level / (1 + level)),
}
const law = {
  weights: [1, 2],
  means: [[0.9, -0.4, 0.2], [-0.6, 0.5, 0.1]], // biome-ignore format: a table
  covariances: 0.15,
}
const problem: Problem = {
  operator: matrixOperator(tensor([[1, -0.5, 0.3], [0.2, 0.8, -0.4]], float64)), // biome-ignore format: a matrix
  noise: gaussianNoise(0.2),
  y: tensor([[0.9, -0.4], [-0.7, 0.6]], float64), // biome-ignore format: rows
}
const steps = 12
/** What a step shows as guidance. */
const shiftOf = (step: object) => list((step as { guidance: Tensor }).guidance)
/** OT-ODE in the variables of the path, state by state, x̂₀ and shift beside. */
async function pathOf(options: OtOdeOptions = {}) {
  const view = gaussianMixturePrior({ ...law, schedule: flow({ noisiest: 0.75 }) })
  const states: { t: number; z: number[]; after: number[]; shift: number[] }[] = []
  let z: number[] | undefined
  for await (const step of otOde(problem, view, { steps, startTime: 0.25, seed: 3, ...options })) {
    if (z !== undefined) states.push({ t: step.t, z, after: list(step.x), shift: shiftOf(step) })
    z = list(step.x)
  }
  expect(states.length).toBe(steps - 1)
  return states
}
const own = gaussianMixturePrior({ ...law, schedule: byFlowTime })
const batch = (z: readonly number[]) => tensor([z.slice(0, 3), z.slice(3)], float64)

describe('ΠGDM and OT-ODE, through the change of variables', () => {
  it('OT-ODE is DDIM, η = 0, of x̂₀ + (σ²/α)·g with the likelihood of ΠGDM on a VP schedule, to 1e-9', async () => {
    const posterior = conditioned(own, byScore(pseudoInverseLikelihood(problem)))
    for (const [k, { t, z, after }] of (await pathOf()).entries()) {
      const s = k === steps - 2 ? 0 : t - 0.75 / steps
      const x = batch(z).div(flowScale(flow(), t)).mul(flowScale(byFlowTime, t))
      const x0 = posterior.denoise(x, t)
      const next = ddimStep(x, x0, undefined, { t, s, schedule: byFlowTime, eta: 0 })
      const ours = list(next.div(flowScale(byFlowTime, s)))
      after.forEach((v, i) => {
        expect(Math.abs((ours[i] ?? Number.NaN) - v), `step ${k + 1}`).toBeLessThan(1e-9)
      })
    }
  })

  it("ΠGDM's own step is OT-ODE's where w·α_t·r_t² is c_s·c_t·(τ_t − τ_s)·τ_t/(1 − τ_t), to 1e-9", async () => {
    for (const [k, { t, z, after, shift }] of (await pathOf()).entries()) {
      const s = k === steps - 2 ? 0 : t - 0.75 / steps
      const [alpha, sigma] = [byFlowTime.alpha(t), byFlowTime.sigma(t)]
      const scale = flowScale(byFlowTime, t)
      const weight = (scale * flowScale(byFlowTime, s) * (t - s) * t) / (1 - t)
      const x = batch(z).mul(scale)
      const options = { steps, eta: 0, spacing: 'trailing', scale: weight / (alpha * sigma ** 2) } as const
      const run = pigdm(problem, own, { ...options, resume: { next: k + 1, state: { x } } })
      const { value, done } = await run.next()
      if (done === true) throw new Error('no step')
      expect(value.t).toBeCloseTo(t, 12)
      const ours = list(value.x.div(flowScale(byFlowTime, s)))
      after.forEach((v, i) => {
        expect(Math.abs((ours[i] ?? Number.NaN) - v), `step ${k + 1}`).toBeLessThan(1e-9)
      })
      expect(shift.some((v) => Math.abs(v) > 1e-3)).toBe(true)
      await run.return(tensor([0]))
    }
  })

  it('the weight of one over that of the other falls as 1/n: guided n times, ΠGDM goes further the more steps', async () => {
    const view = gaussianMixturePrior({ ...law, schedule: flow({ noisiest: 0.75 }) })
    const z = tensor([[0.3, -0.2, 0.5], [0.1, 0.4, -0.6]], float64) // biome-ignore format: rows
    const first = async (method: typeof otOde | typeof pigdm, options: object) => {
      const run = method.run(problem, view, { ...options, resume: { next: 0, state: { x: z } } })
      const { value, done } = await run.next()
      if (done === true) throw new Error('no step')
      const shift = shiftOf(value)
      await run.return(tensor([0]))
      return shift
    }
    const counts = [10, 20, 40, 80]
    const ratios: number[] = []
    for (const steps of counts) {
      const ode = await first(otOde, { steps, startTime: 0.25 })
      const damped = await first(pigdm, { steps, eta: 0, spacing: 'trailing' })
      const each = ode.map((v, i) => v / (damped[i] ?? Number.NaN))
      const [r2, t] = [0.75 ** 2 / (0.75 ** 2 + 0.25 ** 2), 0.25]
      for (const ratio of each) expect(ratio).toBeCloseTo(((0.75 / steps) * 0.75) / (t ** 2 * r2), 9)
      ratios.push(each[0] ?? Number.NaN)
    }
    expect(slope(ratios, counts)).toBeCloseTo(-1, 9)
  })

  it('a VP network and its view take the same path, to 1e-9', async () => {
    const prior = gaussianMixturePrior({ ...law, schedule: vpLinear() })
    const path = async (of: Prior) => {
      const states: number[][] = []
      for await (const { x, t, i } of otOde(problem, of, { steps: 9, gamma: 'root', seed: 4 })) {
        if (i < 8) states.push([flowTime(of.schedule, t)])
        else states.push(list(x))
      }
      return states
    }
    const [ours, seen] = [await path(prior), await path(flowView(prior))]
    ours.forEach((values, i) => {
      expect(seen[i]).toEqual(values.map((v) => expect.closeTo(v, 9)))
    })
  })
})

describe('the law', () => {
  const M = new Matrix([[1, 0.5, 0], [0, 0.5, 1]]) // biome-ignore format: a matrix
  const [measured, noise, variance, mu] = [[0.8, -0.4], 0.5, 0.6, [0.2, -0.1, 0.3]]
  const white: Problem = {
    operator: matrixOperator(tensor(M.to2DArray(), float64)),
    noise: gaussianNoise(noise),
    y: tensor([measured], float64),
  }
  const prior = gaussianPrior({ mean: mu, covariance: variance, schedule: flow() })
  const H = M.transpose()
    .mmul(M)
    .div(noise ** 2)
  const b = M.transpose()
    .mmul(Matrix.columnVector(measured))
    .div(noise ** 2)
  const exact = gaussianPosterior(Matrix.columnVector(mu), Matrix.eye(3).mul(variance), H, b)

  /** Of the end of a run, without drawing. */
  async function lawOf(steps: number, more: OtOdeOptions = {}) {
    const startTime = 1 / steps
    const options = { steps, startTime, variance, ...more }
    let F = Matrix.eye(3).mul(1 - startTime)
    let f = Matrix.columnVector(list(white.operator.forward(tensor([[0, 0, 0]], float64)))).mul(0)
    f = M.transpose().mmul(Matrix.columnVector(measured)).mul(startTime)
    for (let i = 0; i < steps; i++) {
      const step = await affineStep(
        (count, resume) =>
          otOde({ ...white, y: tensor(new Array<number[]>(count).fill(measured), float64) }, prior, {
            ...options,
            resume,
          }),
        i,
        3,
      )
      F = step.F.mmul(F)
      f = step.F.mmul(f).add(step.f)
    }
    return { mean: f, covariance: F.mmul(F.transpose()) }
  }

  it('tends to the exact posterior of a white Gaussian as t₀ and the steps go to 0, by O(1/n)', async () => {
    const counts = [10, 20, 40]
    const errors: number[] = []
    for (const n of counts) {
      const { mean, covariance } = await lawOf(n)
      errors.push(apart(mean, exact.mean) + apart(covariance, exact.covariance))
    }
    // First differences of an O(1/n) error: the slope is −1 up to O(1/n) itself.
    expect(slope(errors, counts)).toBeGreaterThan(-1.4)
    expect(slope(errors, counts)).toBeLessThan(-0.7)
    // Of another s² it tends to another law.
    const other = await lawOf(40, { variance: 0.05 })
    expect(apart(other.mean, exact.mean)).toBeGreaterThan(2 * (errors[2] ?? 0))
  })
})

it('refuses before any work what it has no start for, and a start at pure noise', () => {
  const prior = countCalls(gaussianPrior({ mean: [0, 0, 0, 0], covariance: 1 }))
  expect(() => otOde(problemOf(0.2), prior, { init: 'pinv' })).toThrow(UnfitError)
  expect(() => otOde(problemOf(0.2), prior, { init: 'pinv' })).toThrow(
    "init 'pinv' needs more than 'decomposed' has",
  )
  expect(() => otOde(problemOf(0.2), prior, { startTime: 0 })).toThrow('must be a number above 0 and below 1')
  expect(prior.calls.total).toBe(0)
})

it('of an operator that is not linear it starts from A†(y), and takes no noise', async () => {
  const cube = {
    name: 'cube',
    inShape: [3],
    outShape: [3],
    forward: (x: Tensor) => x.mul(x).mul(x),
    pinv: (v: Tensor) => sign(v).mul(v.abs().pow(1 / 3)),
  }
  const y = tensor([[0.5, -0.3, 0.2]], float64)
  const prior = gaussianPrior({ mean: [0, 0, 0], covariance: 1, schedule: flow() })
  let x: number[] = []
  for await (const step of otOde({ operator: cube, noise: gaussianNoise(0), y }, prior, {
    startTime: 0.999,
    steps: 1,
  }))
    x = list(step.x)
  // Hardly any noise is left: it is where it starts.
  x.forEach((v, i) => {
    expect(v).toBeCloseTo(Math.cbrt(list(y)[i] ?? 0), 2)
  })
  expect(() => otOde({ operator: cube, noise: gaussianNoise(0.1), y }, prior)).toThrow('only without noise')
})

import type { Tensor } from '@tweedie/tensor'
import { fromData, normal, randomUnits, tensor } from '@tweedie/tensor'
import { inverse, Matrix } from 'ml-matrix'
import { describe, expect, it, vi } from 'vitest'
import { gaussianNoise, noNoise } from '../../noise/index.ts'
import { defineOperator, matrixOperator } from '../../operators/index.ts'
import { gaussianMixturePrior, gaussianPrior } from '../../priors/index.ts'
import { run } from '../../run/index.ts'
import { noiseLevel, ve, vpContinuous, vpLinear } from '../../schedules/index.ts'
import type { Problem } from '../../types.ts'
import { affineStep, apart, gaussianPosterior, slope, stationary } from '../affine-step.test.helper.ts'
import type { DpnpOptions } from '../index.ts'
import { dpnp, UnfitError } from '../index.ts'
import { dot, evaluate, plus, times, transposed } from '../written-out.test.helper.ts'
import {
  A,
  close,
  decomposition,
  drawn,
  firstSample,
  float64,
  list,
  network,
  priorOn,
  problemOf,
  schedules,
  seed,
  streams,
  y,
} from '../written-out-problem.test.helper.ts'

vi.mock('@tweedie/tensor', async (original) => {
  const { listening } = await import('../affine-step.test.helper.ts')
  return listening(await original<typeof import('@tweedie/tensor')>())
})

const { U, s: singular, V } = decomposition
const keyOf = (i: number, purpose: string) => streams.keysOf(i, purpose)[0]!

describe.each(['linear', 've'] as const)('DPnP on %s', (name) => {
  const [schedule] = schedules[name]
  const cases: readonly DpnpOptions[] = [
    { priorSteps: 4, eta0: 2, etaMin: 0.3, hold: 0.4 },
    { priorSteps: 3, variance: 'small', etaMin: 0.5 },
    { priorSteps: 2, data: 'mala', stepSize: 0.06, malaSteps: 3, eta0: 1.5, etaMin: 0.4 },
  ]

  it.each(cases)('%j, every step shown', async (options) => {
    const { eta0 = 1, etaMin = 0.1, hold = 0.2, priorSteps = 30, variance = 'large', data } = options
    const [steps, sigmaY] = [5, 0.4]
    const first = Math.floor(hold * steps)
    const least = schedule.discreteSteps === undefined ? 0 : noiseLevel(schedule, 0)
    let x: number[] = plus([Math.sqrt(eta0 / 4), drawn(0, 'start')])
    let accepted = 0
    for await (const step of dpnp(problemOf(sigmaY), priorOn(name), {
      ...options,
      steps,
      seed,
      firstSample,
    })) {
      const { i } = step
      const eta = i < first ? eta0 : eta0 * (etaMin / eta0) ** ((i - first) / (steps - first))
      let z: number[]
      let acceptance = 1
      if (data === 'mala') {
        const U = (v: number[]) => {
          const [r, off] = [plus([1, y], [-1, times(A, v)]), plus([1, v], [-1, x])]
          return dot(r, r) / (2 * sigmaY ** 2) + dot(off, off) / (2 * eta ** 2)
        }
        const slopeOf = (v: number[]) =>
          plus(
            [1 / eta ** 2, v],
            [-1 / eta ** 2, x],
            [-1 / sigmaY ** 2, times(transposed(A), plus([1, y], [-1, times(A, v)]))],
          )
        z = x
        acceptance = 0
        for (let k = 0; k < 3; k++) {
          const key = keyOf(i, 'chain').fold(k)
          const fresh = list(normal([key.fold('momentum')], [4], float64))
          const to = plus([1, z], [-0.06, slopeOf(z)], [Math.sqrt(0.12), fresh])
          // log q(a | b), the proposal N(b − γ∇U(b), 2γI).
          const q = (a: number[], b: number[]) => {
            const off = plus([1, a], [-1, b], [0.06, slopeOf(b)])
            return -dot(off, off) / 0.24
          }
          const chance = Math.exp(Math.min(0, U(z) - U(to) + q(z, to) - q(to, z)))
          acceptance += chance / 3
          if (randomUnits(key.fold('accept'), 1)[0]! < chance) {
            z = to
            accepted++
          }
        }
      } else {
        const c = times(transposed(V), plus([1, x], [eta, drawn(i, 'coupling')]))
        const d = times(transposed(U), plus([1, y], [sigmaY, list(streams.normal(i, 'measured', [3]))]))
        z = times(
          V,
          c.map((v, k) => {
            const s = singular[k] ?? 0
            return ((s * (d[k] ?? 0)) / sigmaY ** 2 + v / eta ** 2) / ((s / sigmaY) ** 2 + 1 / eta ** 2)
          }),
        )
      }
      close(list(step.z), z, `z of step ${i}`)
      close(step.acceptance, [acceptance], `acceptance of step ${i}`)
      const grid = Array.from({ length: priorSteps }, (_, k) => {
        const u = k / (least === 0 ? priorSteps : priorSteps - 1)
        return k === 0 ? eta : ((1 - u) * eta ** (1 / 7) + u * least ** (1 / 7)) ** 7
      })
      const alphaOf = (level: number) => (name === 've' ? 1 : 1 / Math.hypot(1, level))
      let u = z
      for (const [k, level] of grid.entries()) {
        const E = evaluate(network, plus([alphaOf(level), u]), schedule.timeOfNoiseLevel(level))
        const to = grid[k + 1] ?? 0
        const beta = (to / level) ** 2
        const v = (level ** 2 - to ** 2) * (variance === 'large' ? 1 : beta)
        const fresh = list(normal([keyOf(i, 'prior').fold(k)], [4], float64))
        u = plus([beta, u], [1 - beta, E], [k === priorSteps - 1 ? 0 : Math.sqrt(v), fresh])
      }
      x = u
      close(list(step.x), x, `x of step ${i}`)
      close(step.residual, [Math.hypot(...plus([1, y], [-1, times(A, x)]))], `residual of step ${i}`)
    }
    // Both happen: of 15 proposals some are refused.
    if (data === 'mala') expect(accepted > 0 && accepted < 15).toBe(true)
  })
})

const [mu, v] = [0.5, 0.8]
const [sigmaY, measured, a] = [0.4, 0.9, 1.5]
const given = (count: number): Problem => ({
  operator: matrixOperator(tensor([[a]], float64)),
  noise: gaussianNoise(sigmaY),
  y: fromData(new Float64Array(count).fill(measured), [count, 1], float64),
})
const one = gaussianPrior({ mean: [mu], covariance: v, schedule: ve() })
const turn = (eta: number, options: DpnpOptions, prior = one) =>
  affineStep(
    (count, resume) => dpnp(given(count), prior, { steps: 2, eta0: eta, etaMin: eta, ...options, resume }),
    1,
    1,
  )

describe('the law at a fixed η on a Gaussian, in closed form', () => {
  const eta = 0.6
  /** x' = g·z + … and its variance q, of the denoising sampler on levels; z = b·x + … with variance 1/λ. */
  const closed = (levels: readonly number[], variance: 'large' | 'small') => {
    let [g, q] = [1, 0]
    levels.forEach((level, k) => {
      const to = levels[k + 1] ?? 0
      const beta = (to / level) ** 2
      const f = beta + ((1 - beta) * v) / (v + level ** 2)
      g *= f
      q = f ** 2 * q + (to === 0 ? 0 : (level ** 2 - to ** 2) * (variance === 'large' ? 1 : beta))
    })
    const lambda = a ** 2 / sigmaY ** 2 + 1 / eta ** 2
    const b = 1 / eta ** 2 / lambda
    // m = μ + g·(b·m + a·y/(σ_y²λ) − μ), V = g²b²V + g²/λ + q.
    return {
      mean: (mu * (1 - g) + (g * a * measured) / sigmaY ** 2 / lambda) / (1 - g * b),
      variance: (g ** 2 / lambda + q) / (1 - (g * b) ** 2),
    }
  }
  const gridOf = (n: number) => Array.from({ length: n }, (_, k) => (eta ** (1 / 7) * (1 - k / n)) ** 7)

  it.each(['large', 'small'] as const)(
    '%s: as worked out by hand, whatever the schedule',
    async (variance) => {
      for (const schedule of [ve(), vpContinuous()]) {
        const prior = gaussianPrior({ mean: [mu], covariance: v, schedule })
        const law = stationary(await turn(eta, { priorSteps: 5, variance }, prior))
        const wanted = closed(gridOf(5), variance)
        expect(law.mean.get(0, 0)).toBeCloseTo(wanted.mean, 9)
        expect(law.covariance.get(0, 0)).toBeCloseTo(wanted.variance, 9)
      }
    },
  )

  it('tends as 1/n to the posterior under noise σ_y² + η²a², large from above, small from below', async () => {
    const under = 1 / (1 / v + a ** 2 / (sigmaY ** 2 + eta ** 2 * a ** 2))
    const counts = [40, 80, 160]
    for (const variance of ['large', 'small'] as const) {
      const off: number[] = []
      for (const priorSteps of counts) {
        const law = stationary(await turn(eta, { priorSteps, variance }))
        off.push((law.covariance.get(0, 0) - under) * (variance === 'large' ? 1 : -1))
        expect(law.mean.get(0, 0)).toBeCloseTo(
          under * (mu / v + (a * measured) / (sigmaY ** 2 + eta ** 2 * a ** 2)),
          9,
        )
      }
      for (const one of off) expect(one).toBeGreaterThan(0)
      expect(Math.abs(slope(off, counts) + 1)).toBeLessThan(0.1)
    }
  })

  it('and that to the posterior as η²', async () => {
    const exact = gaussianPosterior(
      Matrix.columnVector([mu]),
      new Matrix([[v]]),
      new Matrix([[a ** 2 / sigmaY ** 2]]),
      new Matrix([[(a * measured) / sigmaY ** 2]]),
    )
    const etas = [0.2, 0.1, 0.05]
    const off: number[] = []
    for (const eta of etas) {
      const [coarse, fine] = [await turn(eta, { priorSteps: 30 }), await turn(eta, { priorSteps: 60 })]
      const [p, q] = [stationary(coarse).covariance, stationary(fine).covariance]
      off.push(apart(Matrix.sub(Matrix.mul(q, 2), p), exact.covariance))
    }
    expect(Math.abs(slope(off, etas) - 2)).toBeLessThan(0.15)
    // P²a⁴/σ_y⁴ of η².
    const constant = exact.covariance.get(0, 0) ** 2 * (a / sigmaY) ** 4
    expect(off.at(-1)! / 0.05 ** 2 / constant).toBeCloseTo(1, 1)
  })
})

describe('by MALA', () => {
  it('z keeps its law: of draws from p(y | z)·N(z; x, η²I), mean and variance of both coordinates', async () => {
    // One turn from x = 0, whose long chain has forgotten where it began; z is what is looked at.
    const count = 400
    const row = [1, 0.5]
    const two = gaussianPrior({ mean: [0, 0], covariance: 1, schedule: ve() })
    const problem = {
      operator: matrixOperator(tensor([row], float64)),
      noise: gaussianNoise(0.5),
      y: fromData(new Float64Array(count).fill(0.8), [count, 1], float64),
    }
    const options = { steps: 1, eta0: 0.7, etaMin: 0.7, priorSteps: 1, data: 'mala' } as const
    const state = { x: fromData(new Float64Array(2 * count), [count, 2], float64) }
    const chain = { stepSize: 0.12, malaSteps: 60, resume: { next: 0, state } }
    const steps = dpnp(problem, two, { ...options, ...chain })
    const { value } = await steps.next()
    if (value === undefined || !('z' in value)) throw new Error('no step')
    const z = list(value.z)
    const rate = value.acceptance.reduce((sum, p) => sum + p, 0) / count
    await steps.return(value.x)
    const precision = new Matrix([[4 + 1 / 0.49, 2], [2, 1 + 1 / 0.49]]) // biome-ignore format: a matrix
    const C = inverse(precision)
    const mean = C.mmul(Matrix.columnVector([0.8 * 4, 0.8 * 2])).to1DArray()
    for (const j of [0, 1]) {
      const values = z.filter((_, k) => k % 2 === j)
      const variance = C.get(j, j)
      const average = values.reduce((sum, v) => sum + v, 0) / count
      const square = values.reduce((sum, v) => sum + (v - mean[j]!) ** 2, 0) / count
      // In standard errors: with this seed all are below 2.
      expect(Math.abs(average - mean[j]!) / Math.sqrt(variance / count)).toBeLessThan(5)
      expect(Math.abs(square - variance) / (variance * Math.sqrt(2 / count))).toBeLessThan(5)
    }
    expect(rate > 0.3 && rate < 0.95).toBe(true)
  })

  it('takes an operator that is not linear, on a mixture', async () => {
    const square = defineOperator({
      name: 'square',
      summary: 'a square',
      example: 'square',
      options: {},
      build: (shape) => ({ inShape: shape, outShape: shape, forward: (x: Tensor) => x.square() }),
    })([1])
    const schedule = ve({ sigmaMax: 10 })
    const mixture = gaussianMixturePrior({ weights: [1, 3], means: [[-1], [1]], covariances: 0.1, schedule })
    const count = 300
    const y = fromData(new Float32Array(count).fill(1), [count, 1])
    const problem = { operator: square, noise: gaussianNoise(0.5), y }
    const x = list(
      await run(dpnp(problem, mixture, { steps: 10, priorSteps: 6, malaSteps: 10, stepSize: 0.02 })),
    )
    const above = x.filter((v) => v > 0).length / count
    // x² tells nothing of the sign: ¾ are positive. The modes are set at η₀ = 1; 5σ is 0.13.
    expect(Math.abs(above - 0.75)).toBeLessThan(0.13)
    for (const v of x) expect(Math.abs(Math.abs(v) - 1)).toBeLessThan(1.2)
  })
})

it('refuses what does not go together, before any work', () => {
  const y = tensor([[0.4]], float64)
  const { adjoint, svd, pinv, ...bare } = matrixOperator(tensor([[1]], float64))
  const nonlinear = { operator: bare, noise: gaussianNoise(0.3), y }
  expect(() => dpnp(nonlinear, one, { data: 'exact' })).toThrow(UnfitError)
  expect(() => dpnp(nonlinear, one)).not.toThrow()
  expect(() => dpnp({ ...nonlinear, noise: noNoise() }, one)).toThrow('MALA needs a likelihood')
  const coarse = gaussianPrior({ mean: [0], covariance: 0.3, schedule: vpLinear({ T: 50 }) })
  const low = noiseLevel(coarse.schedule, 0)
  expect(() => dpnp(given(1), coarse, { etaMin: low / 2 })).toThrow(`must be above ${low}`)
  expect(() => dpnp(given(1), coarse, { etaMin: low / 2, priorSteps: 1 })).not.toThrow()
})

import { tensor } from '@tweedie/tensor'
import { inverse, Matrix } from 'ml-matrix'
import { describe, expect, it, vi } from 'vitest'
import { gaussianNoise } from '../../noise/index.ts'
import { matrixOperator } from '../../operators/index.ts'
import { gaussianPrior } from '../../priors/index.ts'
import { run } from '../../run/index.ts'
import { respace, ve } from '../../schedules/index.ts'
import type { SnipsOptions } from '../index.ts'
import { snips, snipsWeights } from '../index.ts'
import { lawOf, repeated } from '../law-of-method.test.helper.ts'
import { plus, times, transposed } from '../written-out.test.helper.ts'
import {
  decomposition,
  drawn,
  firstSample,
  float64,
  names,
  priorOn,
  problemOf,
  schedules,
  seed,
  U,
  V,
  y,
} from '../written-out-problem.test.helper.ts'
import { follow } from './follow.test.helper.ts'

vi.mock('../../run/streams.ts', async (original) => {
  const { probed } = await import('../law-of-method.test.helper.ts')
  return probed(await original())
})

describe.each(names)('SNIPS on %s', (name) => {
  const [schedule, levels] = schedules[name]
  const { alpha, sigma } = levels
  const cases: readonly (SnipsOptions & { sigmaY: number; s?: number[] })[] = [
    { sigmaY: 0.3 },
    { sigmaY: 0.9, stepSize: 0.4, innerSteps: 3, spacing: 'trailing' },
    { sigmaY: 0, stepSize: 1.5, innerSteps: 1, spacing: 'karras' },
    // 0.1 is 5 % of the largest: out at 6 %, in at 4 %.
    { sigmaY: 0.3, s: [2, 0.7, 0.1], rankTolerance: 0.06, innerSteps: 2 },
    { sigmaY: 0.3, s: [2, 0.7, 0.1], rankTolerance: 0.04, innerSteps: 2 },
  ]

  it.each(cases)('%j, every step shown', async ({ sigmaY, s: values, ...options }) => {
    const { stepSize: c = 0.033, innerSteps = 5, spacing = 'log-snr', rankTolerance = 1e-4 } = options
    const of = { ...decomposition, s: values ?? decomposition.s }
    const singular = [0, 1, 2, 3].map((k) => ((of.s[k] ?? 0) > rankTolerance * 2 ? of.s[k]! : 0))
    const path = respace(schedule, 4, spacing).flatMap(({ t, s }) =>
      Array.from({ length: innerSteps }, (_, k) => (k < innerSteps - 1 ? { t, s: t } : { t, s })),
    )
    await follow(snips(problemOf(sigmaY, of), priorOn(name), { ...options, steps: 4, seed, firstSample }), {
      path,
      levels,
      matrix: U.map((row) =>
        V.map((column) => row.reduce((sum, u, k) => sum + u * of.s[k]! * column[k]!, 0)),
      ),
      update: ({ x, x0, t, s, i }) => {
        const level = sigma(t) / alpha(t)
        const xbar = times(transposed(V), plus([1 / alpha(t), x]))
        const score = times(transposed(V), plus([1 / level ** 2, x0], [-1 / (level ** 2 * alpha(t)), x]))
        const uty = times(transposed(U), y)
        const z = drawn(i, 'step')
        const next = singular.map((value, k) => {
          const left = value > 0 ? value * (uty[k]! - value * xbar[k]!) : 0
          const spread = (value * level) ** 2 - sigmaY ** 2
          const [gradient, step] =
            value === 0
              ? [score[k]!, c * level ** 2]
              : spread > 0
                ? [left / spread, c * (level ** 2 - (sigmaY / value) ** 2)]
                : [score[k]! - left / spread, c * level ** 2 * (1 - ((value * level) / sigmaY) ** 2)]
          return xbar[k]! + step * gradient + Math.sqrt(2 * step) * z[k]!
        })
        return plus([alpha(s), times(V, next)])
      },
    })
  })
})

describe('the weights of SNIPS', () => {
  it('meet at σ = τ: a step to y without noise; and are finite at σ_y = 0 and as s → 0', () => {
    const at = snipsWeights(0.5, 0.1, 0.2, 0.3)
    expect([at.theta, at.z]).toEqual([0, 0])
    expect([at.xbar, at.uty]).toEqual([0.7, 0.6])
    const below = snipsWeights(0.5, 0.1, 0.2 * (1 - 1e-13), 0.3)
    expect(below.uty).toBeCloseTo(0.6, 10)
    expect(below.theta).toBeCloseTo(0, 10)
    expect(snipsWeights(2, 0, 0.5, 0.3)).toEqual({ theta: 0, xbar: 0.7, uty: 0.15, z: Math.sqrt(0.6) * 0.5 })
    expect(snipsWeights(0, 0, 0.5, 0.3)).toEqual({ theta: 0.3, xbar: 0.7, uty: 0, z: Math.sqrt(0.6) * 0.5 })
    expect(snipsWeights(1e-200, 0.1, 0.5, 0.3).theta).toBe(0.3)
  })
})

describe('the law that the Langevin steps keep, on a Gaussian prior', () => {
  // One level σ of VE. The step is x ← M x + f + noise of covariance N: read off by running it from 0 and the axes.
  const Sigma = new Matrix([[0.8, 0.5], [0.5, 0.6]]) // biome-ignore format: rows
  const mu = Matrix.columnVector([0.3, -0.2])
  const kept = async (level: number, rows: number[][], sigmaY: number, stepSize: number) => {
    const yValues = [0.9, -0.4].slice(0, rows.length)
    const prior = gaussianPrior({
      mean: mu.to1DArray(),
      covariance: Sigma.to2DArray(),
      schedule: ve({ sigmaMax: level }),
    })
    const operator = matrixOperator(tensor(rows, float64))
    const from = (x: readonly number[]) =>
      lawOf(2, (N) => {
        const resume = { next: 0, state: { x: repeated(x, N) } }
        const options = { steps: 1, innerSteps: 1, spacing: 'trailing', stepSize, resume } as const
        return run(snips({ operator, noise: gaussianNoise(sigmaY), y: repeated(yValues, N) }, prior, options))
      })
    const [zero, one, two] = [await from([0, 0]), await from([1, 0]), await from([0, 1])]
    const f = zero.mean
    const M = new Matrix(2, 2)
    M.setColumn(0, Matrix.sub(one.mean, f))
    M.setColumn(1, Matrix.sub(two.mean, f))
    let P = Matrix.zeros(2, 2)
    for (let k = 0; k < 60 / stepSize; k++) P = Matrix.add(M.mmul(P).mmul(M.transpose()), zero.covariance)
    return { mean: inverse(Matrix.sub(Matrix.eye(2), M)).mmul(f), covariance: P, yValues }
  }

  it('is that of x̄ given y, the noise of x̄ being a part of that of y, as c → 0: σ < σ_y/s', async () => {
    const [level, sigmaY] = [0.3, 0.9]
    const rows = [[1.1, 0.4], [-0.3, 0.7]] // biome-ignore format: rows
    const A = new Matrix(rows)
    // y = A x̄ + n of covariance σ_y²I − σ²AAᵀ, x̄ ~ N(μ, Σ + σ²I).
    const prior = inverse(Matrix.add(Sigma, Matrix.eye(2).mul(level ** 2)))
    const noise = inverse(Matrix.sub(Matrix.eye(2).mul(sigmaY ** 2), A.mmul(A.transpose()).mul(level ** 2)))
    const precision = Matrix.add(prior, A.transpose().mmul(noise).mmul(A))
    const errors: number[] = []
    for (const c of [0.04, 0.02]) {
      const { mean, covariance, yValues } = await kept(level, rows, sigmaY, c)
      const exact = inverse(precision).mmul(
        Matrix.add(prior.mmul(mu), A.transpose().mmul(noise).mmul(Matrix.columnVector(yValues))),
      )
      // The mean has no bias.
      mean.to1DArray().forEach((v, i) => expect(v).toBeCloseTo(exact.get(i, 0), 9))
      errors.push(Matrix.sub(covariance, inverse(precision)).norm())
    }
    // Unadjusted Langevin is off by O(c): no more than c/2 of the covariance, and half of it at half the step.
    expect(errors[0]!).toBeLessThan(0.04 * inverse(precision).norm())
    expect(errors[0]! / errors[1]!).toBeGreaterThan(1.9)
    expect(errors[0]! / errors[1]!).toBeLessThan(2.1)
  })

  it('is N(ȳ, σ² − τ²) where σ > τ, and the prior’s where A sees nothing, each times 1/(1 − u/2)', async () => {
    const [level, sigmaY, c] = [0.7, 0.2, 0.3]
    const { mean, covariance, yValues } = await kept(level, [[0.5, 0]], sigmaY, c)
    expect(mean.get(0, 0)).toBeCloseTo(yValues[0]! / 0.5, 10)
    expect(covariance.get(0, 0)).toBeCloseTo((level ** 2 - (sigmaY / 0.5) ** 2) / (1 - c / 2), 8)
    const free = await kept(level, [[0, 0]], sigmaY, c)
    free.mean.to1DArray().forEach((v, i) => expect(v).toBeCloseTo(mu.get(i, 0), 9))
    // Σ + σ²I commutes with the step: P = (Σ + σ²I)(I − u/2)⁻¹, u = c·σ²(Σ + σ²I)⁻¹.
    const S = Matrix.add(Sigma, Matrix.eye(2).mul(level ** 2))
    const u = inverse(S).mul(c * level ** 2)
    const wanted = S.mmul(inverse(Matrix.sub(Matrix.eye(2), u.mul(0.5))))
    expect(Matrix.sub(free.covariance, wanted).norm()).toBeLessThan(1e-6)
  })

  it('without noise A x = y but for the noise of the last level', async () => {
    const prior = gaussianPrior({ mean: [0.3, -0.2], covariance: Sigma.to2DArray() })
    const problem = {
      operator: matrixOperator(tensor([[1, 2]], float64)),
      noise: gaussianNoise(0),
      y: tensor([[1]], float64),
    }
    const law = await lawOf(2, (N) =>
      run(
        snips({ ...problem, y: repeated([1], N) }, prior, { steps: 30, innerSteps: 2, stepSize: 1, seed: 3 }),
      ),
    )
    const A = new Matrix([[1, 2]])
    expect(A.mmul(law.mean).get(0, 0)).toBeCloseTo(1, 9)
    const last = prior.schedule.sigma(0) / prior.schedule.alpha(0)
    // c = 1: x̄ = ȳ + √2·σ·z in the direction of A, of length √5.
    expect(A.mmul(law.covariance).mmul(A.transpose()).get(0, 0)).toBeCloseTo(5 * 2 * last ** 2, 9)
  })
})

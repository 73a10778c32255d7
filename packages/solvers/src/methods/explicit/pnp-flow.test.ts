import { tensor } from '@tweedie/tensor'
import { inverse, Matrix } from 'ml-matrix'
import { describe, expect, it, vi } from 'vitest'
import { gaussianNoise } from '../../noise/index.ts'
import { matrixOperator } from '../../operators/index.ts'
import { gaussianPrior } from '../../priors/index.ts'
import { run } from '../../run/index.ts'
import { flow } from '../../schedules/index.ts'
import { affineStep, apart, gaussianPosterior, stationary } from '../affine-step.test.helper.ts'
import { evenTaus, onPath, pathNames, pathPrior } from '../flow-written-out.test.helper.ts'
import type { PnpFlowOptions } from '../index.ts'
import { pnpFlow } from '../index.ts'
import { length, plus, times, transposed } from '../written-out.test.helper.ts'
import {
  A,
  close,
  drawn,
  firstSample,
  float64,
  list,
  problemOf,
  seed,
  y,
} from '../written-out-problem.test.helper.ts'

vi.mock('@tweedie/tensor', async (original) => {
  const { listening } = await import('../affine-step.test.helper.ts')
  return listening(await original<typeof import('@tweedie/tensor')>())
})

describe.each(pathNames)('PnP-Flow on %s, in plain numbers', (name) => {
  const cases: readonly PnpFlowOptions[] = [
    {},
    { scale: 0.3, exponent: 0.5, draws: 1 },
    { scale: 0.2, exponent: 0, draws: 2, loss: 'absolute' },
  ]
  it.each(cases)('%j', async (options) => {
    const { scale = 1, exponent = 1, draws = 5, loss = 'squares' } = options
    const taus = evenTaus(name, 6)
    let x: readonly number[] = [0, 0, 0, 0]
    let seen = 0
    for await (const step of pnpFlow(problemOf(0.4), pathPrior(name), {
      ...options,
      steps: 6,
      seed,
      firstSample,
    })) {
      const tau = taus[step.i] ?? Number.NaN
      const r = plus([1, y], [-1, times(A, x)])
      close(step.residual, [length(r)], `residual of step ${step.i}`)
      const down = times(transposed(A), loss === 'absolute' ? r.map(Math.sign) : r)
      const z = plus([1, x], [scale * tau ** exponent, down])
      const each = Array.from({ length: draws }, (_, k) =>
        onPath(name, plus([1 - tau, z], [tau, drawn(step.i, `noise ${k}`)]), tau),
      )
      expect(step.t).toBeCloseTo(each[0]?.t ?? Number.NaN, 6)
      x = plus(...each.map(({ x0 }) => [1 / draws, x0] as const))
      close(list(step.x), x, `x of step ${step.i}`)
      expect(list(step.x0hat)).toEqual(list(step.x))
      x = list(step.x)
      seen++
    }
    expect(seen).toBe(6)
  })
})

describe('on a Gaussian with a linear operator', () => {
  const C = [[0.5, 0.2, 0], [0.2, 0.4, -0.1], [0, -0.1, 0.3]] // biome-ignore format: a matrix
  const [mean, M, measured] = [[0.5, -0.3, 0.2], [[0.7, -0.5, 0.3], [0.2, 0.6, -0.4]], [0.9, -0.4]] // biome-ignore format: a matrix
  const prior = gaussianPrior({ mean, covariance: C, schedule: flow() })
  const [matrix, sigma] = [new Matrix(M), new Matrix(C)]
  const steps = 20
  const at = (i: number, options: PnpFlowOptions) =>
    affineStep(
      (count, resume) =>
        pnpFlow(
          {
            operator: matrixOperator(tensor(M, float64)),
            noise: gaussianNoise(0.1),
            y: tensor(new Array<number[]>(count).fill(measured), float64),
          },
          prior,
          { steps, ...options, resume },
        ),
      i,
      3,
    )

  it.each([
    [5, { exponent: 1 }],
    [12, { exponent: 0.3, scale: 0.8, draws: 2 }],
    [18, { exponent: 0, draws: 1 }],
  ] as const)(
    'its mean at a fixed t, that of step %d, rests at the exact posterior mean for noise of variance (1 − t)²/(γ_t·t²): %j',
    async (i, options) => {
      const t = i / steps
      const { scale = 1, exponent } = { scale: 1, ...options }
      const gamma = scale * (1 - t) ** exponent
      const noise = (1 - t) ** 2 / (gamma * t ** 2)
      const H = matrix.transpose().mmul(matrix).div(noise)
      const b = matrix.transpose().mmul(Matrix.columnVector(measured)).div(noise)
      const exact = gaussianPosterior(Matrix.columnVector(mean), sigma, H, b)
      const found = stationary(await at(i, options))
      expect(apart(found.mean, exact.mean)).toBeLessThan(1e-9)
      // Around it x varies by the draws alone: Q = (1 − t)²·K·Kᵀ/draws with K the gain of D_t.
      const gain = sigma
        .clone()
        .mul(t)
        .mmul(inverse(Matrix.add(sigma.clone().mul(t * t), Matrix.eye(3).mul((1 - t) ** 2))))
      const draws = { draws: 5, ...options }.draws
      const { Q } = await at(i, options)
      expect(apart(Q, gain.mmul(gain.transpose()).mul((1 - t) ** 2 / draws))).toBeLessThan(1e-12)
    },
  )

  it('at t = 0 it is the mean of the prior, wherever x was', async () => {
    const { F, f, Q } = await at(0, {})
    expect(F.abs().max()).toBeLessThan(1e-12)
    expect(apart(f, Matrix.columnVector(mean))).toBeLessThan(1e-12)
    expect(Q.abs().max()).toBeLessThan(1e-12)
  })

  it('many steps end at the data, whatever σ_y says', async () => {
    for (const noise of [0.01, 3]) {
      const problem = {
        operator: matrixOperator(tensor(M, float64)),
        noise: gaussianNoise(noise),
        y: tensor([measured], float64),
      }
      const x = await run(pnpFlow(problem, prior, { steps: 400, exponent: 0 }))
      const left = list(problem.y.sub(problem.operator.forward(x)))
      // The noise it acts on in the last steps is (1 − t)²/t², below 1e-4 from t = 0.99 on; 4 steps of ‖A‖² near 1 remain.
      for (const r of left) expect(Math.abs(r)).toBeLessThan(0.05)
    }
  })
})

import type { Tensor } from '@tweedie/tensor'
import { tensor } from '@tweedie/tensor'
import { inverse, Matrix } from 'ml-matrix'
import { describe, expect, it, vi } from 'vitest'
import { gaussianNoise } from '../../noise/index.ts'
import { blur, compose, matrixOperator, sr } from '../../operators/index.ts'
import { gaussianPrior } from '../../priors/index.ts'
import { run } from '../../run/index.ts'
import { respace, vpLinear } from '../../schedules/index.ts'
import type { Problem } from '../../types.ts'
import type { DdsOptions } from '../index.ts'
import { dds } from '../index.ts'
import { lawOf, repeated } from '../law-of-method.test.helper.ts'
import type { Vector } from '../written-out.test.helper.ts'
import { dot, plus, times, transposed } from '../written-out.test.helper.ts'
import {
  A,
  decomposition,
  drawn,
  firstSample,
  float64,
  names,
  operatorOf,
  priorOn,
  schedules,
  seed,
  y,
} from '../written-out-problem.test.helper.ts'
import { follow, measured } from './follow.test.helper.ts'

vi.mock('../../run/streams.ts', async (original) => {
  const { probed } = await import('../law-of-method.test.helper.ts')
  return probed(await original())
})

/** Conjugate gradients (Hestenes & Stiefel 1952) from x, as in a textbook. */
function conjugateGradients(apply: (v: Vector) => Vector, b: Vector, from: Vector, count: number): Vector {
  let x = from
  let r = plus([1, b], [-1, apply(x)])
  let p = r
  for (let k = 0; k < count && dot(r, r) > 1e-20 * dot(b, b); k++) {
    const ap = apply(p)
    const alpha = dot(r, r) / dot(p, ap)
    x = plus([1, x], [alpha, p])
    const next = plus([1, r], [-alpha, ap])
    p = plus([1, next], [dot(next, next) / dot(r, r), p])
    r = next
  }
  return x
}

describe.each(names)('DDS on %s', (name) => {
  const [schedule, levels] = schedules[name]
  const { alpha, sigma } = levels
  const cases: readonly (DdsOptions & { sigmaY: number })[] = [
    { sigmaY: 0.3 },
    { sigmaY: 0.3, iterations: 1, gamma: 4, spacing: 'trailing' },
    { sigmaY: 0.3, iterations: 2, eta: 0, spacing: 'karras' },
    { sigmaY: 0, iterations: 1, eta: 1 },
    { sigmaY: 0, gamma: 7, eta: 0.4, spacing: 'linspace' },
  ]

  it.each(cases)('%j, every step shown', async ({ sigmaY, ...options }) => {
    const { iterations = 5, gamma = 1, eta = 0.85, spacing = 'ddim' } = options
    const square = (v: Vector) => times(transposed(A), times(A, v))
    const Aty = times(transposed(A), y)
    const problem = { ...measured(operatorOf(decomposition)), noise: gaussianNoise(sigmaY) }
    await follow(dds(problem, priorOn(name), { ...options, steps: 5, seed, firstSample }), {
      path: respace(schedule, 5, spacing),
      levels,
      update: ({ x, x0, t, s, i }) => {
        const corrected =
          sigmaY === 0
            ? conjugateGradients(square, Aty, x0, iterations)
            : conjugateGradients(
                (v) => plus([1, v], [gamma, square(v)]),
                plus([1, x0], [gamma, Aty]),
                x0,
                iterations,
              )
        const epsilon = plus([1 / sigma(t), x], [-alpha(t) / sigma(t), x0])
        const kept = sigma(s) * Math.sqrt(1 - eta ** 2)
        return plus([alpha(s), corrected], [kept, epsilon], [sigma(s) * eta, drawn(i, 'step')])
      },
    })
  })
})

const rows = [[1, 2, 0], [0, 1, -1]] // biome-ignore format: rows
const dense = new Matrix(rows)
const yValues = [0.7, -0.5]
const prior = gaussianPrior({ mean: [0.5, -0.3, 0.2], covariance: 0.4 })
const problem = (sigmaY: number): Problem => ({
  operator: matrixOperator(tensor(rows, float64)),
  noise: gaussianNoise(sigmaY),
  y: tensor([yValues], float64),
})

describe('the data step of DDS', () => {
  it('is the dense solve where M is the number of unknowns', async () => {
    const gamma = 2.5
    const system = inverse(Matrix.eye(3).add(dense.transpose().mmul(dense).mul(gamma)))
    const steps = dds(problem(0.1), prior, { steps: 8, gamma, iterations: 3 })
    for await (const { x0hat, guidance } of steps) {
      const x0 = Matrix.columnVector([...x0hat.dataSync()])
      const b = Matrix.add(x0, dense.transpose().mmul(Matrix.columnVector(yValues)).mul(gamma))
      const wanted = system.mmul(b).sub(x0).to1DArray()
      guidance.dataSync().forEach((v, i) => expect(v).toBeCloseTo(wanted[i]!, 9))
    }
  })

  it('is the nearest solution where there is no noise, and A x = y at the end', async () => {
    const x = await run(dds(problem(0), prior, { steps: 8 }))
    const left = dense.mmul(Matrix.columnVector([...x.dataSync()])).to1DArray()
    left.forEach((v, i) => expect(v).toBeCloseTo(yValues[i]!, 9))
  })

  it('goes to x̂₀ as γ → 0 and to least squares as γ → ∞', async () => {
    for await (const { guidance } of dds(problem(0.1), prior, { steps: 5, gamma: 1e-12 }))
      expect(Math.max(...guidance.dataSync().map(Math.abs))).toBeLessThan(1e-9)
    const last = await run(dds(problem(0.1), prior, { steps: 5, gamma: 1e9 }))
    const left = dense.mmul(Matrix.columnVector([...last.dataSync()])).to1DArray()
    left.forEach((v, i) => expect(v).toBeCloseTo(yValues[i]!, 6))
  })

  it('takes an operator by A and Aᵀ alone, and noise without σ_y', async () => {
    const shape = [2, 4, 6]
    const operator = compose(sr(shape, { factor: 2 }), blur(shape, { size: 3, std: 1, boundary: 'reflect' }))
    const flat = gaussianPrior({ mean: new Array(48).fill(0.1), covariance: 0.3, shape })
    const { sigma, ...noise } = gaussianNoise(0.1)
    const y = operator.forward(
      tensor(
        Array.from({ length: 48 }, (_, i) => Math.sin(i)),
        float64,
      ).reshape([1, ...shape]),
    )
    const x = await run(dds({ operator, noise, y }, flat, { steps: 5, gamma: 1e9, iterations: 60 }))
    const left = operator.forward(x).sub(y).dataSync()
    expect(Math.max(...left.map(Math.abs))).toBeLessThan(1e-5)
  })
})

describe('the law of DDS on a Gaussian prior', () => {
  // A = 1 in one number: x̂₀' = (x̂₀ + γy)/(1 + γ) at every level, whatever σ_y.
  it('is as followed by hand, and does not know σ_y', async () => {
    const [v, mu, yValue, gamma, eta] = [0.6, 0.2, 1.1, 0.8, 0.5]
    const schedule = vpLinear({ T: 40 })
    const one = gaussianPrior({ mean: [mu], covariance: v, schedule })
    const law = (sigmaY: number) =>
      lawOf(1, (N): Promise<Tensor> => {
        const operator = matrixOperator(tensor([[1]], float64))
        return run(
          dds({ operator, noise: gaussianNoise(sigmaY), y: repeated([yValue], N) }, one, {
            steps: 40,
            gamma,
            eta,
          }),
        )
      })
    let [m, P] = [0, schedule.sigma(39) ** 2]
    for (let t = 39; t >= 0; t--) {
      const [a, as, s, ss] = [
        schedule.alpha(t),
        schedule.alpha(t - 1),
        schedule.sigma(t),
        schedule.sigma(t - 1),
      ]
      const gain = (v * a) / (v * a * a + s * s) // x̂₀ = μ + gain·(x − αμ)
      const keep = (ss * Math.sqrt(1 - eta ** 2)) / s
      const slope = (as * gain) / (1 + gamma) + keep * (1 - a * gain)
      const rest = (1 - a * gain) * mu
      m = slope * m + (as * (rest + gamma * yValue)) / (1 + gamma) - keep * a * rest
      P = slope ** 2 * P + (eta * ss) ** 2
    }
    for (const sigmaY of [0.01, 2]) {
      const { mean, covariance } = await law(sigmaY)
      expect(mean.get(0, 0)).toBeCloseTo(m, 9)
      expect(covariance.get(0, 0)).toBeCloseTo(P, 9)
    }
  })
})

import { eye, tensor } from '@tweedie/tensor'
import { Matrix } from 'ml-matrix'
import { describe, expect, it, vi } from 'vitest'
import { gaussianNoise } from '../../noise/index.ts'
import { inpaint, matrixOperator } from '../../operators/index.ts'
import { gaussianPrior } from '../../priors/index.ts'
import { run } from '../../run/index.ts'
import { noiseLevel, respace, vpLinear } from '../../schedules/index.ts'
import type { DdnmPlusOptions } from '../index.ts'
import { ddnmPlus, ddnmPlusWeights, ddrm, simplifiedWeights, UnfitError } from '../index.ts'
import { lawOf, repeated } from '../law-of-method.test.helper.ts'
import { plus, times, transposed } from '../written-out.test.helper.ts'
import {
  A,
  decomposition,
  drawn,
  firstSample,
  float64,
  inverseOf,
  invertibleOf,
  names,
  priorOn,
  schedules,
  seed,
  U,
  V,
  y,
} from '../written-out-problem.test.helper.ts'
import { follow, measured } from './follow.test.helper.ts'

vi.mock('../../run/streams.ts', async (original) => {
  const { probed } = await import('../law-of-method.test.helper.ts')
  return probed(await original())
})

describe.each(names)('DDNM+ on %s', (name) => {
  const [schedule, levels] = schedules[name]
  const { alpha, sigma } = levels
  const cases: readonly (DdnmPlusOptions & { sigmaY: number; s?: number[] })[] = [
    { sigmaY: 0.3 },
    { sigmaY: 0.9, eta: 0.3, spacing: 'trailing' },
    { sigmaY: 0, eta: 1, spacing: 'karras' },
    { sigmaY: 0.4, eta: 0, travelRepeats: 2 },
    // 0.1 is 5 % of the largest: out at 6 %, in at 4 %.
    { sigmaY: 0.3, s: [2, 0.7, 0.1], rankTolerance: 0.06 },
    { sigmaY: 0.3, s: [2, 0.7, 0.1], rankTolerance: 0.04 },
  ]

  it.each(cases)('by singular values, %j, every step shown', async ({ sigmaY, s: values, ...options }) => {
    const { eta = 0.85, spacing = 'ddim', rankTolerance = 1e-4 } = options
    const of = { ...decomposition, s: values ?? decomposition.s }
    const singular = [0, 1, 2, 3].map((k) => ((of.s[k] ?? 0) > rankTolerance * 2 ? of.s[k]! : 0))
    const down = respace(schedule, 5, spacing)
    const path =
      options.travelRepeats === undefined
        ? down
        : down.flatMap(({ t, s }, i) =>
            i === 4
              ? [{ t, s }]
              : [
                  { t, s },
                  { from: s, t, s },
                ],
          )
    const problem = { ...measured(invertibleOf(of)), noise: gaussianNoise(sigmaY) }
    await follow(ddnmPlus(problem, priorOn(name), { ...options, steps: 5, seed, firstSample }), {
      path,
      levels,
      matrix: U.map((row) =>
        V.map((column) => row.reduce((sum, u, k) => sum + u * of.s[k]! * column[k]!, 0)),
      ),
      update: ({ x, x0, t, s, i }) => {
        const theta = times(transposed(V), x0)
        const epsilon = times(transposed(V), plus([1 / sigma(t), x], [-alpha(t) / sigma(t), x0]))
        const uty = [...times(transposed(U), y), 0]
        const z = drawn(i, 'step')
        const next = singular.map((value, k) => {
          if (value === 0)
            return alpha(s) * theta[k]! + sigma(s) * (eta * z[k]! + Math.sqrt(1 - eta ** 2) * epsilon[k]!)
          const measuredAt = uty[k]! / value
          const noise = (alpha(s) * sigmaY) / value
          if (sigma(s) >= noise) return alpha(s) * measuredAt + Math.sqrt(sigma(s) ** 2 - noise ** 2) * z[k]!
          const lambda = (Math.sqrt(1 - eta ** 2) * sigma(s)) / noise
          return alpha(s) * (theta[k]! + lambda * (measuredAt - theta[k]!)) + eta * sigma(s) * z[k]!
        })
        return times(V, next)
      },
    })
  })

  it.each([0, 0.2, 3])('simplified, σ_y = %d, every step shown', async (sigmaY) => {
    const inverse = inverseOf(decomposition)
    const operator = invertibleOf(decomposition)
    const problem = { ...measured(operator), noise: gaussianNoise(sigmaY) }
    const options = { form: 'simplified', steps: 5, spacing: 'karras', seed, firstSample } as const
    let cases = 0
    await follow(ddnmPlus(problem, priorOn(name), options), {
      path: respace(schedule, 5, 'karras'),
      levels,
      update: ({ x, x0, t, s, i }) => {
        const beta = sigma(t) ** 2 - ((alpha(t) / alpha(s)) * sigma(s)) ** 2
        const a = (alpha(s) * beta) / sigma(t) ** 2
        const b = ((alpha(t) / alpha(s)) * sigma(s) ** 2) / sigma(t) ** 2
        const variance = (beta * sigma(s) ** 2) / sigma(t) ** 2
        const lambda = Math.sqrt(variance) >= a * sigmaY ? 1 : Math.sqrt(variance) / (a * sigmaY)
        if (lambda < 1) cases++
        const gamma = Math.max(0, variance - (a * lambda * sigmaY) ** 2)
        const correction = times(inverse, plus([1, y], [-1, times(A, x0)]))
        return plus([a, plus([1, x0], [lambda, correction])], [b, x], [Math.sqrt(gamma), drawn(i, 'step')])
      },
    })
    expect(cases > 0).toBe(sigmaY > 0)
  })
})

describe('the variance of a step of DDNM+', () => {
  const levels = [0, 0.01, 0.2, 0.5, 0.9, 1]
  it.each([0.1, 1.7])('λ²a²σ_y²/s² + Φ² = σ² where σ ≥ aσ_y/s, for s = %d', (s) => {
    const seen = new Set<string>()
    for (const sigma of levels) {
      for (const sigmaY of [0, 0.05, 0.3]) {
        const a = Math.sqrt(1 - sigma ** 2)
        const { lambda, gain, fresh, kept } = ddnmPlusWeights(s, { a, sigma, sigmaY, eta: 0.6 })
        const noise = (a * sigmaY) / s
        const total = (lambda * noise) ** 2 + fresh ** 2
        expect(gain * s).toBeCloseTo(lambda, 12)
        expect(kept).toBe(0)
        // In the damped case the noise of y makes up for what ε has not: (1 − η²)σ² + η²σ² again.
        expect(total).toBeCloseTo(sigma ** 2, 12)
        seen.add(sigma >= noise ? 'all of y' : 'part of y')
        expect(lambda).toBeLessThanOrEqual(1)
      }
    }
    expect(seen.size).toBe(2)
  })

  it('ησ and √(1−η²)σ where A sees nothing; joined at σ = aσ_y/s; finite as s → 0', () => {
    const at = { a: 0.8, sigma: 0.6, sigmaY: 0.3, eta: 0.6 }
    const { lambda, gain, fresh, kept } = ddnmPlusWeights(0, at)
    expect([lambda, gain, fresh]).toEqual([0, 0, 0.36])
    expect(kept).toBeCloseTo(0.48, 12)
    expect(ddnmPlusWeights(0.4, at).lambda).toBe(1)
    expect(ddnmPlusWeights(0.4, at).fresh).toBeCloseTo(0, 7)
    expect(ddnmPlusWeights(1e-300, at).gain).toBeCloseTo(0.48 / (0.8 * 0.3), 12)
  })

  it('simplified: a²λ²σ_y² + γ is that of the ancestral step, always', () => {
    const schedule = vpLinear()
    for (const [t, s] of [
      [900, 800],
      [300, 50],
      [5, 0],
      [0, -1],
    ] as const) {
      // biome-ignore format: pairs
      for (const sigmaY of [0, 0.02, 0.5]) {
        const { a, b, lambda, fresh } = simplifiedWeights({ t, s, schedule }, sigmaY)
        const [at, as] = [schedule.alpha(t) ** 2, schedule.alpha(s) ** 2]
        const variance = ((1 - at / as) * (1 - as)) / (1 - at)
        expect((a * lambda * sigmaY) ** 2 + fresh ** 2).toBeCloseTo(variance, 12)
        expect(a).toBeCloseTo((Math.sqrt(as) * (1 - at / as)) / (1 - at), 12)
        expect(b).toBeCloseTo((Math.sqrt(at / as) * (1 - as)) / (1 - at), 12)
      }
    }
  })
})

describe('DDNM+ beside others', () => {
  const matrix = tensor([[1.2, -0.4, 0.3], [0.3, 0.5, 0.02]], float64) // biome-ignore format: rows
  const operator = matrixOperator(matrix)
  const prior = gaussianPrior({
    mean: [0.5, -0.3, 0.2],
    covariance: [[1, 0.6, 0.1], [0.6, 0.8, -0.2], [0.1, -0.2, 0.5]], // biome-ignore format: rows
  })
  const y = tensor([[0.7, -0.5]], float64)

  it.each([0, 0.2, 2])('from one state it goes where DDRM goes at η_b = 1: σ_y = %d', async (sigmaY) => {
    const problem = { operator, noise: gaussianNoise(sigmaY), y }
    const options = { steps: 10, eta: 0.7, resume: { next: 0, state: { x: tensor([[3, -1, 2]], float64) } } }
    const x = await run(ddnmPlus(problem, prior, options))
    const other = await run(ddrm(problem, prior, { ...options, etaB: 1 }))
    x.dataSync().forEach((v, i) => expect(v).toBeCloseTo(other.dataSync()[i]!, 10))
  })

  it('without noise A x = y, in both forms', async () => {
    for (const form of ['spectral', 'simplified'] as const) {
      const x = await run(ddnmPlus({ operator, noise: gaussianNoise(0), y }, prior, { form, steps: 10 }))
      const left = operator.forward(x).sub(y).dataSync()
      expect(Math.max(...left.map(Math.abs)), form).toBeLessThan(1e-10)
    }
  })

  it('takes the simplified form where there is no SVD, and no other', async () => {
    const { svd, ...blind } = inpaint([1, 2, 2], { mask: [1, 0, 0, 1] })
    const flat = gaussianPrior({ mean: [0, 0, 0, 0], covariance: 1, shape: [1, 2, 2] })
    const problem = { operator: blind, noise: gaussianNoise(0.1), y: tensor([[[0.5, -0.5]]], float64) }
    expect(() => ddnmPlus(problem, flat, { form: 'spectral' })).toThrow(UnfitError)
    const auto = await run(ddnmPlus(problem, flat, { steps: 5 }))
    const said = await run(ddnmPlus(problem, flat, { steps: 5, form: 'simplified' }))
    expect(Array.from(auto.dataSync())).toEqual(Array.from(said.dataSync()))
  })
})

describe('the law of DDNM+ on a Gaussian prior, A = I', () => {
  // All coordinates are seen and y is a sample of x_σ at σ/α = σ_y: where that is the last time, x̂₀(y) comes out.
  const Sigma = [[1, 0.6], [0.6, 0.8]] // biome-ignore format: rows
  const operator = matrixOperator(eye(2))
  const schedule = vpLinear({ T: 50 })
  const times = respace(schedule, 50, 'ddim')
  const prior = gaussianPrior({ mean: [0.5, -0.3], covariance: Sigma, schedule })

  it('is the posterior mean where σ_y is the last level', async () => {
    const last = noiseLevel(schedule, times.at(-1)!.t)
    const exact = prior.law.posterior(operator, [1, 0.4], last).law.mean()
    const law = await lawOf(2, (rows) =>
      run(
        ddnmPlus({ operator, noise: gaussianNoise(last), y: repeated([1, 0.4], rows) }, prior, { steps: 50 }),
      ),
    )
    law.mean.to1DArray().forEach((v, i) => expect(v).toBeCloseTo(exact[i]!, 10))
    expect(law.covariance.max()).toBeLessThan(1e-18)
  })

  it('is narrower than the posterior', async () => {
    const sigmaY = 0.5
    const exact = prior.law.posterior(operator, [1, 0.4], sigmaY).law.covariance()
    for (const form of ['spectral', 'simplified'] as const) {
      const { covariance } = await lawOf(2, (rows) =>
        run(
          ddnmPlus({ operator, noise: gaussianNoise(sigmaY), y: repeated([1, 0.4], rows) }, prior, {
            form,
            steps: 50,
          }),
        ),
      )
      expect(new Matrix(covariance).trace(), form).toBeLessThan(exact.get(0, 0) + exact.get(1, 1))
    }
  })
})

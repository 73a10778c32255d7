import { fromData, normal, randomKey, tensor, uniform } from '@tweedie/tensor'
import { inverse, Matrix, solve } from 'ml-matrix'
import { describe, expect, it, vi } from 'vitest'
import type { Moments } from '../../guidance/under-samplers.test.helper.ts'
import { gaussianNoise, laplaceNoise } from '../../noise/index.ts'
import { matrixOperator } from '../../operators/index.ts'
import { gaussianMixturePrior, gaussianPrior } from '../../priors/index.ts'
import { run } from '../../run/index.ts'
import { noiseLevel, ve, vpLinear } from '../../schedules/index.ts'
import { affineStep, apart, gaussianPosterior, slope, stationary } from '../affine-step.test.helper.ts'
import type { PmcOptions } from '../index.ts'
import { pmc } from '../index.ts'
import { evaluate, plus, times, transposed } from '../written-out.test.helper.ts'
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
  streams,
  y,
} from '../written-out-problem.test.helper.ts'
import { massAboveZero } from './mass.test.helper.ts'

vi.mock('@tweedie/tensor', async (original) => {
  const { listening } = await import('../affine-step.test.helper.ts')
  return listening(await original<typeof import('@tweedie/tensor')>())
})

describe.each(names)('PMC on %s', (name) => {
  const [schedule] = schedules[name]
  const cases: readonly PmcOptions[] = [
    { stepSize: 0.01, sigmaMax: 3, decay: 0.5, sigmaMin: 0.4, repeats: 1 },
    { stepSize: 0.01, sigmaMax: 3, decay: 0.5, sigmaMin: 0.4, repeats: 2, form: 'pnp' },
    { stepSize: 0.02, sigmaMax: 0.7, sigmaMin: 0.7, repeats: 1, weight: 0.3, form: 'pnp' },
  ]

  it.each(cases)('%j, every step shown', async (options) => {
    const { stepSize = 0, sigmaMax = 0, decay = 0.99, sigmaMin = 0, repeats = 4, form, weight } = options
    const sigmaY = 0.5
    let x: number[] = list(uniform([streams.keysOf(0, 'start')[0]!], [4], float64)).map((u) => 2 * u - 1)
    let seen = 0
    for await (const step of pmc(problemOf(sigmaY), priorOn(name), {
      ...options,
      steps: 4,
      seed,
      firstSample,
    })) {
      const sigma = Math.max(sigmaMax * decay ** step.i, sigmaMin)
      const alpha = Math.max((weight ?? 1 / sigmaMin ** 2) * sigma ** 2, 1)
      const down = times(transposed(A), plus([1 / sigmaY ** 2, y], [-1 / sigmaY ** 2, times(A, x)]))
      const u = plus([1, x], [stepSize, down])
      const at = form === 'pnp' ? u : x
      const t = schedule.timeOfNoiseLevel(sigma)
      const x0 = evaluate(network, name === 've' ? at : plus([1 / Math.hypot(1, sigma), at]), t)
      const score = plus([1 / sigma ** 2, x0], [-1 / sigma ** 2, at])
      x = plus([1, u], [stepSize * alpha, score], [Math.sqrt(2 * stepSize), drawn(step.i, 'step')])
      close(list(step.x0hat), x0, `x̂₀ of step ${step.i}`)
      close(list(step.x), x, `x of step ${step.i}`)
      close(step.residual, [Math.hypot(...plus([1, y], [-1, times(A, x0)]))], `residual of step ${step.i}`)
      seen++
    }
    expect(seen).toBe(4 * repeats)
  })
})

const mu = Matrix.columnVector([0.5, -0.3])
const C = new Matrix([[1, 0.6], [0.6, 0.8]]) // biome-ignore format: a matrix
const row = new Matrix([[1, 0.5]])
const [sigmaY, measured] = [0.5, 0.8]
const prior = gaussianPrior({ mean: mu.to1DArray(), covariance: C.to2DArray(), schedule: ve() })
const problem = (count: number) => ({
  operator: matrixOperator(tensor(row.to2DArray(), float64)),
  noise: gaussianNoise(sigmaY),
  y: fromData(new Float64Array(count).fill(measured), [count, 1], float64),
})
const H = row
  .transpose()
  .mmul(row)
  .div(sigmaY ** 2)
const b = row.transpose().mul(measured / sigmaY ** 2)
const eye = Matrix.eye(2)
const smoothed = (sigma: number) => Matrix.add(C, Matrix.mul(eye, sigma ** 2))
const settled = async (options: PmcOptions & { sigmaMin: number }): Promise<Moments> => {
  const fixed = { steps: 2, repeats: 1, sigmaMax: options.sigmaMin, ...options }
  return stationary(
    await affineStep((count, resume) => pmc(problem(count), prior, { ...fixed, resume }), 1, 2),
  )
}

describe('the law on a Gaussian, worked out without drawing', () => {
  const sigmaMin = 0.3
  const S = inverse(smoothed(sigmaMin))

  it('RED settles at (P(I − γP/2))⁻¹ for the precision P of p_σ(x)·p(y | x), whose mean it has: off by O(γ)', async () => {
    const P = Matrix.add(H, S)
    const exact = gaussianPosterior(mu, smoothed(sigmaMin), H, b)
    const gammas = [0.02, 0.01, 0.005]
    const off: number[] = []
    for (const stepSize of gammas) {
      const { mean, covariance } = await settled({ sigmaMin, stepSize })
      expect(apart(covariance, inverse(P.mmul(Matrix.sub(eye, Matrix.mul(P, stepSize / 2)))))).toBeLessThan(
        1e-9,
      )
      expect(apart(mean, exact.mean)).toBeLessThan(1e-9)
      off.push(apart(covariance, exact.covariance))
    }
    expect(Math.abs(slope(off, gammas) - 1)).toBeLessThan(0.1)
  })

  it('PnP is off by O(γ) in the mean as well: the fixed point of both steps', async () => {
    const exact = gaussianPosterior(mu, smoothed(sigmaMin), H, b)
    const gammas = [0.02, 0.01, 0.005]
    const off: { mean: number; covariance: number }[] = []
    for (const stepSize of gammas) {
      const law = await settled({ sigmaMin, stepSize, form: 'pnp' })
      // x' = (I − γS)((I − γH)x + γb) + γSμ + √(2γ)z.
      const [left, right] = [S, H].map((M) => Matrix.sub(eye, Matrix.mul(M, stepSize))) as [Matrix, Matrix]
      const F = left.mmul(right)
      const f = left.mmul(b).add(S.mmul(mu)).mul(stepSize)
      expect(apart(law.mean, solve(Matrix.sub(eye, F), f))).toBeLessThan(1e-9)
      const kept = F.mmul(law.covariance)
        .mmul(F.transpose())
        .add(Matrix.mul(eye, 2 * stepSize))
      expect(apart(kept, law.covariance)).toBeLessThan(1e-9)
      off.push({ mean: apart(law.mean, exact.mean), covariance: apart(law.covariance, exact.covariance) })
    }
    for (const what of ['mean', 'covariance'] as const)
      expect(
        Math.abs(
          slope(
            off.map((o) => o[what]),
            gammas,
          ) - 1,
        ),
      ).toBeLessThan(0.1)
    expect(off[0]!.mean).toBeGreaterThan(1e-4)
  })

  it('the prior is smoothed: off by O(σ²) as γ → 0', async () => {
    const exact = gaussianPosterior(mu, C, H, b)
    const sigmas = [0.1, 0.05, 0.025]
    const off: number[] = []
    for (const sigmaMin of sigmas) {
      // In γ it is P⁻¹ + γ/2 but for γ²: twice the half of it takes γ out.
      const [coarse, fine] = [
        await settled({ sigmaMin, stepSize: 2e-5 }),
        await settled({ sigmaMin, stepSize: 1e-5 }),
      ]
      off.push(apart(Matrix.sub(Matrix.mul(fine.covariance, 2), coarse.covariance), exact.covariance))
    }
    expect(Math.abs(slope(off, sigmas) - 2)).toBeLessThan(0.1)
  })

  it('diverges from γ = 2/L on, L the largest precision', async () => {
    const P = Matrix.add(H, S)
    const trace = P.trace()
    const L = trace / 2 + Math.sqrt((trace / 2) ** 2 - (P.get(0, 0) * P.get(1, 1) - P.get(0, 1) ** 2))
    for (const [part, grows] of [
      [0.98, false],
      [1.02, true],
    ] as const) {
      // biome-ignore format: pairs
      const options = { steps: 2, repeats: 1, sigmaMin, sigmaMax: sigmaMin, stepSize: (part * 2) / L }
      const { F } = await affineStep(
        (count, resume) => pmc(problem(count), prior, { ...options, resume }),
        1,
        2,
      )
      const power = Array.from({ length: 400 }).reduce<Matrix>((M) => M.mmul(F), eye.clone())
      expect(power.norm() > 1).toBe(grows)
    }
  })

  it('anneals with the score as strong at every level: γ·a of the way to the denoised point', async () => {
    const shown: number[][] = []
    const options = { steps: 6, repeats: 1, stepSize: 1e-4, sigmaMax: 4, decay: 0.5, sigmaMin: 0.5, seed: 3 }
    let before: number[] | undefined
    for await (const { i, t, x, x0hat } of pmc(problem(1), prior, options)) {
      expect(t).toBeCloseTo(Math.max(4 * 0.5 ** i, 0.5), 12)
      if (before !== undefined) {
        const [u, D] = [before, list(x0hat)]
        const z = list(normal([randomKey(3).fold(0).fold(i).fold('step')], [2], float64))
        const r = measured - u[0]! - 0.5 * u[1]!
        const down = [r / sigmaY ** 2, (0.5 * r) / sigmaY ** 2]
        const wanted = plus([1, u], [1e-4, down], [1e-4 / 0.25, plus([1, D], [-1, u])], [Math.sqrt(2e-4), z])
        close(list(x), wanted, `step ${i}`)
      }
      before = list(x)
      shown.push(before)
    }
    expect(shown.length).toBe(6)
  })
})

describe('modes of a mixture', () => {
  it('have the weights of p_σ(x)·p(y | x)', async () => {
    const [sigma, count] = [0.5, 500]
    const law = { weights: [1, 2], means: [[-0.8], [0.8]], covariances: 0.15 }
    const mixture = gaussianMixturePrior({ ...law, schedule: ve() })
    const problem = {
      operator: matrixOperator(tensor([[1]])),
      noise: gaussianNoise(1),
      y: fromData(new Float32Array(count).fill(-0.4), [count, 1]),
    }
    const x = await run(
      pmc(problem, mixture, { steps: 150, repeats: 1, stepSize: 0.04, sigmaMax: sigma, sigmaMin: sigma }),
    )
    const positive = list(x).filter((v) => v > 0).length / count
    // p_σ has the covariance 0.15 + σ²; the mass above 0 is counted by quadrature, as its modes overlap.
    const smooth = gaussianMixturePrior({ ...law, covariances: 0.15 + sigma ** 2 }).law
    const posterior = smooth.posterior([[1]], [-0.4], 1).law
    const wanted = massAboveZero(posterior)
    // With this seed 0.502 for 0.492, half a standard error.
    const error = Math.sqrt((wanted * (1 - wanted)) / count)
    expect(Math.abs(positive - wanted)).toBeLessThan(5 * error)
  })
})

describe('what PMC takes', () => {
  it('any noise with a likelihood, not one without; says where γ is too long', async () => {
    const one = gaussianPrior({ mean: [0.1], covariance: 0.3, schedule: ve() })
    const operator = matrixOperator(tensor([[1]], float64))
    const y = tensor([[3]], float64)
    const options = { steps: 1, repeats: 1, stepSize: 0.1, sigmaMax: 1, sigmaMin: 1 }
    for await (const { x } of pmc({ operator, noise: laplaceNoise(0.5), y }, one, options)) {
      const key = randomKey(0).fold(0).fold(0)
      const u = list(uniform([key.fold('start')], [1], float64))[0]! * 2 - 1
      const z = list(normal([key.fold('step')], [1], float64))[0]!
      const score = -(u - 0.1) / 1.3
      close(list(x), [u + 0.1 / 0.5 + 0.1 * score + Math.sqrt(0.2) * z], 'x') // y is above: the slope is 1/0.5
    }
    expect(() => pmc({ operator, noise: gaussianNoise(0), y }, one)).toThrow(
      'needs noise of a known likelihood',
    )
    const { advice } = pmc.info
    expect(advice({})).toEqual([])
    expect(advice({ stepSize: 0.9, sigmaMin: 1 })).toEqual([])
    expect(advice({ stepSize: 1, sigmaMin: 1 })).toEqual([expect.stringMatching(/is 1: a step/)])
    expect(advice({ stepSize: 0.1, sigmaMin: 1, weight: 20 })).toEqual([
      expect.stringMatching(/is 2: a step/),
    ])
  })

  it('cuts levels to those of the prior, and its weight with them', async () => {
    const schedule = vpLinear({ T: 50 })
    const coarse = gaussianPrior({ mean: [0.1], covariance: 0.3, schedule })
    const least = noiseLevel(schedule, 0)
    const operator = matrixOperator(tensor([[0]], float64))
    const options = { steps: 3, repeats: 1, stepSize: 1e-4, sigmaMax: 1e9, decay: 1e-6 }
    const problem = { operator, noise: gaussianNoise(1), y: tensor([[0]], float64) }
    let before: number | undefined
    for await (const { i, t, x, x0hat } of pmc(problem, coarse, options)) {
      const level = noiseLevel(schedule, t)
      expect(level).toBeCloseTo(
        [noiseLevel(schedule, schedule.noisiest), noiseLevel(schedule, schedule.noisiest), least][i]!,
        6,
      )
      const z = list(normal([randomKey(0).fold(0).fold(i).fold('step')], [1], float64))[0]!
      if (before !== undefined)
        close(list(x), [before + (1e-4 / least ** 2) * (list(x0hat)[0]! - before) + Math.sqrt(2e-4) * z], 'x')
      before = list(x)[0]!
    }
  })
})

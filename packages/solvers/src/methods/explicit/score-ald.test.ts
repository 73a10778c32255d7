import { tensor } from '@tweedie/tensor'
import { inverse, Matrix } from 'ml-matrix'
import { describe, expect, it, vi } from 'vitest'
import { gaussianNoise } from '../../noise/index.ts'
import { noiseLevel, ve, vpLinear } from '../../schedules/index.ts'
import type { ScoreAldOptions } from '../index.ts'
import { presetsOf, scoreAld } from '../index.ts'
import { lawOfMethod } from '../law-of-method.test.helper.ts'
import { evaluate, length, plus, times, transposed } from '../written-out.test.helper.ts'
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
import { distance, pair, pairOf, seenBy } from './measured.test.helper.ts'

vi.mock('../../run/streams.ts', async (original) => {
  const { probed } = await import('../law-of-method.test.helper.ts')
  return probed(await original())
})

describe.each(names)('Score-ALD on %s', (name) => {
  const [schedule, levels] = schedules[name]
  const cases: readonly ScoreAldOptions[] = [
    {},
    { guidance: 'rescaled', inner: 2, rate: 0.2 },
    { guidance: 'rescaled', dataWeight: 2, sigmaMax: 4, sigmaMin: 0.5 },
    { gamma: 0.5, inner: 1, sigmaMax: 0.9, sigmaMin: 0.3 },
  ]

  it.each(cases)('%j, every step written out', async (options) => {
    const { guidance = 'paper', rate = 3e-5 / 0.0066 ** 2, gamma = 1, dataWeight = 0.3, inner = 3 } = options
    const { alpha, sigma } = levels
    const sigmaY = 0.3
    // Geometric from 1.2318 to 0.0066, or to the first time of the prior's grid if that is noisier.
    const grid = schedule.discreteSteps === undefined ? 20 / 1000 : 0
    const low = Math.max(options.sigmaMin ?? 0.0066, sigma(grid) / alpha(grid))
    const high = options.sigmaMax ?? 1.2318
    const sigmas = [0, 1, 2, 3].map((k) => high * (low / high) ** (k / 3))
    let u: number[] = []
    let seen = 0
    for await (const step of scoreAld(problemOf(sigmaY), priorOn(name), {
      ...options,
      steps: 4,
      seed,
      firstSample,
    })) {
      const { i, t } = step
      const k = sigmas[i]!
      expect(noiseLevel(schedule, t)).toBeCloseTo(k, 9)
      const a = 1 / Math.sqrt(1 + k * k)
      const scale = name === 've' ? 1 : a // α of that level
      if (i === 0) u = plus([k, drawn(0, 'start')])
      let x0: number[] = []
      for (let j = 0; j < inner; j++) {
        const at = evaluate(network, plus([scale, u]), t)
        if (j === 0) x0 = at
        const score = plus([1 / k ** 2, at], [-1 / k ** 2, u])
        const back = times(transposed(A), plus([1, y], [-1, times(A, u)]))
        const weight =
          guidance === 'paper'
            ? 1 / (sigmaY ** 2 + (gamma * k) ** 2)
            : (dataWeight * length(score)) / length(back)
        const eta = rate * k ** 2
        u = plus([1, u], [eta, score], [eta * weight, back], [Math.sqrt(2 * eta), drawn(i, `langevin ${j}`)])
      }
      close(step.x0hat.dataSync(), x0, `x̂₀ of step ${i}`)
      close(step.residual, [length(plus([1, y], [-1, times(A, x0)]))], `residual of step ${i}`)
      const next = sigmas[i + 1]
      const after = next === undefined || name === 've' ? 1 : 1 / Math.sqrt(1 + next ** 2)
      close(step.x.dataSync(), plus([after, u]), `x of step ${i}`)
      u = plus([1 / after, list(step.x)])
      seen++
    }
    expect(seen).toBe(4)
  })
})

describe('Score-ALD', () => {
  it('says what it costs, and enters the published levels after index 1155', () => {
    expect(scoreAld.info.evaluations(1155)).toBe(3465)
    expect(scoreAld.info.evaluations(10, { inner: 7 })).toBe(70)
    const level = (k: number) => 232 * (0.0066 / 232) ** (k / 2310)
    expect(scoreAld.info.options.sigmaMax.default).toBeCloseTo(level(1156), 4)
    expect(presetsOf(scoreAld)[0]?.settings).toMatchObject({ steps: 2310 - 1155 })
    expect(scoreAld.info.options.rate.default! * 0.0066 ** 2).toBeCloseTo(3e-5, 12)
  })

  it('refuses to divide by σ_y² + γ² = 0, before any work', () => {
    const posed = { ...problemOf(0.4), noise: gaussianNoise(0) }
    const prior = priorOn('linear')
    expect(() => scoreAld(posed, prior, { gamma: 0 })).toThrow(
      'gamma: must be above 0 where there is no noise',
    )
    expect(() => scoreAld(posed, prior, { gamma: 0, guidance: 'rescaled' })).not.toThrow()
    expect(() => scoreAld(posed, prior)).not.toThrow()
    expect(() => scoreAld(problemOf(0.4), prior, { gamma: 0 })).not.toThrow()
  })

  it('rescales each sample by its own norms', async () => {
    const ys = [y, y.map((v) => 4 * v - 1)]
    const options = { guidance: 'rescaled', steps: 3, seed, firstSample } as const
    const first = async (measured: readonly (readonly number[])[]) => {
      const steps = scoreAld(
        {
          ...problemOf(0.3),
          y: tensor(
            measured.map((row) => [...row]),
            float64,
          ),
        },
        priorOn('ve'),
        options,
      )
      for await (const { x } of steps) return list(x)
      return []
    }
    expect((await first(ys)).slice(0, 4)).toEqual(await first([y]))
  })
})

describe('Score-ALD on a Gaussian', () => {
  const sigmaY = 0.5
  const covariance = new Matrix(pair.covariance.map((row) => [...row]))
  const mean = Matrix.columnVector([...pair.mean])
  const seen = new Matrix([[1, 0], [0, 0]]) // biome-ignore format: AᵀA
  const gaussian = (precision: Matrix, b: Matrix) => ({
    mean: inverse(precision).mmul(b),
    covariance: inverse(precision),
  })
  /** Precision (Σ + σ²I)⁻¹ + AᵀA/(σ_y² + γ²) with its mean. */
  const settled = (sigma: number, gamma: number) => {
    const of = inverse(Matrix.add(covariance, Matrix.eye(2).mul(sigma ** 2)))
    const weight = 1 / (sigmaY ** 2 + (gamma * sigma) ** 2)
    return gaussian(
      Matrix.add(of, Matrix.mul(seen, weight)),
      Matrix.add(of.mmul(mean), Matrix.columnVector([weight, 0])),
    )
  }
  const exact = settled(0, 0)
  const law = (options: ScoreAldOptions, schedule = ve({ sigmaMax: 20 })) =>
    lawOfMethod(
      (count, resume) => scoreAld(seenBy([1, 0], count, sigmaY), pairOf(schedule), { ...options, resume }),
      [2],
    )

  it.each([
    { gamma: 1, sigma: 0.6 },
    { gamma: 0.3, sigma: 0.6 },
  ])('settles at the known wrong law at one level: $gamma, $sigma', async ({ gamma, sigma }) => {
    const rate = 0.4
    const ours = await law({ steps: 1, inner: 150, sigmaMax: sigma, gamma, rate })
    const wanted = settled(sigma, gamma)
    // Steps of length η widen an eigenvalue v of the covariance to v/(1 − η/(2v)): C(I − ηC⁻¹/2)⁻¹.
    const eta = rate * sigma ** 2
    const widened = wanted.covariance.mmul(
      inverse(Matrix.sub(Matrix.eye(2), inverse(wanted.covariance).mul(eta / 2))),
    )
    expect(distance(ours, { mean: wanted.mean, covariance: widened })).toBeLessThan(1e-4)
    // The law of u given y has the covariance of x₀ given y and σ²I more.
    const truth = {
      mean: exact.mean,
      covariance: Matrix.add(exact.covariance, Matrix.eye(2).mul(sigma ** 2)),
    }
    expect(distance(ours, truth)).toBeGreaterThan(0.05)
  })

  it.each([ve({ sigmaMax: 20 }), vpLinear()])(
    'ends near the posterior; the error halves as levels double, on $name',
    async (schedule) => {
      // Down to levels that every grid here has.
      const errors: number[] = []
      for (const steps of [20, 40, 80])
        errors.push(distance(await law({ steps, sigmaMin: 0.03 }, schedule), exact))
      expect(errors[1]! / errors[0]!).toBeLessThan(0.6)
      expect(errors[2]! / errors[1]!).toBeLessThan(0.6)
      expect(errors[2]).toBeLessThan(0.15)
    },
  )
})

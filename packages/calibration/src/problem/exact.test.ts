import {
  gaussianMixturePrior,
  gaussianNoise,
  gaussianPrior,
  matrixOperator,
  mcgDiff,
  noNoise,
  phaseRetrieval,
  pnpDm,
  poissonNoise,
} from '@tweedie/solvers'
import { OptionError, tensor } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { drawByMethod, drawExactly } from './draw.ts'
import { exactPosteriorOf, whyNotExact } from './exact.ts'
import type { OwnProblem } from './problem.ts'
import { problemOfDescription } from './problem.ts'
import { momentsOf } from './summary.ts'

type Rows = readonly (readonly number[])[]

const covariances: readonly Rows[] = [
  [
    [0.5, 0.2],
    [0.2, 0.4],
  ],
  [
    [0.3, -0.1],
    [-0.1, 0.6],
  ],
]
const means = [
  [-1, 0.5],
  [1, 1],
]
const weights = [1, 2]
const a = [1, 0.5]

const described = (noise: number, y = 0.4) =>
  problemOfDescription({
    prior: { mixture: { weights, means, covariances } },
    operator: { matrix: [a] },
    noise,
    y,
  })

/** The posterior of one measured number, written out: Sherman–Morrison by hand. */
function writtenOut(sigma: number, y: number) {
  const parts = covariances.map((C, k) => {
    const Ca = [0, 1].map((i) => C[i]![0]! * a[0]! + C[i]![1]! * a[1]!)
    const s = a[0]! * Ca[0]! + a[1]! * Ca[1]! + sigma ** 2
    const r = y - a[0]! * means[k]![0]! - a[1]! * means[k]![1]!
    return {
      joint: ((weights[k]! / 3) * Math.exp(-(r ** 2) / (2 * s))) / Math.sqrt(2 * Math.PI * s),
      mean: [0, 1].map((i) => means[k]![i]! + (Ca[i]! / s) * r),
      covariance: [0, 1].map((i) => [0, 1].map((j) => C[i]![j]! - (Ca[i]! * Ca[j]!) / s)),
    }
  })
  const evidence = parts[0]!.joint + parts[1]!.joint
  const p = parts.map(({ joint }) => joint / evidence)
  const mean = [0, 1].map((i) => p[0]! * parts[0]!.mean[i]! + p[1]! * parts[1]!.mean[i]!)
  const covariance = [0, 1].map((i) =>
    [0, 1].map((j) =>
      parts.reduce(
        (sum, part, k) =>
          sum + p[k]! * (part.covariance[i]![j]! + (part.mean[i]! - mean[i]!) * (part.mean[j]! - mean[j]!)),
        0,
      ),
    ),
  )
  return { p, mean, covariance, logEvidence: Math.log(evidence) }
}

const close = (found: ArrayLike<number>, wanted: ArrayLike<number>, within: number): void =>
  Array.from(wanted).forEach((value, i) => {
    expect(Math.abs((found[i] ?? Number.NaN) - value)).toBeLessThan(within)
  })

describe('the posterior in closed form', () => {
  test.each([[0.3], [0]])('σ_y = %d: as written out', async (sigma) => {
    const own = await described(sigma)
    const { posterior, matrix } = exactPosteriorOf(own.prior, own.problem)
    const truth = writtenOut(sigma, 0.4)
    close(posterior.modes?.weights ?? [], truth.p, 1e-12)
    close(posterior.mean(), truth.mean, 1e-12)
    close(posterior.covariance().to1DArray(), truth.covariance.flat(), 1e-12)
    // Without noise the evidence is that of the coordinates of y along A, ‖a‖ times denser.
    const scale = sigma > 0 ? 0 : Math.log(Math.hypot(...a))
    expect(posterior.logEvidence).toBeCloseTo(truth.logEvidence + scale, 12)
    expect(matrix.to2DArray()).toEqual([a])
  })

  test('without noise rows may be redundant, as long as some x has the measurement', async () => {
    const twice = { prior: { gaussian: { mean: [0, 0], covariance: 1 } }, noise: 0 }
    const operator = { matrix: [[1, 0], [2, 0], [0, 0]] } // biome-ignore format: a matrix
    const own = await problemOfDescription({ ...twice, operator, y: [1, 2, 0] })
    const { posterior } = exactPosteriorOf(own.prior, own.problem)
    close(posterior.mean(), [1, 0], 1e-12)
    close(posterior.covariance().to1DArray(), [0, 0, 0, 1], 1e-12)
    const torn = await problemOfDescription({ ...twice, operator, y: [1, 3, 0] })
    expect(() => exactPosteriorOf(torn.prior, torn.problem)).toThrow(OptionError)
    expect(() => exactPosteriorOf(torn.prior, torn.problem)).toThrow('no x has this measurement')
    const blind = await problemOfDescription({ ...twice, operator: { matrix: [[0, 0]] }, y: [0] })
    close(
      exactPosteriorOf(blind.prior, blind.problem).posterior.covariance().to1DArray(),
      [1, 0, 0, 1],
      1e-12,
    )
  })

  test('a degenerate law of y, and numbers that overflow, are refused', async () => {
    const prior = { gaussian: { mean: [0, 0], covariance: [[1, 1], [1, 1]] } } // biome-ignore format: a matrix
    const own = await problemOfDescription({ prior, operator: 'identity', noise: 0, y: [1, 1] })
    expect(() => exactPosteriorOf(own.prior, own.problem)).toThrow('the law of y is degenerate')
    const far = await described(0.3, 1e200)
    expect(() => exactPosteriorOf(far.prior, far.problem)).toThrow('the posterior overflows')
  })

  test('what is not known is said', () => {
    const prior = gaussianPrior({ mean: new Array(16).fill(0), covariance: 1, shape: [1, 4, 4] })
    const operator = matrixOperator(tensor([[1, 0]]))
    const noise = gaussianNoise(0.1)
    const { law: _, ...unknown } = gaussianPrior({ mean: [0, 0], covariance: 1 })
    expect(whyNotExact(unknown, { operator, noise })).toMatch("law of the prior 'gaussian' is not known")
    expect(whyNotExact(prior, { operator, noise: poissonNoise() })).toBe('the poisson noise is not Gaussian')
    expect(whyNotExact(prior, { operator: phaseRetrieval([1, 4, 4]), noise })).toBe(
      "'phase-retrieval' is not linear",
    )
    expect(whyNotExact(prior, { operator, noise: noNoise() })).toBeUndefined()
  })
})

const draw = { samples: 50, batch: 50, seed: 3 }

describe('draws', () => {
  test('the same whatever the batch, exact ones and those of a method', async () => {
    const own = await described(0.3)
    const { posterior } = exactPosteriorOf(own.prior, own.problem)
    const exact = await drawExactly(posterior, draw)
    expect((await drawExactly(posterior, { ...draw, batch: 7 })).values).toEqual(exact.values)
    const settings = { steps: 5, particles: 4 }
    const few = { ...draw, samples: 7 }
    const whole = await drawByMethod(mcgDiff, settings, own, { ...few, batch: 7 })
    const parts = await drawByMethod(mcgDiff, settings, own, { ...few, batch: 3 })
    expect(parts.values).toEqual(whole.values)
    expect(parts.logEvidence).toEqual(whole.logEvidence)
    expect([whole.count, whole.dimension, whole.cost.nfe, parts.cost.nfe]).toEqual([7, 2, 5, 15])
    expect((await drawExactly(posterior, { ...draw, seed: 4 })).values).not.toEqual(exact.values)
  })

  test('exact draws have mean, covariance and weights of the posterior', async () => {
    const samples = 4000
    const own = await described(0.3)
    const truth = writtenOut(0.3, 0.4)
    const { posterior } = exactPosteriorOf(own.prior, own.problem)
    const drawn = await drawExactly(posterior, { ...draw, samples })
    const { mean, std } = momentsOf(drawn)
    const sd = [0, 1].map((i) => Math.sqrt(truth.covariance[i]![i]!))
    // Five standard errors; of the deviation, at most √(κ/4N) of itself with a kurtosis κ below 6.
    sd.forEach((s, i) => {
      expect(Math.abs(mean[i]! - truth.mean[i]!)).toBeLessThan((5 * s) / Math.sqrt(samples))
      expect(Math.abs(std[i]! / s - 1)).toBeLessThan(5 * Math.sqrt(6 / (4 * samples)))
    })
    let second = 0
    for (let n = 0; n < samples; n++) second += posterior.modes!.of(drawn.values.subarray(2 * n, 2 * n + 2))
    // A component is not its region: they overlap by less than 0.1.
    expect(Math.abs(second / samples - truth.p[1]!)).toBeLessThan(0.1)
  })

  test.each([
    ['mcg-diff', mcgDiff, { steps: 30, particles: 24 }],
    ['pnp-dm', pnpDm, { steps: 40, decay: 0.8, rhoMin: 0.1, priorSteps: 10 }],
  ] as const)('%s comes close', async (_, method, settings) => {
    const samples = 150
    const own: OwnProblem = await described(0.3)
    const truth = writtenOut(0.3, 0.4)
    const { mean, std } = momentsOf(
      await drawByMethod(method, settings, own, { ...draw, samples, batch: samples }),
    )
    for (const i of [0, 1]) {
      const s = Math.sqrt(truth.covariance[i]![i]!)
      // Five standard errors, and a bias of a seventh of a deviation that particles, steps and ρ leave.
      expect(Math.abs(mean[i]! - truth.mean[i]!)).toBeLessThan(s * (5 / Math.sqrt(samples) + 0.15))
      expect(Math.abs(std[i]! / s - 1)).toBeLessThan(0.4)
    }
  })

  test('a stop is heeded between batches and between steps', async () => {
    const own = await described(0.3)
    const { posterior } = exactPosteriorOf(own.prior, own.problem)
    const stopped = { ...draw, signal: AbortSignal.abort() }
    await expect(drawExactly(posterior, stopped)).rejects.toThrow('interrupted')
    await expect(drawByMethod(mcgDiff, { steps: 3 }, own, stopped)).rejects.toThrow('interrupted')
  })
})

test('a prior of a mixture has its posterior too where a module made it', () => {
  const prior = gaussianMixturePrior({ weights: [1], means: [[2]], covariances: 1 })
  const problem = { operator: matrixOperator(tensor([[1]])), noise: gaussianNoise(1), y: tensor([[0]]) }
  close(exactPosteriorOf(prior, problem).posterior.mean(), [1], 1e-12)
})

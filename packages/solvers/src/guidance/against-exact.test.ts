// Every likelihood score against the exact one, at every t, in double precision.
import { fromData, OptionError, ShapeError, type Tensor, tensor } from '@tweedie/tensor'
import { inverse, Matrix } from 'ml-matrix'
import { describe, expect, test } from 'vitest'
import { gaussianNoise } from '../noise/index.ts'
import { matrixOperator } from '../operators/index.ts'
import type { ExactPrior } from '../priors/index.ts'
import { gaussianMixturePrior, gaussianPrior } from '../priors/index.ts'
import { lookAt } from '../run/index.ts'
import { flow, respace, ve, vpLinear } from '../schedules/index.ts'
import type { Schedule } from '../types.ts'
import type { Likelihood } from './index.ts'
import {
  byScore,
  conditioned,
  dpsLikelihood,
  exactLikelihood,
  momentLikelihood,
  pseudoInverseLikelihood,
  scaled,
} from './index.ts'

const dtype = 'float64'
const rows = [
  [1, -0.5, 0.3],
  [0.2, 0.7, 0],
]
const orthogonal = [
  [0.6, 0.8, 0],
  [-1.6, 1.2, 0],
]
const sigmaY = 0.3
const measured = [
  [0.9, -0.4],
  [-1.2, 0.3],
]
const problemOf = (A: readonly (readonly number[])[], sigma = sigmaY, y = measured) => ({
  operator: matrixOperator(fromData(A.flat(), [A.length, 3], { dtype })),
  noise: gaussianNoise(sigma),
  y: tensor(
    y.map((row) => row.slice(0, A.length)),
    { dtype },
  ),
})
const mean = [0.5, -0.3, 0.2]
const covariance = [
  [1, 0.6, 0.1],
  [0.6, 0.8, -0.2],
  [0.1, -0.2, 0.5],
]
const schedules = [vpLinear(), ve({ sigmaMax: 20 }), flow()]
const correlated = (schedule: Schedule) => gaussianPrior({ mean, covariance, schedule })
const white = (variance: number) => (schedule: Schedule) =>
  gaussianPrior({ mean, covariance: variance, schedule })
const mixture = (schedule: Schedule) =>
  gaussianMixturePrior({
    weights: [0.5, 0.3, 0.2],
    means: [mean, [-1, 0.4, 0], [0.3, 1.1, -0.8]],
    covariances: { each: [covariance, 0.3, [0.5, 0.2, 0.4]] },
    schedule,
  })

/** Times from the noisiest at which something is left of x₀ to the last before the clean end. */
const timesOf = (schedule: Schedule) =>
  respace(schedule, 9, 'trailing')
    .map(({ t }) => t)
    .filter((t) => schedule.alpha(t) > 0)
/** Points of the law of x_t and far from it. */
const points = (prior: ExactPrior, t: number): Tensor => {
  const [a, s] = [prior.schedule.alpha(t), prior.schedule.sigma(t)]
  const x0 = [
    [0.4, -0.2, 0.5],
    [1.5, 0.3, -1],
  ]
  const noise = [
    [0.3, -1.1, 0.6],
    [-2, 0.4, 1.7],
  ]
  return tensor(
    x0.map((row, i) => row.map((v, j) => a * v + s * noise[i]![j]!)),
    { dtype },
  )
}
const scoreOf = (likelihood: Likelihood, prior: ExactPrior, x: Tensor, t: number) =>
  likelihood.score(lookAt(prior, x, t, likelihood.through))
const numbers = (x: Tensor) => Array.from(x.dataSync())

function expectClose(got: readonly number[], wanted: readonly number[], bound: number): void {
  const scale = Math.hypot(...wanted)
  expect(Math.hypot(...got.map((v, i) => v - wanted[i]!)) / scale).toBeLessThan(bound)
}

/** Runs `check` at every time of every schedule. */
function everywhere(
  make: (schedule: Schedule) => ExactPrior,
  check: (prior: ExactPrior, x: Tensor, t: number, schedule: Schedule) => void,
): void {
  for (const schedule of schedules) {
    const prior = make(schedule)
    const times = timesOf(schedule)
    expect(times.length).toBeGreaterThan(6)
    for (const t of times) check(prior, points(prior, t), t, schedule)
  }
}

describe('the exact likelihood score', () => {
  test('of a Gaussian: Jᵀ Aᵀ(A C_t Aᵀ + σ_y²I)⁻¹(y − A x̂₀), with its residual', () => {
    const A = new Matrix(rows)
    everywhere(correlated, (prior, x, t, { alpha, sigma }) => {
      const [a, s] = [alpha(t), sigma(t)]
      const S = new Matrix(covariance)
      const gain = S.mmul(inverse(Matrix.mul(S, a ** 2).add(Matrix.eye(3).mul(s ** 2)))).mul(a) // J
      const spread = Matrix.sub(S, gain.mmul(S).mul(a)) // C_t
      const weight = inverse(
        A.mmul(spread)
          .mmul(A.transpose())
          .add(Matrix.eye(2).mul(sigmaY ** 2)),
      )
      const { g, residual } = scoreOf(exactLikelihood(prior, problemOf(rows)), prior, x, t)
      for (const i of [0, 1]) {
        const xi = Matrix.columnVector(numbers(x.slice(i)))
        const mu = Matrix.columnVector(mean)
        const x0hat = Matrix.add(mu, gain.mmul(Matrix.sub(xi, Matrix.mul(mu, a))))
        const r = Matrix.columnVector(measured[i]!).sub(A.mmul(x0hat))
        const wanted = gain.transpose().mmul(A.transpose()).mmul(weight).mmul(r).to1DArray()
        expectClose(numbers(g.slice(i)), wanted, 1e-9)
        expect(residual.shape).toEqual([2, 1])
        expect(numbers(residual)[i]).toBeCloseTo(r.norm(), 10)
      }
    })
  })

  test('of a mixture: the gradient of log p(y | x_t)', () => {
    everywhere(mixture, (prior, x, t, { sigma }) => {
      const { g } = scoreOf(exactLikelihood(prior, problemOf(rows)), prior, x, t)
      const h = 1e-4 * Math.min(1, sigma(t))
      for (const i of [0, 1]) {
        const at = numbers(x.slice(i))
        const log = (j: number, d: number) =>
          prior
            .given(
              at.map((v, k) => v + (j === k ? d : 0)),
              t,
            )
            .posterior(rows, measured[i]!, sigmaY).logEvidence
        // The error of the central difference falls with h², that of the one of twice the step is four times it.
        const slope = (j: number, d: number) => (log(j, d) - log(j, -d)) / (2 * d)
        const wanted = [0, 1, 2].map((j) => (4 * slope(j, h) - slope(j, 2 * h)) / 3)
        expectClose(numbers(g.slice(i)), wanted, 1e-6)
      }
    })
  })

  test('is of its sample of y, or of the only one', () => {
    const prior = mixture(vpLinear())
    const x = points(prior, 300)
    const both = scoreOf(exactLikelihood(prior, problemOf(rows)), prior, x, 300).g
    for (const i of [0, 1]) {
      const alone = exactLikelihood(prior, problemOf(rows, sigmaY, [measured[i]!]))
      expect(numbers(scoreOf(alone, prior, x, 300).g.slice(i))).toEqual(numbers(both.slice(i)))
    }
    const three = exactLikelihood(prior, problemOf(rows, sigmaY, [...measured, [0, 0]]))
    expect(() => scoreOf(three, prior, x, 300)).toThrow(ShapeError)
  })

  test('makes of the prior the posterior', () => {
    everywhere(mixture, (prior, x, t) => {
      const one = problemOf(rows, sigmaY, measured.slice(0, 1))
      const posterior = conditioned(prior, byScore(exactLikelihood(prior, one)))
      const { law } = prior.law.posterior(rows, measured[0]!, sigmaY)
      const wanted = [0, 1].flatMap((i) => {
        const given = law.posterior(
          Matrix.eye(3).mul(prior.schedule.alpha(t)),
          numbers(x.slice(i)),
          prior.schedule.sigma(t),
        )
        return Array.from(given.law.mean())
      })
      expectClose(numbers(posterior.denoise(x, t)), wanted, 1e-9)
    })
  })
})

describe.each([
  ['one measurement', rows.slice(0, 1)],
  ['two', rows],
  ['orthogonal rows', orthogonal],
])('approximate scores are exact where theory says so: %s', (_, A) => {
  const problem = problemOf(A)
  const same = (make: (schedule: Schedule) => ExactPrior, of: Likelihood, bound = 1e-9) =>
    everywhere(make, (prior, x, t) => {
      const exact = scoreOf(exactLikelihood(prior, problem), prior, x, t)
      const { g, residual } = scoreOf(of, prior, x, t)
      expectClose(numbers(g), numbers(exact.g), bound)
      expectClose(numbers(residual), numbers(exact.residual), 1e-12)
    })

  test.each([1, 0.25, 3])('ΠGDM, for x₀ ~ N(μ, s²I) with its s² = %d', (variance) => {
    same(white(variance), pseudoInverseLikelihood(problem, { variance }))
  })

  test('ΠGDM by conjugate gradients, with a decomposition or without', () => {
    const { operator, ...rest } = problem
    const { svd, pinv, ...plain } = operator
    same(white(0.7), pseudoInverseLikelihood({ ...rest, operator: plain }, { variance: 0.7 }), 1e-8)
    same(white(0.7), pseudoInverseLikelihood(problem, { variance: 0.7, solver: 'cg' }), 1e-8)
  })

  test('moments, for every Gaussian', () => {
    same(correlated, momentLikelihood(problem, { tolerance: 1e-13 }))
    same(white(0.25), momentLikelihood(problem, { tolerance: 1e-13 }))
    same(correlated, momentLikelihood(problem, { covariance: 'dense' }))
  })

  test('moments by row sums, where A C_t Aᵀ is diagonal', () => {
    if (A !== rows) same(white(0.7), momentLikelihood(problem, { covariance: 'rows' }))
  })

  test('and not elsewhere', () => {
    const far = (make: (schedule: Schedule) => ExactPrior, of: Likelihood) => {
      const prior = make(vpLinear())
      const x = points(prior, 300)
      const exact = numbers(scoreOf(exactLikelihood(prior, problem), prior, x, 300).g)
      const g = numbers(scoreOf(of, prior, x, 300).g)
      return Math.hypot(...g.map((v, i) => v - exact[i]!)) / Math.hypot(...exact)
    }
    expect(far(correlated, pseudoInverseLikelihood(problem))).toBeGreaterThan(0.01)
    expect(far(white(0.25), pseudoInverseLikelihood(problem))).toBeGreaterThan(0.01)
    expect(far(mixture, momentLikelihood(problem))).toBeGreaterThan(0.01)
    expect(far(correlated, dpsLikelihood(problem))).toBeGreaterThan(0.01)
  })
})

test("DPS's point estimate is too large by the factor (A C_t Aᵀ + σ_y²)/σ_y², at each t", () => {
  const problem = problemOf(rows.slice(0, 1))
  const a = new Matrix(rows.slice(0, 1))
  const bias: number[] = []
  everywhere(correlated, (prior, x, t) => {
    const exact = numbers(scoreOf(exactLikelihood(prior, problem), prior, x, t).g)
    const spread = a
      .mmul(prior.given(numbers(x.slice(0)), t).covariance())
      .mmul(a.transpose())
      .get(0, 0)
    const factor = (spread + sigmaY ** 2) / sigmaY ** 2
    bias.push(factor)
    expectClose(
      numbers(scoreOf(dpsLikelihood(problem), prior, x, t).g),
      exact.map((g) => g * factor),
      1e-9,
    )
  })
  expect(Math.max(...bias)).toBeGreaterThan(5)
})

test('for a mixture every score tends to the exact one at the clean end, the error with σ_t²', () => {
  const problem = problemOf(rows)
  const schedule = ve({ sigmaMax: 20 })
  const prior = gaussianMixturePrior({
    weights: [1, 1],
    means: [mean, [-1, 0.4, 0]],
    covariances: covariance,
    schedule,
  })
  const errors = (of: Likelihood) =>
    [0.02, 0.01].map((level) => {
      const t = schedule.timeOfNoiseLevel(level)
      const x = tensor(
        [
          [0.4, -0.2, 0.5],
          [0.1, 0.3, -0.4],
        ],
        { dtype },
      )
      const exact = numbers(scoreOf(exactLikelihood(prior, problem), prior, x, t).g)
      const g = numbers(scoreOf(of, prior, x, t).g)
      return Math.hypot(...g.map((v, i) => v - exact[i]!)) / Math.hypot(...exact)
    })
  for (const of of [dpsLikelihood(problem), pseudoInverseLikelihood(problem), momentLikelihood(problem)]) {
    const [more, less] = errors(of) as [number, number]
    expect(more).toBeLessThan(0.02)
    expect(more / less).toBeGreaterThan(3.5)
  }
})

describe('likelihoods as objects', () => {
  test('other noise, by its own score', () => {
    const prior = correlated(vpLinear())
    const { sigma, ...rest } = gaussianNoise(sigmaY)
    const likelihood = {
      log: () => tensor([0]),
      score: (y: Tensor, clean: Tensor) => y.sub(clean).mul(2),
    }
    const problem = { ...problemOf(rows), noise: { ...rest, name: 'mine', likelihood } }
    const x = points(prior, 300)
    const [own, gaussian] = [dpsLikelihood(problem), dpsLikelihood(problemOf(rows))].map((of) =>
      numbers(scoreOf(of, prior, x, 300).g),
    )
    own!.forEach((g, i) => expect(g).toBeCloseTo(gaussian![i]! * 2 * sigma ** 2, 12))
    const { likelihood: _, ...mute } = problem.noise
    expect(() => dpsLikelihood({ ...problem, noise: mute })).toThrow(OptionError)
  })

  test('a factor, and the conditional Tweedie formula', () => {
    const prior = correlated(flow())
    const t = 0.4
    const likelihood = dpsLikelihood(problemOf(rows))
    const look = lookAt(prior, points(prior, t), t, true)
    const { g } = likelihood.score({ ...look, pullback: (v) => look.pullback(v, { retain: true }) })
    const { x0, guidance, shift } = byScore(scaled(likelihood, 0.5)).at(look)
    const factor = 0.5 * (0.4 ** 2 / 0.6)
    numbers(x0).forEach((v, i) => {
      expect(v).toBeCloseTo(numbers(look.x0hat)[i]! + factor * numbers(g)[i]!, 10)
      expect(numbers(guidance!)[i]).toBeCloseTo(numbers(g)[i]! / 2, 10)
    })
    expect(shift).toBeUndefined()
  })

  test('what cannot be is refused', () => {
    expect(() => momentLikelihood(problemOf(rows, 0))).toThrow('σ_y must be above 0')
    expect(() => pseudoInverseLikelihood(problemOf(rows), { variance: 0 })).toThrow(OptionError)
    const shifting = {
      through: false,
      at: () => ({ x0: tensor([0]), shift: tensor([0]), residual: tensor([0]) }),
    }
    expect(() => conditioned(correlated(vpLinear()), shifting).denoise(tensor([[0, 0, 0]]), 5)).toThrow(
      'no prior',
    )
  })

  test('ΠGDM without noise is Jᵀ A⁺ r/r_t², cut at its tolerance', () => {
    const prior = correlated(vpLinear())
    const problem = problemOf(rows, 0)
    const look = lookAt(prior, points(prior, 200), 200, true)
    const { g } = pseudoInverseLikelihood(problem).score({ ...look, pullback: (v) => v })
    const r = problem.y.sub(problem.operator.forward(look.x0hat))
    const spread = look.sigma ** 2 / (look.alpha ** 2 + look.sigma ** 2)
    expectClose(numbers(g), numbers(problem.operator.pinv(r).div(spread)), 1e-12)
    const cut = pseudoInverseLikelihood(problem, { rankTolerance: 1 }).score({ ...look, pullback: (v) => v })
    expect(numbers(cut.g).every((v) => v === 0)).toBe(true)
  })
})

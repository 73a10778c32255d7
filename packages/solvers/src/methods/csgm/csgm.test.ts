import type { Tensor } from '@tweedie/tensor'
import { normal, OptionError, randomKey, tensor } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { methodLaws } from '../../laws/index.ts'
import { gaussianNoise, poissonNoise } from '../../noise/index.ts'
import { matrixOperator } from '../../operators/index.ts'
import { countCalls, gaussianMixturePrior, gaussianPrior } from '../../priors/index.ts'
import { run } from '../../run/index.ts'
import { respace } from '../../schedules/index.ts'
import type { Prior, Problem } from '../../types.ts'
import type { CsgmOptions } from '../index.ts'
import { csgm } from '../index.ts'
import { adamStep, length, plus, times, transposed } from '../written-out.test.helper.ts'
import {
  A,
  close,
  drawn,
  firstSample,
  float64,
  list,
  names,
  priorOn,
  problemOf,
  schedules,
  seed,
  y,
} from '../written-out-problem.test.helper.ts'
import { generated } from './written-out-latent.test.helper.ts'

describe.each(names)('CSGM on %s, in plain numbers', (name) => {
  const cases: readonly CsgmOptions[] = [
    {},
    { learningRate: 0.3, lambda: 0.7, samplerSteps: 4, samplerSpacing: 'linspace' },
    { learningRate: 0.5, lambda: 0, clip: [-0.4, 0.6], samplerSteps: 3 },
  ]
  it.each(cases)('%j', async (options) => {
    const { learningRate: rate = 0.01, lambda = 0.4 ** 2, clip } = options
    const { samplerSteps = 10, samplerSpacing = 'leading' } = options
    const [schedule, levels] = schedules[name]
    const latent = { levels, times: respace(schedule, samplerSteps, samplerSpacing), ...(clip && { clip }) }
    let z: readonly number[] = drawn(0, 'start')
    let state = { m: z.map(() => 0), v: z.map(() => 0), k: 0 } as Parameters<typeof adamStep>[0]
    const steps = csgm(problemOf(0.4), priorOn(name), { ...options, steps: 6, seed, firstSample })
    for await (const { i, x, x0hat, residual } of steps) {
      const { x: expected, back } = generated(latent, z)
      close(list(x), expected, `x of step ${i}`)
      expect(list(x0hat)).toEqual(list(x))
      const r = plus([1, y], [-1, times(A, expected)])
      close(residual, [length(r)], `residual of step ${i}`)
      const gradient = plus([-2, back(times(transposed(A), r))], [2 * lambda, z])
      ;({ x: z, state } = adamStep(state, z, gradient, { rate, beta1: 0.9, beta2: 0.999 }))
    }
  })
})

const covariance = [
  [0.5, 0.2, 0],
  [0.2, 0.4, -0.1],
  [0, -0.1, 0.3],
]
const mean = [0.5, -0.3, 0.2]
const M = [
  [1, -0.5, 0.3],
  [0.2, 0.8, -0.4],
]
const sigma = 0.2
const measured = [
  [0.9, -0.4],
  [-0.7, 0.6],
]
const problem: Problem = {
  operator: matrixOperator(tensor(M, float64)),
  noise: gaussianNoise(sigma),
  y: tensor(measured, float64),
}
const gaussian = gaussianPrior({ mean, covariance })

/** Solves a system of few equations by elimination with pivots. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i]!])
  const n = rows.length
  for (let k = 0; k < n; k++) {
    const pivot = rows
      .slice(k)
      .reduce((best, row, i) => (Math.abs(row[k]!) > Math.abs(rows[best]![k]!) ? k + i : best), k)
    ;[rows[k], rows[pivot]] = [rows[pivot]!, rows[k]!]
    for (let i = 0; i < n; i++) {
      if (i === k) continue
      const factor = rows[i]![k]! / rows[k]![k]!
      rows[i] = rows[i]!.map((v, j) => v - factor * rows[k]![j]!)
    }
  }
  return rows.map((row, i) => row[n]! / row[i]!)
}
const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, v, i) => sum + v * b[i]!, 0)

/** x = Bz + b of DDIM on a Gaussian, by E[x₀ | x] = μ + αΣ(α²Σ + σ²I)⁻¹(x − αμ) in each step, a column at a time. */
function affine(prior: Prior, steps: number) {
  const { schedule } = prior
  const walk = (z: readonly number[]) => {
    const pairs = respace(schedule, steps, 'leading')
    let x = [...z]
    for (const { t, s } of pairs) {
      const [a, c] = [schedule.alpha(t), schedule.sigma(t)]
      const C = covariance.map((row, i) => row.map((v, j) => a * a * v + (i === j ? c * c : 0)))
      const inner = solve(
        C,
        x.map((v, i) => v - a * mean[i]!),
      )
      const x0 = covariance.map((row, i) => mean[i]! + a * dot(row, inner))
      x = x0.map((v, i) => schedule.alpha(s) * v + (schedule.sigma(s) * (x[i]! - a * v)) / c)
    }
    return x
  }
  const b = walk([0, 0, 0])
  const columns = [0, 1, 2].map((j) => walk([0, 1, 2].map((i) => (i === j ? 1 : 0))).map((v, i) => v - b[i]!))
  return { b, B: transposed(columns) }
}

describe('on a Gaussian, where R is linear', () => {
  /** x at the minimum of ‖y − M(Bz + b)‖² + λ‖z‖². */
  function optimum(steps: number, lambda: number, y: readonly number[]) {
    const { b, B } = affine(gaussian, steps)
    const MB = M.map((row) =>
      [0, 1, 2].map((j) =>
        dot(
          row,
          B.map((column) => column[j]!),
        ),
      ),
    )
    const normal = transposed(MB).map((row, i) =>
      transposed(MB).map((other, j) => dot(row, other) + (i === j ? lambda : 0)),
    )
    const r = y.map((v, i) => v - dot(M[i]!, b))
    const z = solve(
      normal,
      transposed(MB).map((row) => dot(row, r)),
    )
    return B.map((row, i) => dot(row, z) + b[i]!)
  }

  it.each([
    [3, 0.04, 'lbfgs'],
    [10, 0.5, 'lbfgs'],
    [10, 0.04, 'adam'],
  ] as const)(
    'with k = %d and λ = %d, %s finds the closed-form optimum',
    async (samplerSteps, lambda, optimizer) => {
      const options = { optimizer, lambda, samplerSteps, seed: 3, learningRate: 0.05 }
      const x = await run(csgm(problem, gaussian, { ...options, steps: optimizer === 'adam' ? 900 : 40 }))
      // L-BFGS ends at |∇f| ≤ 1e-7: z is off by at most √3·1e-7/2λ.
      const digits = optimizer === 'adam' ? 4 : 5
      measured.forEach((y, row) =>
        optimum(samplerSteps, lambda, y).forEach((v, i) =>
          expect(list(x)[3 * row + i]!, `row ${row}`).toBeCloseTo(v, digits),
        ),
      )
    },
  )

  it('with λ = σ_y² it tends to the exact posterior mean, by O(1/k)', async () => {
    const S = M.map((row, i) =>
      M.map(
        (other, j) =>
          dot(
            row,
            covariance.map((c) => dot(c, other)),
          ) + (i === j ? sigma ** 2 : 0),
      ),
    )
    const posterior = measured.map((y) => {
      const w = solve(
        S,
        y.map((v, i) => v - dot(M[i]!, mean)),
      )
      return mean.map(
        (m, i) =>
          m +
          dot(
            covariance[i]!,
            [0, 1, 2].map((j) =>
              dot(
                M.map((row) => row[j]!),
                w,
              ),
            ),
          ),
      )
    })
    const errors: number[] = []
    const counts = [10, 20, 40, 80]
    for (const k of counts) {
      const off = measured.flatMap((y, row) =>
        optimum(k, sigma ** 2, y).map((v, i) => v - posterior[row]![i]!),
      )
      errors.push(Math.hypot(...off))
    }
    // The slope of log error against log k.
    const [u, v] = [counts.map(Math.log), errors.map(Math.log)]
    const [mu, mv] = [
      dot(
        u,
        u.map(() => 0.25),
      ),
      dot(
        v,
        v.map(() => 0.25),
      ),
    ]
    const slope =
      dot(
        u.map((a) => a - mu),
        v.map((b) => b - mv),
      ) /
      dot(
        u.map((a) => a - mu),
        u.map((a) => a - mu),
      )
    expect(slope).toBeGreaterThan(-1.3)
    expect(slope).toBeLessThan(-0.7)
    // The method is at the optimum of the last, by λ's own default.
    const x = await run(csgm(problem, gaussian, { optimizer: 'lbfgs', samplerSteps: 80, steps: 30 }))
    const there = measured.flatMap((y) => optimum(80, sigma ** 2, y))
    list(x).forEach((value, i) => expect(value).toBeCloseTo(there[i]!, 5))
    const off = list(x).map((value, i) => value - posterior.flat()[i]!)
    expect(Math.hypot(...off)).toBeLessThan(2 * errors[3]!)
  })

  it('without noise of a known level λ is 0, and y is met', async () => {
    const x = await run(
      csgm({ ...problem, noise: poissonNoise() }, gaussian, { optimizer: 'lbfgs', steps: 40 }),
    )
    const left = list(problem.y.sub(problem.operator.forward(x)))
    for (const r of left) expect(Math.abs(r)).toBeLessThan(1e-6)
  })
})

const mixture = gaussianMixturePrior({
  weights: [0.5, 0.5],
  means: [
    [0.8, 0.1, 0],
    [-0.8, 0.3, 0.2],
  ],
  covariances: 0.02,
})

describe('starts', () => {
  const options = { steps: 25, learningRate: 0.1, samplerSteps: 4, seed: 6 } as const
  /** A run of one start alone, from the latents of start j. */
  const alone = async (j: number, more: CsgmOptions = {}) => {
    const keys = [0, 1].map((row) =>
      randomKey(6)
        .fold(row)
        .fold(25 * j)
        .fold('start'),
    )
    const resume = { next: 0, state: stateAt(normal(keys, [3], float64)) }
    return list(await run(csgm(problem, mixture, { ...options, ...more, resume })))
  }

  it('of several the x of the least objective is returned, sample by sample', async () => {
    // With λ = 0 the objective is the misfit, which x tells.
    const ends = [await alone(0, { lambda: 0 }), await alone(1, { lambda: 0 }), await alone(2, { lambda: 0 })]
    const path: number[][] = []
    for await (const { x } of csgm(problem, mixture, { ...options, lambda: 0, restarts: 3 }))
      path.push(list(x))
    expect(path.length).toBe(75)
    expect([path[24], path[49]]).toEqual(ends.slice(0, 2))
    const misfits = ends.map((x) =>
      measured.map((y, row) => length(plus([1, y], [-1, times(M, x.slice(3 * row, 3 * row + 3))]))),
    )
    const choice = [0, 1].map((row) => {
      const values = misfits.map((of) => of[row]!)
      expect(Math.max(...values)).toBeGreaterThan(Math.min(...values))
      return values.indexOf(Math.min(...values))
    })
    choice.forEach((best, row) => {
      const own = [3 * row, 3 * row + 3] as const
      expect(path.at(-1)?.slice(...own)).toEqual(ends[best]!.slice(...own))
    })
    // Not all samples do best from their last start, which would be returned without a choice.
    expect(choice.some((best) => best !== 2)).toBe(true)
  })

  it('goes on between and within starts, bit for bit', async () => {
    const all = list(await run(csgm(problem, mixture, { ...options, restarts: 2 })))
    for await (const { i, state } of csgm(problem, mixture, { ...options, restarts: 2 })) {
      if (i !== 24 && i !== 30) continue
      const rest = csgm(problem, mixture, { ...options, restarts: 2, resume: { next: i + 1, state } })
      expect(list(await run(rest))).toEqual(all)
    }
  })
})

/** The state before the first step, of Adam at z. */
function stateAt(z: Tensor) {
  const nothing = () => tensor([[0, 0, 0], [0, 0, 0]], float64) // biome-ignore format: a matrix
  return { x: nothing(), latent: { x: z, mean: nothing(), square: nothing(), step: 0 } }
}

describe('within a budget', () => {
  const options = { steps: 4, samplerSteps: 12, learningRate: 0.2, seed: 2 } as const
  const restore = async (more: CsgmOptions, prior: Prior = mixture) =>
    list(await run(csgm(problem, prior, { ...options, ...more })))

  it('of slots or bytes it takes the same path, and evaluates as often as it says', async () => {
    const truth = await restore({})
    for (const more of [{ slots: 1 }, { slots: 3 }, { memory: 1e9 }, { memory: 100_000 }]) {
      const counted = countCalls(mixture)
      const x = await restore(more, counted)
      x.forEach((v, i) => expect(v).toBeCloseTo(truth[i]!, 10))
      const predicted = csgm.info.evaluations(4, { ...options, ...more })
      if ('slots' in more || more.memory === 1e9) expect(counted.calls.total).toBe(predicted)
    }
    expect(csgm.info.evaluations(4, { samplerSteps: 12, slots: 1 })).toBe(4 * (12 + 66))
  })

  it('refuses too little before the first step, with what would do, and both limits at once', () => {
    const counted = countCalls(mixture)
    expect(() => csgm(problem, counted, { memory: 100 })).toThrow(/needs at least \d+ bytes, got 100/)
    expect(() => csgm(problem, counted, { memory: 100 })).toThrow(OptionError)
    expect(() => csgm(problem, counted, { memory: 1e9, slots: 3 })).toThrow('one of them is enough')
    expect(() => csgm(problem, counted, { restarts: 0 })).toThrow(OptionError)
  })
})

describe('by L-BFGS', () => {
  const settings = { optimizer: 'lbfgs', samplerSteps: 2 }
  for (const { name, holds } of methodLaws(csgm, { settings })) it(name, holds)
})

import { adam } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { fromData, matmul, OptionError, tensor } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { redDiffGradient } from '../../guidance/index.ts'
import { gaussianNoise } from '../../noise/index.ts'
import { matrixOperator } from '../../operators/index.ts'
import { repulsion } from '../../particles/index.ts'
import { gaussianPrior } from '../../priors/index.ts'
import { noiseStreams, run } from '../../run/index.ts'
import { noiseLevel, respace, ve, vpLinear } from '../../schedules/index.ts'
import type { Problem } from '../../types.ts'
import { UnfitError } from '../fit.ts'
import type { RlsdOptions } from '../index.ts'
import { redDiff, rlsd } from '../index.ts'
import type { Rows, Vector } from '../written-out.test.helper.ts'
import { adamStep, evaluate, length, plus, times, transposed } from '../written-out.test.helper.ts'
import {
  A,
  close,
  firstSample,
  list,
  n,
  names,
  network,
  priorOn,
  problemOf,
  rows,
  schedules,
  seed,
  streams,
  y,
} from '../written-out-problem.test.helper.ts'

const float64 = { dtype: 'float64' } as const

/** g_i of each particle by loops over pairs, at features W·x. */
function forces(points: readonly Vector[], W: Rows, bandwidth?: number): number[][] {
  const features = points.map((x) => times(W, x))
  return features.map((own, i) => {
    const others = features.flatMap((f, j) => (j === i ? [] : [f]))
    const squares = others.map((f) => length(plus([1, own], [-1, f])) ** 2)
    const median = [...squares].sort((a, b) => a - b)[Math.ceil(squares.length / 2) - 1] ?? 0
    const h = bandwidth ?? median / Math.log(points.length)
    const nearest = Math.min(...squares)
    const kernel = squares.map((s) => (h === 0 ? 0 : Math.exp((nearest - s) / h)))
    const total = kernel.reduce((a, b) => a + b, 0)
    const zero = own.map(() => 0)
    const force = others.reduce<number[]>(
      (sum, f, j) =>
        total === 0 ? sum : plus([1, sum], [(2 * kernel[j]!) / (h * total), plus([1, own], [-1, f])]),
      zero,
    )
    return times(transposed(W), force)
  })
}
const identity = Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => Number(i === j)))
const projected = [
  [0.5, -1, 0, 0.2],
  [0, 0.3, 2, -0.4],
]

describe.each(names)('repulsive score distillation on %s', (name) => {
  const [schedule, levels] = schedules[name]
  const cases: readonly (RlsdOptions & { W?: Rows })[] = [
    {},
    { particles: 3, gamma: 2.5, init: 'zeros', startSpread: 0.4 },
    { particles: 5, gamma: 0.7, bandwidth: 0.8, sigmaX0: 0.3, weighting: 'sqrt', dataWeight: 2 },
    {
      particles: 2,
      gamma: 1.5,
      compare: 'clean',
      lambda: 0.6,
      reduction: 'sum',
      beta1: 0.5,
      learningRate: 0.03,
    },
    { particles: 4, gamma: 3, W: projected, features: (x) => matmul(x, rows(transposed(projected))) },
    {
      particles: 3,
      gamma: 3,
      compare: 'clean',
      W: projected,
      features: (x) => matmul(x, rows(transposed(projected))),
    },
  ]

  it.each(cases)('%j, every step and every particle', async ({ W = identity, ...options }) => {
    const {
      particles: K = 4,
      gamma = 1,
      bandwidth,
      compare = 'noisy',
      sigmaX0 = 0,
      startSpread = 0.1,
    } = options
    const { lambda = 0.25, dataWeight = 1, reduction = 'mean', weighting = 'linear' } = options
    const { learningRate: rate = 0.1, beta1 = 0.9, beta2 = 0.99, init = 'adjoint' } = options
    const [m, elements] = reduction === 'mean' ? [3, n] : [1, 1]
    const drawn = (i: number, purpose: string, k: number) =>
      list(streams.normal(i, purpose, [K, n])).slice(k * n, (k + 1) * n)
    const start = init === 'zeros' ? [0, 0, 0, 0] : times(transposed(A), y)
    let cloud: { mu: readonly number[]; adam: { m: Vector; v: Vector; k: number } }[] = Array.from(
      { length: K },
      (_, k) => ({
        mu: plus([1, start], [startSpread, drawn(0, 'start', k)]),
        adam: { m: [0, 0, 0, 0], v: [0, 0, 0, 0], k: 0 },
      }),
    )
    let seen = 0
    for await (const step of rlsd(problemOf(0.4), priorOn(name), {
      ...options,
      init,
      steps: 6,
      seed,
      firstSample,
    })) {
      const { t } = respace(schedule, 6, 'linspace')[step.i]!
      const [alpha, sigma] = [levels.alpha(t), levels.sigma(t)]
      const noisy = cloud.map(({ mu }, k) =>
        plus(
          [alpha, mu],
          [alpha * sigmaX0, drawn(step.i, 'epsilon0', k)],
          [sigma, drawn(step.i, 'epsilon', k)],
        ),
      )
      const g = forces(compare === 'noisy' ? noisy : cloud.map(({ mu }) => mu), W, bandwidth)
      const k = sigma / alpha
      const w = (lambda * (weighting === 'sqrt' ? Math.sqrt(k) : k)) / elements
      const first = cloud[0]!.mu
      cloud = cloud.map(({ mu, adam: state }, i) => {
        const x0 = evaluate(network, noisy[i]!, t)
        const epsilon = drawn(step.i, 'epsilon', i)
        const distilled = plus(
          [1 / sigma, noisy[i]!],
          [-alpha / sigma, x0],
          [-1, epsilon],
          [-gamma * sigma, g[i]!],
        )
        const r = plus([1, y], [-1, times(A, mu)])
        const gradient = plus([-dataWeight / m, times(transposed(A), r)], [w, distilled])
        if (i === 0) {
          close(list(step.x0hat), x0, `x̂₀ of step ${step.i}`)
          close(step.residual, [length(r)], `residual of step ${step.i}`)
          close(step.lossData, [(dataWeight * length(r) ** 2) / (2 * m)], `data loss of step ${step.i}`)
          const inner = distilled.reduce((sum, d, j) => sum + d * first[j]!, 0)
          close(step.lossPrior, [w * inner], `prior loss of step ${step.i}`)
        }
        const moved = adamStep(state, mu, gradient, { rate, beta1, beta2 })
        return { mu: moved.x, adam: moved.state }
      })
      expect(step.particles.shape).toEqual([1, K, n])
      close(
        list(step.particles),
        cloud.flatMap(({ mu }) => mu),
        `particles of step ${step.i}`,
      )
      close(list(step.x), cloud[0]!.mu, `x of step ${step.i}`)
      seen++
    }
    expect(seen).toBe(6)
  })
})

describe('without repulsion', () => {
  const prior = gaussianPrior({ mean: [0.3, -0.1, 0.2, 0.5], covariance: 0.4, shape: [1, 2, 2] })
  const operator = matrixOperator(rows([[1, 0.3, 0, 0.2], [0, 0.5, 0.5, 0]]), { inShape: [1, 2, 2] }) // biome-ignore format: a matrix
  const problem: Problem = { operator, noise: gaussianNoise(0.1), y: rows([[0.4, 1], [-1, 0.2]]) } // biome-ignore format: rows

  it('the first particle is RED-diff, bit for bit, whatever K; and so is one with nothing beside it', async () => {
    const options = { steps: 12, seed: 5, sigmaX0: 0.2, lambda: 0.5 }
    const together = { ...options, startSpread: 0 }
    const alone = list(await run(redDiff(problem, prior, options)))
    for (const particles of [1, 2, 5])
      expect(list(await run(rlsd(problem, prior, { ...together, particles, gamma: 0 })))).toEqual(alone)
    expect(list(await run(rlsd(problem, prior, { ...together, particles: 1, gamma: 50 })))).toEqual(alone)
    expect(list(await run(rlsd(problem, prior, { ...together, particles: 2, gamma: 1 })))).not.toEqual(alone)
  })

  it('every particle is RED-diff with its own noise, bit for bit', async () => {
    const settings = {
      lambda: 0.25,
      dataWeight: 1,
      weighting: 'linear',
      reduction: 'mean',
      sigmaX0: 0,
    } as const
    const { init, update } = adam({ learningRate: 0.1, beta1: 0.9, beta2: 0.99 })
    const own = noiseStreams({ seed: 5, count: 2, dtype: 'float64' })
    const pairs = respace(prior.schedule, 8, 'linspace')
    let last: Tensor | undefined
    await run(
      rlsd(problem, prior, { steps: 8, seed: 5, gamma: 0, particles: 3, init: 'zeros', startSpread: 0 }),
      {
        onStep: ({ particles }) => void (last = particles.mul(1)),
      },
    )
    for (const k of [0, 1, 2]) {
      let mu: Tensor = fromData(Array<number>(8).fill(0), [2, 1, 2, 2], float64)
      let state = init(mu)
      pairs.forEach(({ t }, i) => {
        const epsilon = own.normal(i, 'epsilon', [3, 1, 2, 2]).slice(null, k)
        const { gradient } = redDiffGradient(problem, prior, mu, t, { epsilon }, settings)
        ;({ params: mu, state } = update(gradient, state, mu))
      })
      expect(list(last!.slice(null, k))).toEqual(list(mu))
    }
  })
})

describe('two particles on a Gaussian in one dimension', () => {
  // The mean gradient of each is H(μ_i − c) − R·2·log 2/(μ_i − μ_j), where c is the point of RED-diff, H its precision
  //   v·a² + E_t[w_t·k/(s² + k²)] and R = γ·E_t[w_t·σ_t]: it is 0 at c ± d/2 with d² = 4·log 2·R/H.
  it('are at rest at the distance where the repulsion holds the pull, and nowhere else', () => {
    const schedule = vpLinear()
    const [m, s2, a, v, lambda, gamma, y] = [0.4, 0.7, 1.3, 2, 0.5, 1.6, 0.9]
    const prior = gaussianPrior({ mean: [m], covariance: s2, schedule })
    const pairs = respace(schedule, 40, 'linspace')
    const mean = (f: (t: number) => number) => pairs.reduce((sum, { t }) => sum + f(t), 0) / pairs.length
    const w = (t: number) => lambda * noiseLevel(schedule, t)
    const pull = mean((t) => (w(t) * noiseLevel(schedule, t)) / (s2 + noiseLevel(schedule, t) ** 2))
    const [H, R] = [v * a * a + pull, gamma * mean((t) => w(t) * schedule.sigma(t))]
    const centre = (v * a * y + pull * m) / H
    const distance = Math.sqrt((4 * Math.log(2) * R) / H)
    expect(distance).toBeGreaterThan(0.5)
    const problem = { operator: matrixOperator(rows([[a]])), y: rows([[y], [y]]) }
    const settings = { lambda, dataWeight: v, weighting: 'linear', reduction: 'sum', sigmaX0: 0 } as const
    const gradients = (apart: number) => {
      const mu = rows([[centre + apart / 2], [centre - apart / 2]])
      const total = [0, 0]
      for (const { t } of pairs)
        for (const e of [1, -1]) {
          const noise = {
            epsilon: rows([[e * 0.8], [e * -1.3]]),
            repulsion: () => repulsion(mu, { particles: 2 }).mul(gamma * schedule.sigma(t)),
          }
          const { gradient } = redDiffGradient(problem, prior, mu, t, noise, settings)
          list(gradient).forEach((g, i) => (total[i]! += g / (2 * pairs.length)))
        }
      return total
    }
    for (const g of gradients(distance)) expect(Math.abs(g)).toBeLessThan(1e-10)
    expect(gradients(0.9 * distance)[0]).toBeLessThan(-1e-3) // nearer they are driven apart
    expect(gradients(1.1 * distance)[0]).toBeGreaterThan(1e-3)
  })

  // Of a prior that is one point ε_θ − ε has no noise, and on a schedule of one level, σ = 1, H = v + λ and R = γ·λ.
  it('come to rest there in a run; in one place without repulsion', async () => {
    const schedule = { ...ve({ sigmaMax: 1 }), sigma: () => 1 }
    const prior = gaussianPrior({ mean: [0], covariance: 1e-12, schedule })
    const operator = matrixOperator(tensor([[1]], float64))
    const problem = { operator, noise: gaussianNoise(0.1), y: rows([[1]]) }
    const options = {
      steps: 400,
      particles: 2,
      compare: 'clean',
      lambda: 1,
      learningRate: 0.01,
      beta1: 0.5,
      startSpread: 0.3,
    } as const
    for (const gamma of [0, 0.5, 2]) {
      const ends: number[] = []
      await run(rlsd(problem, prior, { ...options, gamma }), {
        onStep: ({ i, steps, particles }) => void (i === steps - 1 && ends.push(...list(particles))),
      })
      const [one = Number.NaN, other = Number.NaN] = ends
      // Adam's steps are of its rate, 0.01, and so is what it swings by about a point of rest.
      expect(Math.abs((one + other) / 2 - 0.5)).toBeLessThan(0.01)
      const distance = Math.sqrt((4 * Math.log(2) * gamma) / 2)
      expect(Math.abs(Math.abs(one - other) - distance)).toBeLessThan(0.02)
    }
  })
})

describe('what does not fit', () => {
  const prior = gaussianPrior({ mean: [0, 0], covariance: 1 })
  const { adjoint, svd, pinv, ...bare } = matrixOperator(tensor([[1, 1]]))
  const problem = { operator: bare, noise: gaussianNoise(0.1), y: tensor([[1]]) }
  it('is refused before any work', () => {
    expect(() => rlsd(problem, prior, { init: 'pinv' })).toThrow(UnfitError)
    expect(() => rlsd(problem, prior, { particles: 0 })).toThrow(OptionError)
    expect(() => rlsd(problem, prior, { bandwidth: 0 })).toThrow('bandwidth')
    // @ts-expect-error: no function
    expect(() => rlsd(problem, prior, { features: 3 })).toThrow('must be a function of batches')
  })
})

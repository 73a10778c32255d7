// RTO-TU and MAP-TU, with DAPS and DiffPIR the settings of one engine. The laws of a step at a fixed level are in daps.test.ts.
import type { Tensor } from '@tweedie/tensor'
import { fromData, normal, tensor } from '@tweedie/tensor'
import { inverse, Matrix } from 'ml-matrix'
import { describe, expect, it, vi } from 'vitest'
import type { Moments } from '../../guidance/under-samplers.test.helper.ts'
import { gaussianNoise, noNoise, poissonNoise } from '../../noise/index.ts'
import { defineOperator, matrixOperator } from '../../operators/index.ts'
import { countCalls, gaussianMixturePrior, gaussianPrior } from '../../priors/index.ts'
import { run } from '../../run/index.ts'
import { noiseLevel, ve, vpContinuous, vpLinear } from '../../schedules/index.ts'
import type { GuidedStep, Problem } from '../../types.ts'
import { affineStep, apart, gaussianPosterior, stepped } from '../affine-step.test.helper.ts'
import type { DapsOptions, RtoTuOptions } from '../index.ts'
import { daps, diffpir, mapTu, rtoTu, UnfitError } from '../index.ts'
import { evaluate, plus, times, transposed } from '../written-out.test.helper.ts'
import {
  A,
  close,
  decomposition,
  drawn,
  firstSample,
  float64,
  list,
  network,
  priorOn,
  problemOf,
  schedules,
  seed,
  streams,
  y,
} from '../written-out-problem.test.helper.ts'

vi.mock('@tweedie/tensor', async (original) => {
  const { listening } = await import('../affine-step.test.helper.ts')
  return listening(await original<typeof import('@tweedie/tensor')>())
})

const root = (from: number, to: number, u: number) => ((1 - u) * from ** (1 / 7) + u * to ** (1 / 7)) ** 7
/** n levels, both ends visited. */
const grid = (n: number, high: number, low: number) =>
  Array.from({ length: n }, (_, i) => root(high, low, i / (n - 1)))
const chainDraw = (i: number, k: number | string, n = 4) =>
  list(normal([streams.keysOf(i, 'chain')[0]!.fold(k)], [n], float64))

describe.each(['linear', 've'] as const)('on %s, every step shown', (name) => {
  const [schedule] = schedules[name]
  const base = { sigmaMax: 5, sigmaMin: 0.4, odeSteps: 3 }
  const cases = [
    ['exact', rtoTu, base],
    ['map', mapTu, base],
    ['exact', rtoTu, { ...base, estimate: 'ode', odeMin: 0.4 }],
    ['map', mapTu, { ...base, estimate: 'ode', odeMin: 0.3 }],
    ['langevin', rtoTu, { ...base, draw: 'langevin', innerSteps: 2, learningRate: 0.02 }],
  ] as const

  it.each(cases)('%s: %o %j', async (draw, method, options) => {
    const sigmaY = 0.5
    const alphaOf = (level: number) => (name === 've' ? 1 : 1 / Math.hypot(1, level))
    const denoised = (u: readonly number[], level: number) =>
      evaluate(network, plus([alphaOf(level), u]), schedule.timeOfNoiseLevel(level))
    const levels = grid(4, 5, 0.4)
    let u: number[] = plus([5, drawn(0, 'start')])
    const { V, U, s: singular } = decomposition
    const steps = method.run(problemOf(sigmaY), priorOn(name), { ...options, steps: 4, seed, firstSample })
    for await (const step of steps) {
      const { i } = step
      const sigma = levels[i]!
      let x0hat = denoised(u, sigma)
      if ('estimate' in options && sigma > options.odeMin * 1.0001) {
        // Its last node is odeMin, the clean end after it.
        const nodes = [0, 0.5, 1].map((part) => root(sigma, options.odeMin, part))
        x0hat = nodes.reduce((v: number[], level, k) => {
          const to = nodes[k + 1] ?? 0
          return plus([to / level, v], [1 - to / level, denoised(v, level)])
        }, u)
      }
      close(list(step.x0hat), x0hat, `x̂₀ of step ${i}`)
      let x0: number[]
      if (draw === 'langevin') {
        x0 = x0hat
        for (let k = 0; k < 2; k++) {
          const down = times(transposed(A), plus([4, y], [-4, times(A, x0)]))
          const pull = plus([0.02 / sigma ** 2, x0hat], [-0.02 / sigma ** 2, x0])
          x0 = plus([1, x0], [1, pull], [0.02, down], [0.2, chainDraw(i, k)])
        }
      } else {
        const still = draw === 'map'
        const c = times(transposed(V), plus([1, x0hat], [sigma, still ? [0, 0, 0, 0] : drawn(i, 'coupling')]))
        const noise = still ? [0, 0, 0] : list(streams.normal(i, 'measured', [3]))
        const d = times(transposed(U), plus([1, y], [sigmaY, noise]))
        x0 = times(
          V,
          c.map((v, k) => {
            const s = singular[k] ?? 0
            return ((s * (d[k] ?? 0)) / sigmaY ** 2 + v / sigma ** 2) / ((s / sigmaY) ** 2 + 1 / sigma ** 2)
          }),
        )
      }
      const to = levels[i + 1]
      u = to === undefined ? x0 : plus([1, x0], [to, drawn(i, 'step')])
      close(list(step.x), plus([to === undefined ? 1 : alphaOf(to), u]), `x of step ${i}`)
      close(step.residual, [Math.hypot(...plus([1, y], [-1, times(A, x0hat)]))], `residual of step ${i}`)
    }
  })
})

const mu = Matrix.columnVector([0.5, -0.3])
const S = new Matrix([[1, 0.6], [0.6, 0.8]]) // biome-ignore format: a matrix
const row = new Matrix([[1, 0.5]])
const [sigmaY, measured] = [0.5, 0.8]
const prior = gaussianPrior({
  mean: mu.to1DArray(),
  covariance: S.to2DArray(),
  schedule: ve({ sigmaMax: 20 }),
})
const problem = (count: number): Problem => ({
  operator: matrixOperator(tensor(row.to2DArray(), float64)),
  noise: gaussianNoise(sigmaY),
  y: fromData(new Float64Array(count).fill(measured), [count, 1], float64),
})
const H = row.transpose().mmul(row).div(sigmaY ** 2) // biome-ignore format: one line
const b = row.transpose().mul(measured / sigmaY ** 2)
const exact = gaussianPosterior(mu, S, H, b)
const noised = ({ mean, covariance }: Moments, sigma: number): Moments => ({
  mean,
  covariance: Matrix.add(covariance, Matrix.eye(2).mul(sigma ** 2)),
})

describe('TC on a Gaussian prior: C = S − S(S + σ²I)⁻¹S', () => {
  const options = { steps: 4, sigmaMax: 4, sigmaMin: 0.2, estimate: 'covariance' } as const
  const levels = [...grid(4, 4, 0.2), 0]
  const stepOf = (i: number, more: RtoTuOptions, method: typeof rtoTu | typeof mapTu = rtoTu) =>
    affineStep((count, resume) => method.run(problem(count), prior, { ...options, ...more, resume }), i, 2)
  /** x̂₀ = G·x + g, and C. */
  const believed = (sigma: number) => {
    const G = S.mmul(inverse(noised({ mean: mu, covariance: S }, sigma).covariance))
    return { G, g: Matrix.sub(mu, G.mmul(mu)), C: Matrix.sub(S, G.mmul(S)) }
  }

  it('RTO keeps the posterior: from p(x_t | y) to p(x_s | y), every step; MAP has its mean alone', async () => {
    for (let i = 0; i < 4; i++) {
      const step = await stepOf(i, {})
      const after = stepped(step, noised(exact, levels[i]!))
      const wanted = noised(exact, levels[i + 1]!)
      expect(apart(after.mean, wanted.mean)).toBeLessThan(1e-9)
      expect(apart(after.covariance, wanted.covariance)).toBeLessThan(1e-9)
      const still = await stepOf(i, {}, mapTu)
      expect(apart(still.F, step.F) + apart(still.f, step.f)).toBeLessThan(1e-9)
      expect(apart(still.Q, Matrix.eye(2).mul(levels[i + 1]! ** 2))).toBeLessThan(1e-9)
    }
  })

  it('Langevin steps go by C⁻¹: m ← m − η(C⁻¹(m − x̂₀) + AᵀA m/σ_y² − Aᵀy/σ_y²)', async () => {
    const [eta, innerSteps] = [0.02, 3]
    for (const i of [0, 2]) {
      const { G, g, C } = believed(levels[i]!)
      const L = Matrix.sub(Matrix.eye(2), Matrix.add(inverse(C), H).mul(eta))
      let [F, f, Q] = [G, g, Matrix.zeros(2, 2)]
      for (let k = 0; k < innerSteps; k++) {
        F = Matrix.add(L.mmul(F), inverse(C).mmul(G).mul(eta))
        f = Matrix.add(Matrix.add(L.mmul(f), inverse(C).mmul(g).mul(eta)), Matrix.mul(b, eta))
        Q = Matrix.add(L.mmul(Q).mmul(L.transpose()), Matrix.eye(2).mul(2 * eta))
      }
      Q = Matrix.add(Q, Matrix.eye(2).mul(levels[i + 1]! ** 2))
      const step = await stepOf(i, { draw: 'langevin', innerSteps, learningRate: eta })
      for (const [ours, wanted] of [[step.F, F], [step.f, f], [step.Q, Q]] as const) // biome-ignore format: one line
        expect(apart(ours, wanted)).toBeLessThan(1e-9)
      // With m = 0 the Hamiltonian chain is that of Langevin.
      const heavy = await stepOf(i, { draw: 'hmc', momentum: 0, innerSteps, learningRate: eta })
      expect(apart(heavy.F, F) + apart(heavy.Q, Q)).toBeLessThan(1e-9)
    }
  })

  it('converges to the posterior: log of what is left of a start falls by n·∫ log(P/(P + σ(u)²))du', async () => {
    const [v, high, low] = [0.8, 0.7, 0.1]
    const one = gaussianPrior({ mean: [0.2], covariance: v, schedule: ve({ sigmaMax: 20 }) })
    const given = (count: number) => ({ ...problem(count), operator: matrixOperator(tensor([[1]], float64)) })
    const P = 1 / (1 / v + 1 / sigmaY ** 2)
    const mean = P * (0.2 / v + measured / sigmaY ** 2)
    const counts = [6, 12, 24]
    const left: number[] = []
    for (const steps of counts) {
      const ends = { steps, sigmaMax: high, sigmaMin: low, estimate: 'covariance' } as const
      let law: Moments = { mean: Matrix.zeros(1, 1), covariance: Matrix.eye(1).mul(high ** 2) }
      for (let i = 0; i < steps; i++)
        law = stepped(
          await affineStep((count, resume) => rtoTu(given(count), one, { ...ends, resume }), i, 1),
          law,
        )
      left.push(Math.log(Math.abs(law.mean.get(0, 0) - mean) / mean))
      // Of the variance it is the square of that, times what it is off at the start.
      const off = law.covariance.get(0, 0) - P
      expect(Math.log(Math.abs(off) / P) - 2 * left.at(-1)!).toBeCloseTo(0, 5)
    }
    const nodes = Array.from({ length: 2000 }, (_, k) => root(high, low, (k + 0.5) / 2000))
    const integral = nodes.reduce((sum, sigma) => sum + Math.log(P / (P + sigma ** 2)), 0) / 2000
    const fitted = (left[2]! - left[1]!) / 12
    expect(fitted / integral).toBeCloseTo(1, 2)
  })
})

describe('settings of one engine, bit for bit', () => {
  const mixture = gaussianMixturePrior({
    weights: [1, 2],
    means: [[-1, 0.5], [1, 0]], // biome-ignore format: rows
    covariances: 0.3,
    schedule: ve({ sigmaMax: 20 }),
  })
  const two = { ...problem(2), y: tensor([[0.8], [-0.4]], float64) }
  async function statesOf(steps: AsyncGenerator<GuidedStep, Tensor>): Promise<number[][]> {
    const out: number[][] = []
    for await (const { x, x0hat } of steps) out.push([...list(x), ...list(x0hat)])
    return out
  }
  const common = { steps: 4, seed: 3, sigmaMax: 4, sigmaMin: 0.2 }
  const chain = { innerSteps: 3, learningRate: 0.02, momentum: 0.6 }
  const cases: readonly (readonly [RtoTuOptions, DapsOptions])[] = [
    [{}, { estimate: 'tweedie', draw: 'exact' }],
    [{ estimate: 'covariance' }, { estimate: 'covariance', draw: 'exact' }],
    [
      { estimate: 'ode', odeMin: 0 },
      { estimate: 'ode', draw: 'exact' },
    ],
    [
      { draw: 'langevin', ...chain },
      { estimate: 'tweedie', draw: 'langevin', decay: 1, ...chain },
    ],
    [
      { draw: 'hmc', estimate: 'covariance', ...chain },
      { draw: 'hmc', estimate: 'covariance', decay: 1, ...chain },
    ],
  ]

  it.each(cases)('rto-tu with %j is daps with %j', async (ours, theirs) => {
    const found = await statesOf(rtoTu(two, mixture, { ...common, ...ours }))
    expect(found.length).toBe(4)
    expect(await statesOf(daps(two, mixture, { ...common, visitLast: true, ...theirs }))).toEqual(found)
  })

  it.each(['tweedie', 'covariance'] as const)('map-tu with %s is daps with map', async (estimate) => {
    const found = await statesOf(mapTu(two, mixture, { ...common, estimate }))
    const options = { ...common, visitLast: true, estimate, draw: 'map' } as const
    expect(await statesOf(daps(two, mixture, options))).toEqual(found)
  })

  it('daps leaves its last level out, unless it is asked to visit it', async () => {
    const timesOf = async (options: DapsOptions) => {
      const out: number[] = []
      for await (const { t } of daps(two, mixture, { ...common, estimate: 'tweedie', ...options }))
        out.push(t)
      return out
    }
    expect(await timesOf({})).toEqual(
      grid(5, 4, 0.2)
        .slice(0, 4)
        .map((t) => expect.closeTo(t, 12)),
    )
    expect((await timesOf({ visitLast: true })).at(-1)).toBe(0.2)
  })

  it('a flow from its own last level is one step, and is counted so', async () => {
    for (const odeMin of [0, 0.1, 0.2]) {
      const counted = countCalls(mixture)
      const options = { ...common, estimate: 'ode', odeMin } as const
      await run(rtoTu(two, counted, options))
      expect(counted.calls.total).toBe(rtoTu.info.evaluations(4, options))
      expect(counted.calls.total).toBe(odeMin === 0.2 ? 16 : 20)
    }
  })

  it.each([
    ['ve to 2', ve({ sigmaMax: 2 })],
    ['ve to 9', ve({ sigmaMax: 9 })],
    ['vp', vpContinuous()],
  ] as const)('map-tu on %s is diffpir with λ = ζ = 1', async (_, schedule) => {
    const here = gaussianMixturePrior({ weights: [1, 2], means: [[-1, 0.5], [1, 0]], covariances: 0.3, schedule }) // biome-ignore format: one line
    const times: number[] = []
    const settings = { steps: 2, seed: 3, lambda: 1, zeta: 1, init: 'zeros', spacing: 'karras' } as const
    for await (const { t } of diffpir(two, here, settings)) times.push(t)
    const [sigmaMax = 0, sigmaMin = 0] = times.map((t) => noiseLevel(schedule, t))
    const found = await statesOf(mapTu(two, here, { steps: 2, seed: 3, sigmaMax, sigmaMin }))
    expect(await statesOf(diffpir(two, here, settings))).toEqual(found)
  })
})

describe('what is not linear, or whose noise is not Gaussian: randomise, then optimise', () => {
  const B = [[1, -0.4], [0.3, 0.8], [0.5, 0.5]] // biome-ignore format: rows
  const squares = defineOperator({
    name: 'squares',
    summary: 'squares of projections',
    example: 'squares',
    options: {},
    build: () => ({
      inShape: [2],
      outShape: [3],
      forward: (x: Tensor) => x.matmul(tensor(B, float64).transpose()).square(),
    }),
  })([2])
  const seen = [0.9, 0.2, 0.4]
  const given = { operator: squares, noise: gaussianNoise(0.3), y: tensor([seen], float64) }
  const options = { steps: 2, sigmaMax: 0.8, sigmaMin: 0.4, seed, firstSample, iterations: 60 } as const
  const level = [0.8, 0.4]
  /** ∇ of ‖y' − (Bx)²‖²/(2σ_y²) + ½(x − c)ᵀC⁻¹(x − c). */
  const slopeAt = (x: number[], y: number[], c: number[], precision: number[][]) => {
    const u = times(B, x)
    const r = u.map((v, k) => ((v ** 2 - y[k]!) * 2 * v) / 0.09)
    return plus([1, times(transposed(B), r)], [1, times(precision, plus([1, x], [-1, c]))])
  }
  const noiseOf = (i: number) => list(normal(streams.keysOf(i, 'measured'), [3], float64))
  const drawnOf = (i: number) => list(streams.normal(i, 'coupling', [2]))

  it.each(['tweedie', 'covariance'] as const)(
    'RTO and MAP with %s end where the gradient is 0',
    async (estimate) => {
      for await (const step of rtoTu(given, prior, { ...options, estimate })) {
        const sigma = level[step.i]!
        const wide = estimate === 'tweedie'
        const C = wide
          ? Matrix.eye(2).mul(sigma ** 2)
          : Matrix.sub(S, S.mmul(inverse(noised({ mean: mu, covariance: S }, sigma).covariance)).mmul(S))
        // C^½ of two rows: (C + √det·I)/√(tr + 2√det).
        const det = Math.sqrt(C.get(0, 0) * C.get(1, 1) - C.get(0, 1) ** 2)
        const half = Matrix.add(C, Matrix.eye(2).mul(det)).div(Math.sqrt(C.trace() + 2 * det))
        const centre = plus([1, list(step.x0hat)], [1, times(half.to2DArray(), drawnOf(step.i))])
        const moved = plus([1, seen], [0.3, noiseOf(step.i)])
        for (const v of slopeAt(list(step.x0), moved, centre, inverse(C).to2DArray()))
          expect(Math.abs(v)).toBeLessThan(3e-6)
      }
      for await (const step of mapTu(given, prior, { ...options, estimate: 'tweedie' })) {
        const precision = Matrix.eye(2)
          .div(level[step.i]! ** 2)
          .to2DArray()
        for (const v of slopeAt(list(step.x0), seen, list(step.x0hat), precision))
          expect(Math.abs(v)).toBeLessThan(3e-6)
      }
    },
  )

  it('of a linear A it is the exact draw', async () => {
    // The same A without its adjoint.
    const { adjoint, svd, pinv, ...bare } = matrixOperator(tensor(row.to2DArray(), float64))
    const nonlinear = { ...problem(1), operator: bare }
    const steps = rtoTu(nonlinear, prior, { ...options, estimate: 'covariance' })
    const { value } = await steps.next()
    if (value === undefined || !('x0' in value)) throw new Error('no step')
    const C = Matrix.sub(S, S.mmul(inverse(noised({ mean: mu, covariance: S }, 0.8).covariance)).mmul(S))
    const det = Math.sqrt(C.get(0, 0) * C.get(1, 1) - C.get(0, 1) ** 2)
    const half = Matrix.add(C, Matrix.eye(2).mul(det)).div(Math.sqrt(C.trace() + 2 * det))
    const centre = Matrix.columnVector(plus([1, list(value.x0hat)], [1, times(half.to2DArray(), drawnOf(0))]))
    const moved = measured + sigmaY * list(normal(streams.keysOf(0, 'measured'), [1], float64))[0]!
    const gain = C.mmul(row.transpose()).div(row.mmul(C).mmul(row.transpose()).get(0, 0) + sigmaY ** 2)
    const wanted = Matrix.add(centre, gain.mul(moved - row.mmul(centre).get(0, 0)))
    list(value.x0).forEach((v, k) => expect(v).toBeCloseTo(wanted.get(k, 0), 6))
    await steps.return(value.x)
  })

  it('counts are drawn anew, and their likelihood optimised', async () => {
    const noise = poissonNoise({ peak: 6, background: 12 })
    const counts = { operator: problem(1).operator, noise, y: tensor([[1 / 3]], float64) }
    for await (const step of rtoTu(counts, prior, options)) {
      const [again = 0] = list(noise.sample(streams.keysOf(step.i, 'measured'), counts.y))
      const centre = plus([1, list(step.x0hat)], [level[step.i]!, drawnOf(step.i)])
      const [a = 0, b = 0] = list(step.x0)
      // k = 3(y + 1) + 12 of the rate 3(Ax + 1) + 12.
      const score = 3 * ((3 * again + 15) / (3 * (a + b / 2) + 15) - 1)
      const precision = 1 / level[step.i]! ** 2
      expect(Math.abs(precision * (a - centre[0]!) - score)).toBeLessThan(3e-6)
      expect(Math.abs(precision * (b - centre[1]!) - score / 2)).toBeLessThan(3e-6)
    }
  })

  it('refuses what has neither a closed form nor a likelihood, before any work', async () => {
    const unlikely = { ...given, noise: noNoise() }
    expect(() => rtoTu(unlikely, prior)).toThrow(UnfitError)
    expect(() => mapTu(unlikely, prior)).toThrow('needs noise of a known likelihood')
    const clean = { ...problem(1), noise: noNoise() }
    expect(() => rtoTu(clean, prior, { draw: 'langevin' })).toThrow(UnfitError)
    // Closed forms hold A x = y.
    const x = list(await run(rtoTu(clean, prior, { steps: 3 })))
    expect(x[0]! + x[1]! / 2).toBeCloseTo(measured, 9)
    expect(() => rtoTu(given, prior, { estimate: 'ode', sigmaMin: 0.01, odeMin: 0.02 })).toThrow(
      'must be at most sigmaMin, 0.01, got 0.02',
    )
    const coarse = gaussianPrior({ mean: [0, 0], covariance: 0.3, schedule: vpLinear({ T: 50 }) })
    const least = noiseLevel(coarse.schedule, 0)
    expect(() => mapTu(given, coarse, { steps: 9, estimate: 'ode', sigmaMin: least })).toThrow(
      `must be above ${least}`,
    )
    expect(() => rtoTu(given, prior, { sigmaMin: 2, sigmaMax: 1 })).toThrow('sigmaMin')
  })
})

// What DDSMC aims at, against closed forms: over a Gaussian prior its steps are a linear Gaussian chain (chain.test.helper.ts), over a
// mixture in one dimension densities on a line.
import type { Tensor } from '@tweedie/tensor'
import { fromData, tensor } from '@tweedie/tensor'
import { Matrix } from 'ml-matrix'
import { describe, expect, it, vi } from 'vitest'
import { gaussianNoise } from '../../noise/index.ts'
import { matrixOperator } from '../../operators/index.ts'
import type { ExactPrior } from '../../priors/index.ts'
import { gaussianMixturePrior, gaussianPrior } from '../../priors/index.ts'
import { run } from '../../run/index.ts'
import type { TimePair } from '../../schedules/index.ts'
import { noiseLevel, respace, ve } from '../../schedules/index.ts'
import type { DdsmcOptions } from '../index.ts'
import { ddsmc } from '../index.ts'
import { lawOf, repeated } from '../law-of-method.test.helper.ts'
import type { State, Steps } from './chain.test.helper.ts'
import { chainOf, estimated, given, mean, slopeOf, transitionOf } from './chain.test.helper.ts'
import type { Density } from './line.test.helper.ts'
import { lineOf, normalAt } from './line.test.helper.ts'

vi.mock('../../run/streams.ts', async (original) => {
  const { probed } = await import('../law-of-method.test.helper.ts')
  return probed(await original<typeof import('../../run/streams.ts')>())
})

const float64 = { dtype: 'float64' } as const
const covariance = [[1, 0.6], [0.6, 0.8]] // biome-ignore format: a matrix
const vp = gaussianPrior({ mean: [0.3, -0.2], covariance })
const explodes = gaussianPrior({ mean: [0.3, -0.2], covariance, schedule: ve({ sigmaMax: 6 }) })
const [a, y, sigmaY, steps] = [[1, 0.5], 1.1, 0.8, 8]
const problemOf = (N: number) => ({
  operator: matrixOperator(tensor([a], float64)),
  noise: gaussianNoise(sigmaY),
  y: fromData(new Float64Array(N).fill(y), [N, 1]),
})

/** The kernel f of a coupling: its variance, and what it keeps of x_t. */
const decoupled = (eta: number): Steps => {
  const of = (t: { alpha: number; sigma: number }, s: { alpha: number; sigma: number }) => {
    const own = eta * (t.alpha / s.alpha) ** 2 * s.sigma ** 2
    const b = t.sigma ** 2 - ((t.alpha / s.alpha) * s.sigma) ** 2
    return { b, d: b + own, ofX: (eta * (t.alpha / s.alpha) * s.sigma ** 2) / (b + own) }
  }
  return {
    fresh: (t, s) => (of(t, s).b * s.sigma ** 2) / of(t, s).d,
    kept: (t, s) => (of(t, s).ofX * t.sigma) ** 2,
  }
}
/** ρ² of the last level. */
const lastSpread = (prior: ExactPrior, { t }: TimePair) => 0.5 / (1 + noiseLevel(prior.schedule, t) ** -2)

/** The law of x₀ given y, and log of the evidence. */
function truthOf(prior: ExactPrior, eta: number, last: DdsmcOptions['last']): State {
  const times = respace(prior.schedule, steps, 'linspace')
  const state = chainOf(prior, times, decoupled(eta))
  const more = last === 'draw' ? lastSpread(prior, times.at(-1)!) : 0
  return given(
    { ...state, covariance: Matrix.add(state.covariance, Matrix.eye(2, 2, more)) },
    a,
    y,
    sigmaY ** 2,
  )
}

interface Found {
  readonly logs: readonly number[]
  /** Of the weighted particles of each row. */
  readonly means: readonly Matrix[]
}
async function found(prior: ExactPrior, N: number, options: DdsmcOptions): Promise<Found> {
  let [logs, means]: [readonly number[], readonly Matrix[]] = [[], []]
  await run(ddsmc(problemOf(N), prior, { steps, spacing: 'linspace', ...options }), {
    onStep: ({ i, steps: all, particles: { x }, weights, logEvidence }) => {
      if (i < all - 1) return
      const data = x.dataSync()
      logs = logEvidence
      means = weights.map((w, row) =>
        Matrix.columnVector(
          [0, 1].map((j) => w.reduce((sum, v, k) => sum + v * data[2 * (row * w.length + k) + j]!, 0)),
        ),
      )
    },
  })
  return { logs, means }
}

describe('given a Gaussian prior', () => {
  // Standard errors from 1: at most 1.2; three are allowed.
  it.each([
    ['VP', vp, { eta: 0, last: 'draw' }],
    ['VP', vp, { eta: 0.5, last: 'exact', resampler: 'systematic', threshold: 0.5 }],
    ['VP', vp, { eta: 1, last: 'draw', width: 'level' }],
    ['VE', explodes, { eta: 0, last: 'exact' }],
    ['VE', explodes, { eta: 0.5, last: 'draw', spreadFactor: 1 }],
    ['VE', explodes, { eta: 1, last: 'exact', spread: 'noise-level' }],
  ] as const)('the evidence of its chain, without bias: %s, %o', async (_, prior, options) => {
    const truth = truthOf(prior, options.eta, options.last).log
    const { logs } = await found(prior, 150, { particles: 16, seed: 4, ...options })
    const { mean: Z, error } = estimated(logs.map((log) => Math.exp(log - truth)))
    if (process.env['SHOW']) console.log(((Z - 1) / error).toFixed(2), error.toFixed(4))
    expect(error).toBeLessThan(0.1)
    expect(Math.abs(Z - 1)).toBeLessThan(3 * error)
  })

  // Over 64 rows of two numbers the slope has a standard error of 0.04.
  it.each([0, 0.5, 1])('the error of the mean falls as K^−½, η = %d', async (eta) => {
    const prior = eta === 0.5 ? explodes : vp
    const truth = truthOf(prior, eta, 'draw').mean
    const counts = [8, 24, 72]
    const errors: number[] = []
    for (const particles of counts) {
      const { means } = await found(prior, 64, { eta, particles, seed: 3 })
      errors.push(Math.sqrt(mean(means.map((m) => Matrix.sub(m, truth).norm() ** 2))))
    }
    if (process.env['SHOW']) console.log(slopeOf(counts, errors), errors)
    expect(Math.abs(slopeOf(counts, errors) + 0.5)).toBeLessThan(0.2)
  })
})

describe('the law of its steps, of one particle that nothing is measured of', () => {
  const blind = { operator: matrixOperator(tensor([[0, 0]], float64)), noise: gaussianNoise(1) }
  const prior = gaussianPrior({ mean: [0, 0], covariance, schedule: ve({ sigmaMax: 30 }) })
  const truth = prior.law.covariance()
  /** How far its covariance is from the prior's. */
  const off = async (steps: number, options: DdsmcOptions) => {
    const restore = (rows: number) =>
      run(
        ddsmc({ ...blind, y: repeated([0], rows) }, prior, {
          ...{ steps, particles: 1, threshold: 0, last: 'exact', spacing: 'karras', ...options },
        }),
      )
    return Matrix.sub((await lawOf(2, restore)).covariance, truth).norm()
  }

  it('tends to the prior’s at the rate of the steps: η = 1 with Tweedie’s estimate, and not otherwise', async () => {
    const counts = [15, 30, 60]
    const errors = { 0: [] as number[], 0.5: [] as number[], 1: [] as number[] }
    for (const eta of [0, 0.5, 1] as const)
      for (const steps of counts) errors[eta].push(await off(steps, { eta }))
    if (process.env['SHOW']) console.log(errors, slopeOf(counts, errors[1]))
    // No chance in it: the slope between neighbours goes to −1, or to 0 where the steps do not help.
    const slopes = (e: readonly number[]) => [0, 1].map((k) => Math.log2(e[k]! / e[k + 1]!))
    const [first, second] = slopes(errors[1])
    expect(1 - second!).toBeLessThan(0.12)
    expect(1 - second!).toBeLessThan(0.6 * (1 - first!))
    expect(slopes(errors[0])[1]).toBeLessThan(0.1)
    expect(slopes(errors[0.5])[1]).toBeLessThan(0.2)
  })

  it('η = 0 with the flow: at the rate of the flow, whatever the steps', async () => {
    const counts = [32, 64, 128]
    const errors: number[] = []
    for (const odeSteps of counts) errors.push(await off(8, { eta: 0, estimate: 'ode', odeSteps }))
    if (process.env['SHOW']) console.log(errors, slopeOf(counts, errors))
    expect(Math.abs(slopeOf(counts, errors) + 1)).toBeLessThan(0.1)
  })
})

it('over a mixture: the evidence, and the weight of a mode as K^−½', async () => {
  const line = lineOf(10, 0.08)
  const { nodes, total } = line
  const prior = gaussianMixturePrior({ weights: [1, 2], means: [[-1], [1]], covariances: 0.15, schedule: ve({ sigmaMax: 3 }) }) // biome-ignore format: one line
  const { schedule } = prior
  const [N, y, sigmaY, eta] = [200, 0.25, 0.7, 0.5]
  const denoised = (t: number) => prior.denoise(fromData(nodes, [nodes.length, 1]), t).dataSync()
  const times = respace(schedule, 8, 'guided')
  const p = times.slice(0, -1).reduce<Density>(
    (q, at) => {
      const { fromX0, fromX, variance } = transitionOf(schedule, at, decoupled(eta))
      const x0 = denoised(at.t)
      return line.carry(nodes.map((x, j) => fromX0 * x0[j]! + fromX * x), variance)(q) // biome-ignore format: one line
    },
    nodes.map((x) => normalAt(x, 0, schedule.sigma(times[0]!.t) ** 2)),
  )
  const x0 = denoised(times.at(-1)!.t)
  const weighed = p.map((v, j) => v * normalAt(y, x0[j]!, sigmaY ** 2))
  const evidence = total(weighed)
  const share = total(weighed.map((v, j) => (x0[j]! < 0 ? v : 0))) / evidence
  const problem = {
    operator: matrixOperator(tensor([[1]], float64)),
    noise: gaussianNoise(sigmaY),
    y: repeated([y], N),
  }
  const counts = [16, 48, 144]
  const errors: number[] = []
  for (const particles of counts) {
    let [logs, shares]: [readonly number[], readonly number[]] = [[], []]
    const options = { steps: 8, spacing: 'guided', particles, eta, last: 'exact', seed: 2 } as const
    await run(ddsmc(problem, prior, options), {
      onStep: ({ i, steps: all, particles: { x }, weights, logEvidence }) => {
        if (i < all - 1) return
        const data: ArrayLike<number> = (x as Tensor).dataSync()
        logs = logEvidence
        shares = weights.map((w, row) =>
          w.reduce((sum, v, k) => sum + (data[row * w.length + k]! < 0 ? v : 0), 0),
        )
      },
    })
    const { mean: Z, error } = estimated(logs.map((log) => Math.exp(log) / evidence))
    if (process.env['SHOW']) console.log(((Z - 1) / error).toFixed(2), error.toFixed(4))
    expect(Math.abs(Z - 1)).toBeLessThan(3 * error)
    expect(error).toBeLessThan(0.2)
    errors.push(Math.sqrt(mean(shares.map((v) => (v - share) ** 2))))
  }
  if (process.env['SHOW']) console.log(slopeOf(counts, errors), errors)
  // The slope has a standard error of √2/(√400·ln 9) = 0.032.
  expect(Math.abs(slopeOf(counts, errors) + 0.5)).toBeLessThan(0.25)
})

it('does not care for the units of the schedule: VP and VE at the same levels', async () => {
  const steps = 10
  const levels = respace(vp.schedule, steps, 'linspace').map(({ t }) => noiseLevel(vp.schedule, t))
  const top = levels[0]!
  const exploding = gaussianPrior({ mean: [0.3, -0.2], covariance, schedule: ve({ sigmaMax: top }) })
  // Times of VE are levels: a schedule whose evenly spaced times are those of VP.
  const { schedule } = exploding
  const index = (u: number) => (u <= -1 ? 0 : noiseLevel(vp.schedule, u))
  const renamed = {
    ...schedule,
    ...{ clean: vp.schedule.clean, noisiest: vp.schedule.noisiest, discreteSteps: 1000 },
    alpha: () => 1,
    sigma: index,
    timeOfNoiseLevel: vp.schedule.timeOfNoiseLevel,
  }
  const same = {
    ...exploding,
    schedule: renamed,
    denoise: (x: Tensor, t: number) => exploding.denoise(x, index(t)),
  }
  for (const options of [{ eta: 0 }, { eta: 0.7, width: 'level' }, { eta: 1, last: 'mean' }] as const) {
    const by = async (prior: typeof vp | typeof same) =>
      Array.from(
        (await run(ddsmc(problemOf(2), prior, { steps, particles: 6, seed: 5, ...options }))).dataSync(),
      )
    const [one, other] = [await by(vp), await by(same)]
    // x_T of σ_T·z, whose α_T·x₀ apart the levels are those: equal but for α_T of it.
    one.forEach((v, k) => expect(other[k]).toBeCloseTo(v, 6))
  }
})

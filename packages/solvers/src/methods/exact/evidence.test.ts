// The estimates of the evidence against closed forms: of the law that each method aims at, over a Gaussian prior. The mean of
// Ẑ/Z over runs is 1, whatever twist, resampler and threshold. The distance from 1 in standard errors is given where it was
// measured: seeds are fixed, and three are allowed.
import type { Tensor } from '@tweedie/tensor'
import { fromData, tensor } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { gaussianNoise } from '../../noise/index.ts'
import { matrixOperator } from '../../operators/index.ts'
import { gaussianPrior } from '../../priors/index.ts'
import { noiseStreams, run } from '../../run/index.ts'
import type { TimePair } from '../../schedules/index.ts'
import { respace } from '../../schedules/index.ts'
import type { GuidedStep, Problem } from '../../types.ts'
import { fpsSmc, mcgDiff, mcgDiffTimes, smcDiff, tds } from '../index.ts'
import type { State, Steps } from './chain.test.helper.ts'
import { chainOf, ddimOf, estimated, given, large, logNormalOf, renoising, startOf, stepOf, transitionOf } from './chain.test.helper.ts' // biome-ignore format: one line

const float64 = { dtype: 'float64' } as const
const covariance = [[1, 0.6], [0.6, 0.8]] // biome-ignore format: a matrix
const prior = gaussianPrior({ mean: [0.3, -0.2], covariance })
const { schedule } = prior
const [N, y] = [200, 1.1]
const problemOf = (a: readonly number[], sigmaY: number) => ({
  operator: matrixOperator(tensor([[...a]], float64)),
  noise: gaussianNoise(sigmaY),
  y: fromData(new Float64Array(N).fill(y), [N, 1]),
})
const norm = (a: readonly number[]) => Math.hypot(...a)

/** How far the mean of Ẑ/Z is from 1, in standard errors, which are at most `most`. */
function held(logs: readonly number[], truths: readonly number[] | number, most = 0.1): void {
  const { mean, error } = estimated(
    logs.map((log, i) => Math.exp(log - (typeof truths === 'number' ? truths : truths[i]!))),
  )
  if (process.env['SHOW']) console.log(((mean - 1) / error).toFixed(2), error.toFixed(4))
  expect(logs.length).toBe(N)
  expect(error).toBeLessThan(most)
  expect(Math.abs(mean - 1)).toBeLessThan(3 * error)
}
async function evidenceOf(steps: AsyncGenerator<{ readonly logEvidence: readonly number[] }, Tensor>) {
  let logs: readonly number[] = []
  await run(steps, { onStep: ({ logEvidence }) => void (logs = logEvidence) })
  return logs
}

describe('TDS', () => {
  const a = [1, 0.5]
  const sigmaY = 0.8
  const steps = 8
  const truth = given(chainOf(prior, respace(schedule, steps, 'guided'), large), a, y, sigmaY ** 2).log

  // Standard errors: 0.1, 1.4, −0.3, −0.3, then −0.6 and −1.8; MCGDiff 1.8, 1.9, 0.5, 1.5; the filters 0.5, −0.8, −0.6, 2.0.
  it.each([
    ['noise-level', 'systematic', 1],
    ['none', 'multinomial', 0.5],
    ['pigdm', 'residual', 0.7],
    ['pigdm', 'stratified', 0],
  ] as const)('twist %s, %s resampling below %d', async (spread, resampler, threshold) => {
    const options = { steps, particles: 16, spread, resampler, threshold, seed: 4 }
    held(await evidenceOf(tds(problemOf(a, sigmaY), prior, options)), truth)
  })

  it('clipping the proposal leaves it where it is', async () => {
    const options = { steps, particles: 16, clip: [-0.5, 0.5], seed: 5 } as const
    held(await evidenceOf(tds(problemOf(a, sigmaY), prior, options)), truth)
  })

  it('without noise it is the density of y under the last kernel', async () => {
    const times = respace(schedule, steps, 'guided')
    const last = (schedule.sigma(times.at(-1)!.t) / schedule.alpha(times.at(-1)!.t)) ** 2
    const exact = given(chainOf(prior, times, large), [0.6, 0.8], y, last).log
    held(await evidenceOf(tds(problemOf([0.6, 0.8], 0), prior, { steps, particles: 16, seed: 6 })), exact)
  })
})

describe('MCGDiff', () => {
  const a = [1, 0.5]
  const [sigmaY, kappa, steps] = [0.8, 1e-2, 10]
  const level = sigmaY / norm(a)
  const times = mcgDiffTimes(schedule, steps, [level])
  const tau = times.findIndex(({ t }) => Math.abs(schedule.sigma(t) / schedule.alpha(t) - level) < 1e-9)
  const unit = a.map((v) => v / norm(a))

  it.each([
    ['multinomial', 1, 1],
    ['systematic', 0.5, 0.8],
    ['residual', 0, 1],
  ] as const)('conditioned on x_τ: %s resampling below %d, η = %d', async (resampler, threshold, eta) => {
    const { alpha } = { alpha: schedule.alpha(times[tau]!.t) }
    const before = chainOf(prior, times.slice(0, tau), ddimOf(eta))
    const log = given(before, unit, (alpha * y) / norm(a), kappa).log + Math.log(alpha / norm(a))
    const options = { steps, particles: 16, kappa, resampler, threshold, eta, seed: 7 }
    held(await evidenceOf(mcgDiff(problemOf(a, sigmaY), prior, options)), log)
  })

  it('without noise', async () => {
    const grid = mcgDiffTimes(schedule, steps, [0])
    const { t } = grid.at(-1)!
    const chain = chainOf(prior, grid, ddimOf(1))
    const log =
      given(chain, unit, y / norm(a), (schedule.sigma(t) / schedule.alpha(t)) ** 2).log - Math.log(norm(a))
    held(await evidenceOf(mcgDiff(problemOf(a, 0), prior, { steps, particles: 32, seed: 8 })), log)
  })
})

describe('filters of a path, given the path', () => {
  /** Kalman's log p(y_T, …, y_0) − log q(y_T, …, y_1 | y) of each row. */
  async function compared(
    generator: AsyncGenerator<GuidedStep & { readonly logEvidence: readonly number[] }, Tensor>,
    problem: Problem & { operator: ReturnType<typeof matrixOperator> },
    a: readonly number[],
    sigmaY: number,
    times: readonly TimePair[],
    kernel: Steps,
    pathKernel = kernel,
  ) {
    const variance = (t: number) => (schedule.alpha(t) * sigmaY) ** 2
    const T = times[0]!.t
    const size = norm(a) ** 2
    const states: State[] = []
    const before: number[] = []
    const svd = problem.operator.svd()
    let logs: readonly number[] = []
    // y_T is the draw that the first state holds no more: from the stream itself.
    const z = noiseStreams({ seed: 9, count: N, dtype: 'float64' }).normal(0, 'path start', [2])
    const seen = svd.v(z.mul(tensor([Array.from(svd.singularValues, (s) => (s > 0 ? 1 : 0))], float64)))
    const first = problem.operator.forward(seen).mul(schedule.sigma(T)).dataSync()
    for (let row = 0; row < N; row++) {
      const yT = schedule.alpha(T) * y + first[row]!
      const q = logNormalOf(yT, schedule.alpha(T) * y, schedule.sigma(T) ** 2 * size)
      const state = given(startOf(2, schedule.sigma(T) ** 2), a, yT, variance(T))
      states.push({ ...state, log: state.log - q })
      before.push(yT)
    }
    for await (const step of generator) {
      const at = times[step.i]!
      const { path } = step.state['shared'] as { path: Tensor }
      const now = problem.operator.forward(svd.v(path)).dataSync()
      const { fromX0, fromX, variance: fresh } = transitionOf(schedule, at, pathKernel)
      const last = at.s === schedule.clean
      const level = (schedule.sigma(at.t) / schedule.alpha(at.t)) ** 2 * size
      for (let row = 0; row < N; row++) {
        const moved = stepOf(prior, states[row]!, at, kernel)
        const state = given(moved, a, now[row]!, last && sigmaY === 0 ? level : variance(at.s))
        const q = last ? 0 : logNormalOf(now[row]!, fromX0 * y + fromX * before[row]!, fresh * size)
        states[row] = { ...state, log: state.log - q }
        before[row] = now[row]!
      }
      logs = step.logEvidence
      if (last) for (const value of before) expect(value).toBeCloseTo(y, 12)
    }
    held(
      logs,
      states.map(({ log }) => log),
    )
  }

  const a = [1, 0.5]
  const steps = 8
  const times = respace(schedule, steps, 'guided')
  it.each([
    ['marginal', 0.95, renoising(0.95), 0.8, 'guided'],
    ['ddim', 0.64, ddimOf(0.8), 0.8, 'guided'],
    ['ddim', 1, ddimOf(1), 0, 'log-snr'],
  ] as const)('FPS-SMC, %s c = %d', async (kernel, c, by, sigmaY, spacing) => {
    const problem = problemOf(a, sigmaY)
    const options = { steps, particles: 16, kernel, c, seed: 9, spacing }
    await compared(fpsSmc(problem, prior, options), problem, a, sigmaY, respace(schedule, steps, spacing), by)
  })

  it('SMCDiff', async () => {
    const problem = problemOf([0.6, 0.8], 0)
    await compared(
      smcDiff(problem, prior, { steps, particles: 16, seed: 9 }),
      problem,
      [0.6, 0.8],
      0,
      times,
      large,
      ddimOf(1),
    )
  })
})

// Over a mixture of two modes the laws that the methods aim at have no closed form, but in one dimension they are integrals:
// densities on a grid, carried through the same steps by the trapezoidal rule, which for smooth densities on the line has no
// error to speak of. Held to them: the evidence (five standard errors) and the weight of a mode, which converges with K.
import type { Tensor } from '@tweedie/tensor'
import { fromData, tensor } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { gaussianNoise, noNoise } from '../../noise/index.ts'
import { matrixOperator } from '../../operators/index.ts'
import type { SmcShown } from '../../particles/index.ts'
import { gaussianMixturePrior } from '../../priors/index.ts'
import { noiseStreams, run } from '../../run/index.ts'
import type { TimePair } from '../../schedules/index.ts'
import { respace, ve } from '../../schedules/index.ts'
import type { GuidedStep } from '../../types.ts'
import { fpsSmc, mcgDiff, mcgDiffTimes, smcDiff, tds } from '../index.ts'
import type { Steps } from './chain.test.helper.ts'
import { ddimOf, estimated, large, logNormalOf, mean, slopeOf, transitionOf } from './chain.test.helper.ts'
import type { Carry, Density } from './line.test.helper.ts'
import { lineOf, normalAt as normal } from './line.test.helper.ts'

const float64 = { dtype: 'float64' } as const
const step = 0.08
const line = lineOf(10, step)
const { nodes, total } = line

const mixture = { weights: [1, 2], means: [[-1], [1]], covariances: 0.15 }
const prior = gaussianMixturePrior({ ...mixture, schedule: ve({ sigmaMax: 3 }) })
const { schedule } = prior
const denoised = (xs: ArrayLike<number>, t: number) =>
  prior.denoise(fromData(Float64Array.from(xs), [xs.length, 1]), t).dataSync()

/** The density before a step of the chain to that after it. */
function kernelOf(at: TimePair, by: Steps): Carry {
  const { fromX0, fromX, variance } = transitionOf(schedule, at, by)
  const x0 = denoised(nodes, at.t)
  return line.carry(
    nodes.map((x, j) => fromX0 * x0[j]! + fromX * x),
    variance,
  )
}
const moved = (p: Density, at: TimePair, by: Steps): Density => kernelOf(at, by)(p)
const startAt = (t: number): Density => nodes.map((x) => normal(x, 0, schedule.sigma(t) ** 2))

const [N, y, sigmaY, steps] = [120, 0.25, 0.7, 8]
const problem = {
  operator: matrixOperator(tensor([[1]], float64)),
  noise: gaussianNoise(sigmaY),
  y: fromData(new Float64Array(N).fill(y), [N, 1]),
}
const svd = problem.operator.svd()
type Step = GuidedStep & SmcShown<{ readonly x: Tensor }>
/** The log-evidence of each row, the weight of x₀ < 0 (of its last number), and the paths of the measurement. */
async function found(generator: AsyncGenerator<Step, Tensor>, seenBy = (path: Tensor) => svd.v(path)) {
  let [logs, share]: [readonly number[], number[]] = [[], []]
  const paths: number[][] = []
  await run(generator, {
    onStep: ({ i, steps: all, particles: { x }, weights, logEvidence, state }) => {
      const { path } = state['shared'] as { path?: Tensor }
      if (path !== undefined) paths.push(Array.from(seenBy(path).dataSync()))
      if (i < all - 1) return
      const data = x.dataSync()
      logs = logEvidence
      const n = x.shape[1]!
      const last = (row: number, k: number) => data[(row * weights[0]!.length + k + 1) * n - 1]!
      share = weights.map((w, row) => w.reduce((sum, v, k) => sum + (last(row, k) < 0 ? v : 0), 0))
    },
  })
  return { logs, share, paths }
}
/** The last level as the law of x₀ = x̂₀: the integral of its weight, and the part of x̂₀ < 0. */
function ended(p: Density, t: number, weight: (x0: number) => number) {
  const x0 = denoised(nodes, t)
  const w = p.map((v, j) => v * weight(x0[j]!))
  return { evidence: total(w), share: total(w.map((v, j) => (x0[j]! < 0 ? v : 0))) / total(w) }
}
type Truth = { readonly evidence: number; readonly share: number }
async function converges(
  runs: (particles: number) => AsyncGenerator<Step, Tensor>,
  truth: (row: number, paths: readonly number[][]) => Truth,
  seenBy?: (path: Tensor) => Tensor,
): Promise<void> {
  const counts = [8, 24, 72]
  const errors = counts.map(() => 0)
  let truths: Truth[] | undefined
  for (const [k, K] of counts.entries()) {
    const { logs, share, paths } = await found(runs(K), seenBy)
    truths ??= logs.map((_, row) => truth(row, paths)) // a path does not depend on K
    const { mean: Z, error } = estimated(logs.map((log, row) => Math.exp(log) / truths![row]!.evidence))
    if (process.env['SHOW']) console.log(K, ((Z - 1) / error).toFixed(2), error.toFixed(3))
    expect(Math.abs(Z - 1)).toBeLessThan(5 * error)
    expect(error).toBeLessThan(0.2)
    errors[k] = Math.sqrt(mean(share.map((v, row) => (v - truths![row]!.share) ** 2)))
  }
  if (process.env['SHOW']) console.log(errors, slopeOf(counts, errors))
  // The logarithm of each error has a standard error of 1/√(2·rows), the slope one of √2/ln 9 of that: 0.04 for 120.
  const slack = (5 * Math.SQRT2) / (Math.sqrt(2 * (truths?.length ?? 1)) * Math.log(9))
  expect(Math.abs(slopeOf(counts, errors) + 0.5)).toBeLessThan(slack)
}

describe('over a mixture, evidence and the weight of a mode', () => {
  it('TDS', async () => {
    const times = respace(schedule, steps, 'guided')
    const p = times.slice(0, -1).reduce<Density>((q, at) => moved(q, at, large), startAt(times[0]!.t))
    const truth = ended(p, times.at(-1)!.t, (x0) => normal(y, x0, sigmaY ** 2))
    await converges(
      (particles) => tds(problem, prior, { steps, particles, seed: 2 }),
      () => truth,
    )
  })

  it('MCGDiff, conditioned on x_τ', async () => {
    const times = mcgDiffTimes(schedule, steps, [sigmaY])
    const tau = times.findIndex(({ t }) => Math.abs(schedule.sigma(t) / schedule.alpha(t) - sigmaY) < 1e-9)
    const alpha = schedule.alpha(times[tau]!.t)
    const before = times
      .slice(0, tau)
      .reduce<Density>((q, at) => moved(q, at, ddimOf(1)), startAt(times[0]!.t))
    const at = before.map((v, j) => v * alpha * normal(nodes[j]!, alpha * y, 0.01))
    const p = times.slice(tau, -1).reduce<Density>((q, pair) => moved(q, pair, ddimOf(1)), at)
    const truth = ended(p, times.at(-1)!.t, () => 1)
    const options = { steps, kappa: 0.01, seed: 2, resampler: 'systematic' } as const
    await converges(
      (particles) => mcgDiff(problem, prior, { ...options, particles }),
      () => truth,
    )
  })

  it('FPS-SMC, of the filter of its path', async () => {
    const times = respace(schedule, steps, 'trailing') // whose last level the grid of nodes resolves
    const T = times[0]!.t
    const by = ddimOf(1)
    const v = (t: number) => (schedule.alpha(t) * sigmaY) ** 2
    const z = noiseStreams({ seed: 2, count: N, dtype: 'float64' }).normal(0, 'path start', [1])
    const first = svd.v(z).dataSync()
    const carried = times.slice(0, -1).map((at) => kernelOf(at, by))
    const truth = (row: number, paths: readonly number[][]) => {
      let before = schedule.alpha(T) * y + schedule.sigma(T) * first[row]!
      let logQ = logNormalOf(before, schedule.alpha(T) * y, schedule.sigma(T) ** 2)
      let p = startAt(T).map((mass, j) => mass * normal(before, nodes[j]!, v(T)))
      carried.forEach((carry, i) => {
        const { fromX0, fromX, variance } = transitionOf(schedule, times[i]!, by)
        const now = paths[i]![row]!
        logQ += logNormalOf(now, fromX0 * y + fromX * before, variance)
        p = carry(p).map((mass, j) => mass * normal(now, nodes[j]!, v(times[i]!.s)))
        before = now
      })
      const { evidence, share } = ended(p, times.at(-1)!.t, (x0) => normal(y, x0, sigmaY ** 2))
      return { evidence: evidence * Math.exp(-logQ), share }
    }
    const options = { steps, spacing: 'trailing', kernel: 'ddim', c: 1, seed: 2 } as const
    await converges((particles) => fpsSmc(problem, prior, { ...options, particles }), truth)
  })

  it('SMCDiff, of the filter of its path: the hidden number given the measured one', async () => {
    const rows = 50
    const pair = { weights: [1, 2], means: [[-0.8, -1], [0.4, 1]], covariances: 0.15, schedule } // biome-ignore format: a list
    const both = gaussianMixturePrior(pair)
    const operator = matrixOperator(tensor([[1, 0]], float64))
    const posed = { operator, noise: noNoise(), y: fromData(new Float64Array(rows).fill(y), [rows, 1]) }
    const by = operator.svd()
    const seenBy = (path: Tensor) => operator.forward(by.v(path))
    const times = respace(schedule, steps, 'trailing')
    const T = times[0]!.t
    const draws = noiseStreams({ seed: 2, count: rows, dtype: 'float64' }).normal(0, 'path start', [2])
    const first = seenBy(draws).dataSync()
    const truth = (row: number, paths: readonly number[][]): Truth => {
      let before = y + schedule.sigma(T) * first[row]!
      let p: Density = startAt(T)
      let log =
        logNormalOf(before, 0, schedule.sigma(T) ** 2) - logNormalOf(before, y, schedule.sigma(T) ** 2)
      let end: Truth | undefined
      for (const [i, at] of times.entries()) {
        const xs = fromData(Float64Array.from([...nodes].flatMap((u) => [before, u])), [nodes.length, 2])
        const x0 = both.denoise(xs, at.t).dataSync()
        const { fromX0, fromX, variance } = transitionOf(schedule, at, large)
        const now = i === times.length - 1 ? y : paths[i]![row]!
        if (i === times.length - 1) {
          const w = p.map((v, j) => v * normal(y, x0[2 * j]!, schedule.sigma(at.t) ** 2))
          const share = total(w.map((v, j) => (x0[2 * j + 1]! < 0 ? v : 0))) / total(w)
          end = { evidence: total(w) * Math.exp(log), share }
          break
        }
        const path = transitionOf(schedule, at, ddimOf(1))
        log -= logNormalOf(now, path.fromX0 * y + path.fromX * before, path.variance)
        const next = new Float64Array(nodes.length)
        nodes.forEach((u, j) => {
          const w = p[j]! * step * normal(now, fromX0 * x0[2 * j]! + fromX * before, variance)
          if (w < 1e-14) return
          const m = fromX0 * x0[2 * j + 1]! + fromX * u
          nodes.forEach((v, k) => {
            next[k]! += w * normal(v, m, variance)
          })
        })
        ;[p, before] = [next, now]
      }
      return end!
    }
    const options = { steps, spacing: 'trailing', seed: 2 } as const
    await converges((particles) => smcDiff(posed, both, { ...options, particles }), truth, seenBy)
  })
})

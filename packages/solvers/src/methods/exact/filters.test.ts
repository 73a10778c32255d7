// FPS-SMC, SMCDiff and MCGDiff once more in plain numbers, in the coordinates of the decomposition.

import type { Tensor } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import type { SmcShown } from '../../particles/index.ts'
import { respace } from '../../schedules/index.ts'
import type { GuidedStep } from '../../types.ts'
import { fpsSmc, mcgDiff, mcgDiffTimes, smcDiff } from '../index.ts'
import type { Levels, Vector } from '../written-out.test.helper.ts'
import { matrixOf, plus, times, transposed } from '../written-out.test.helper.ts'
import type { Name } from '../written-out-problem.test.helper.ts'
import { decomposition, drawn, firstSample, n, names, priorOn, problemOf, schedules, seed, U, V, y } from '../written-out-problem.test.helper.ts' // biome-ignore format: one line
import { drawnAll, followParticles, logNormalOf } from './follow-particles.test.helper.ts'

const K = 5
const common = { particles: K, seed, firstSample, steps: 6 }
const into = (x: Vector) => times(transposed(V), x)
const outOf = (x: Vector) => times(V, x)
const ybar = times(transposed(U), y)
type Steps = AsyncGenerator<GuidedStep & SmcShown<{ x: Tensor }>, Tensor>

/** x_s = a·x̂₀ + b·x + σ̃z by what is fresh and what is kept of the noise. */
const meanOf = ({ alpha, sigma }: Levels, t: number, s: number, kept: number, x: Vector, x0: Vector) =>
  plus([alpha(s) - (kept / sigma(t)) * alpha(t), x0], [kept / sigma(t), x])
const beta = ({ alpha, sigma }: Levels, t: number, s: number) =>
  sigma(t) ** 2 - ((alpha(t) / alpha(s)) * sigma(s)) ** 2
const tilde = (levels: Levels, t: number, s: number) =>
  (beta(levels, t, s) * levels.sigma(s) ** 2) / levels.sigma(t) ** 2

describe('filters of a path', () => {
  interface Kind {
    readonly s: readonly number[]
    readonly sigmaY: number
    fresh(levels: Levels, t: number, s: number): number
    kept(levels: Levels, t: number, s: number): number
    /** Of the path, where it is not that of the particles. */
    freshOfPath?(levels: Levels, t: number, s: number): number
  }
  async function filtered(
    generator: Steps,
    name: Name,
    threshold: number,
    { s: singular, sigmaY, fresh, kept, freshOfPath = fresh }: Kind,
  ) {
    const [schedule, levels] = schedules[name]
    const { alpha, sigma } = levels
    const path = respace(schedule, 6, 'guided')
    const T = path[0]!.t
    const seen = singular.flatMap((s, i) => (s > 0 ? [i] : []))
    const clean = ybar.map((v, i) => v / (singular[i] || Infinity))
    const paths = [plus([alpha(T), [...clean, 0]], [sigma(T), drawn(0, 'path start')])]
    const logQ = [
      seen.reduce((sum, i) => sum + logNormalOf(drawn(0, 'path start')[i]! * sigma(T), 0, sigma(T) ** 2), 0),
    ]
    path.forEach(({ t, s }, i) => {
      const last = i === path.length - 1
      const z = last ? new Array<number>(n).fill(0) : drawn(i, 'path')
      const deviation = Math.sqrt(freshOfPath(levels, t, s))
      paths.push(
        plus([1, meanOf(levels, t, s, kept(levels, t, s), paths[i]!, [...clean, 0])], [deviation, z]),
      )
      logQ.push(
        last ? 0 : seen.reduce((sum, j) => sum + logNormalOf(z[j]! * deviation, 0, deviation ** 2), 0),
      )
    })
    const variance = (i: number, t: number) => (alpha(t) * sigmaY) ** 2 / singular[i]! ** 2
    /** x̄ of a mean and a spread given the path, by the precisions. */
    const draw = (mean: Vector, spread: number, at: number, t: number, z: Vector) =>
      mean.map((m, i) => {
        if (!seen.includes(i)) return m + Math.sqrt(spread) * z[i]!
        const v = variance(i, t)
        if (v === 0) return paths[at]![i]!
        if (spread === 0) return m
        const precision = 1 / spread + 1 / v
        return (m / spread + paths[at]![i]! / v) / precision + z[i]! / Math.sqrt(precision)
      })
    const predictive = (mean: Vector, spread: number, at: number, t: number) =>
      seen.reduce((sum, i) => sum + logNormalOf(paths[at]![i]!, mean[i]!, spread + variance(i, t)), 0)
    const step = (x: Vector, x0: Vector, t: number, s: number) =>
      meanOf(levels, t, s, kept(levels, t, s), into(x), into(x0))
    const spreadAt = (t: number, s: number, last: boolean) =>
      last ? (sigmaY > 0 ? 0 : (sigma(t) / alpha(t)) ** 2) : fresh(levels, t, s)
    const outside = ybar.filter((_, i) => !seen.includes(i))
    const scale =
      -seen.reduce((sum, i) => sum + Math.log(singular[i]!), 0) +
      (sigmaY > 0 ? outside.reduce((sum, v) => sum + logNormalOf(v, 0, sigmaY ** 2), 0) : 0)
    return await followParticles(
      generator,
      { times: path, particles: K, resampler: 'systematic', threshold },
      {
        start: () => ({
          xs: drawnAll(0, 'start', K).map((z) => outOf(draw([0, 0, 0, 0], sigma(T) ** 2, 0, T, z))),
          log: predictive([0, 0, 0, 0], sigma(T) ** 2, 0, T) - logQ[0]!,
        }),
        weigh: (x, x0, { i, t, s, last }) =>
          predictive(step(x, x0, t, s), spreadAt(t, s, last), i + 1, s) - logQ[i + 1]! + (last ? scale : 0),
        move: (x, x0, z, { i, t, s, last }) => ({
          x: outOf(draw(step(x, x0, t, s), last ? 0 : fresh(levels, t, s), i + 1, s, z)),
          log: 0,
        }),
      },
      matrixOf({ ...decomposition, s: singular }),
    )
  }

  const marginal = (c: number): Pick<Kind, 'fresh' | 'kept'> => ({
    fresh: ({ sigma }, _, s) => c * sigma(s) ** 2,
    kept: ({ sigma }, _, s) => Math.sqrt(1 - c) * sigma(s),
  })
  const ddim = (c: number): Pick<Kind, 'fresh' | 'kept'> => ({
    fresh: (levels, t, s) => c * tilde(levels, t, s),
    kept: (levels, t, s) => Math.sqrt(levels.sigma(s) ** 2 - c * tilde(levels, t, s)),
  })
  const ancestral = (large: boolean): Pick<Kind, 'fresh' | 'kept' | 'freshOfPath'> => ({
    freshOfPath: tilde,
    fresh: (levels, t, s) => (levels.sigma(s) === 0 ? 0 : large ? beta(levels, t, s) : tilde(levels, t, s)),
    kept: (levels, t, s) => Math.sqrt(Math.max(0, levels.sigma(s) ** 2 - tilde(levels, t, s))),
  })
  const options = { ...common, resampler: 'systematic', threshold: 0.9 } as const

  it.each(names)('FPS-SMC on %s', async (name) => {
    const run = fpsSmc(problemOf(0.4), priorOn(name), { ...options, c: 0.8 })
    expect(
      (await filtered(run, name, 0.9, { s: [2, 0.7, 0], sigmaY: 0.4, ...marginal(0.8) })).resampled,
    ).toBeGreaterThan(0)
  })

  it('FPS-SMC by the kernel of DDIM, and without noise', async () => {
    const run = fpsSmc(problemOf(0.4), priorOn('linear'), { ...options, kernel: 'ddim', c: 0.5 })
    await filtered(run, 'linear', 0.9, { s: [2, 0.7, 0], sigmaY: 0.4, ...ddim(0.5) })
    const exact = fpsSmc(problemOf(0), priorOn('cosine'), { ...options, c: 0.95 })
    await filtered(exact, 'cosine', 0.9, { s: [2, 0.7, 0], sigmaY: 0, ...marginal(0.95) })
  })

  it('FPS is one particle', async () => {
    // With one particle nothing is chosen: every weight is 1, whatever the threshold.
    for await (const { weights, ancestors } of fpsSmc(problemOf(0.4), priorOn('linear'), {
      ...options,
      particles: 1,
    })) {
      expect(Array.from(weights[0]!)).toEqual([1])
      expect(Array.from(ancestors[0]!)).toEqual([0])
    }
  })

  it.each(['large', 'small'] as const)('SMCDiff with %s', async (variance) => {
    const turned = { ...decomposition, s: [1, 1, 0] }
    const run = smcDiff(problemOf(0.3, turned), priorOn('linear of 50'), { ...options, variance })
    await filtered(run, 'linear of 50', 0.9, { s: [1, 1, 0], sigmaY: 0, ...ancestral(variance === 'large') })
  })
})

describe('MCGDiff', () => {
  async function followed(
    name: Name,
    sigmaY: number,
    { eta = 1, last = 'condition', kappa = 1e-2, threshold = 0.9 } = {},
  ) {
    const [schedule] = schedules[name]
    const singular = [2, 0.7]
    const grid = mcgDiffTimes(
      schedule,
      8,
      singular.map((s) => sigmaY / s),
    )
    const nodes = [...grid.map(({ t }) => t), schedule.clean]
    // On schedules of indices the grid has fractions of them, which plain numbers do not know: levels as the package has them.
    const a = (t: number) => schedule.alpha(t)
    const v = (t: number) => schedule.sigma(t)
    const fair: Levels = { alpha: a, sigma: v }
    const taus = singular.map((s) =>
      sigmaY === 0 ? schedule.clean : nodes.find((t) => Math.abs(v(t) / a(t) - sigmaY / s) < 1e-7)!,
    )
    expect(taus).not.toContain(undefined)
    const target = (i: number, t: number) => (a(t) * ybar[i]!) / singular[i]!
    const active = (i: number, t: number) => v(t) / a(t) >= v(taus[i]!) / a(taus[i]!)
    const width = (i: number, t: number) =>
      t === schedule.clean
        ? 0
        : v(t) ** 2 -
          (a(t) / a(taus[i]!)) ** 2 * (v(taus[i]!) ** 2 - kappa * (a(taus[i]!) ** 2 + v(taus[i]!) ** 2))
    const fresh = (t: number, s: number) => eta ** 2 * tilde(fair, t, s)
    const step = (x: Vector, x0: Vector, t: number, s: number) =>
      meanOf(fair, t, s, Math.sqrt(Math.max(0, v(s) ** 2 - fresh(t, s))), into(x), into(x0))
    const both = [0, 1]
    const sum = (of: (i: number) => number) => both.reduce((total, i) => total + of(i), 0)
    const spreadAt = (t: number, s: number) =>
      s === schedule.clean && sigmaY === 0 ? (v(t) / a(t)) ** 2 : fresh(t, s)
    const draw = (mean: Vector, spread: number, s: number, z: Vector) =>
      mean.map((m, i) => {
        if (i > 1 || !active(i, s)) return m + Math.sqrt(s === schedule.clean ? 0 : spread) * z[i]!
        const gain = spread / (spread + width(i, s))
        return gain * target(i, s) + (1 - gain) * m + Math.sqrt(width(i, s) * gain) * z[i]!
      })
    const end = last === 'likelihood' && sigmaY > 0
    const options = { ...common, steps: 8, eta, last, kappa, threshold, resampler: 'residual' }
    const start = nodes[0]!
    return await followParticles(
      mcgDiff.run(problemOf(sigmaY), priorOn(name), options) as Steps,
      { times: grid, particles: K, resampler: 'residual', threshold },
      {
        start: () => ({
          xs: drawnAll(0, 'start', K).map((z) => outOf(draw([0, 0, 0, 0], v(start) ** 2, start, z))),
          log: sum((i) => logNormalOf(target(i, start), 0, v(start) ** 2 + width(i, start))),
        }),
        weigh: (x, x0, { t, s }) =>
          sum((i) =>
            active(i, s) ? logNormalOf(step(x, x0, t, s)[i]!, target(i, s), spreadAt(t, s) + width(i, s)) : 0,
          ) -
          sum((i) =>
            active(i, t) && (end || active(i, s)) ? logNormalOf(into(x)[i]!, target(i, t), width(i, t)) : 0,
          ),
        move: (x, x0, z, { t, s, last: ends }) => {
          const next = draw(step(x, x0, t, s), spreadAt(t, s), s, z)
          const third = logNormalOf(ybar[2]!, 0, sigmaY ** 2)
          const log = !ends ? 0
            : end ? sum((i) => logNormalOf(ybar[i]!, singular[i]! * next[i]!, sigmaY ** 2)) + third
            : sum((i) => Math.log(a(taus[i]!) / singular[i]!)) + (sigmaY > 0 ? third : 0) // biome-ignore format: cases
          return { x: outOf(next), log }
        },
      },
    )
  }

  it.each(names)('on %s', async (name) => {
    expect((await followed(name, 0.4)).resampled).toBeGreaterThan(0)
  })

  it.each([{ eta: 0.6 }, { last: 'likelihood' }, { kappa: 1e-4 }, { threshold: 0 }])(
    'with %o',
    async (options) => {
      await followed('linear', 0.4, options)
    },
  )

  it('without noise', async () => {
    await followed('linear', 0)
    await followed('ve', 0, { eta: 0.8, last: 'likelihood' })
  })
})

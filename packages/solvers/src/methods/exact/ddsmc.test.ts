import { OptionError, tensor } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { gaussianNoise } from '../../noise/index.ts'
import { matrixOperator } from '../../operators/index.ts'
import { gaussianPrior } from '../../priors/index.ts'
import { run } from '../../run/index.ts'
import { respace } from '../../schedules/index.ts'
import type { DdsmcOptions } from '../index.ts'
import { ddsmc, UnfitError } from '../index.ts'
import { length, matrixOf, plus, times, transposed } from '../written-out.test.helper.ts'
import type { Name } from '../written-out-problem.test.helper.ts'
import { decomposition, firstSample, n, names, priorOn, problemOf, schedules, seed, U, V, y } from '../written-out-problem.test.helper.ts' // biome-ignore format: one line
import { drawnAll, followParticles, logNormalOf } from './follow-particles.test.helper.ts'

const K = 5
const sum = (v: readonly number[]) => v.reduce((a, b) => a + b, 0)
const s = [2, 0.7, 0, 0]
/** ȳ = Uᵀy, and 0 where nothing is seen. */
const seen = [...times(transposed(U), y), 0]
const sigmaY = 0.4
/** log p(y) less log p of ȳ_i/s_i: by the scales of the coordinates, and what y has outside of them. */
const outside = logNormalOf(seen[2]!, 0, sigmaY ** 2) - Math.log(s[0]!) - Math.log(s[1]!)

describe('every step is the formula', () => {
  const written = async (name: Name, options: DdsmcOptions = {}) => {
    const { eta = 0.5, spread = 'share', spreadFactor = 0.5, width = 'kernel', last = 'draw' } = options
    const [schedule, { alpha, sigma }] = schedules[name]
    const path = respace(schedule, 6, 'linspace')
    const rho2 = (t: number) => {
      const [a, v] = [alpha(t) ** 2, sigma(t) ** 2]
      return spreadFactor * (spread === 'share' ? v / (a + v) : v / a)
    }
    /** Σ log N(ȳ_i/s_i; x̄_i, σ_y²/s_i² + more). */
    const density = (x: readonly number[], more: number) =>
      sum(s.map((v, k) => (v > 0 ? logNormalOf(seen[k]! / v, x[k]!, (sigmaY / v) ** 2 + more) : 0)))
    /** Mean and variance of each coordinate of N(x̄, ρ²) given y: M⁻¹(s ȳ/σ_y² + x̄/ρ²). */
    const given = (x: readonly number[], r: number) =>
      s.map((v, k) => {
        const inverse = (sigmaY ** 2 * r) / (v ** 2 * r + sigmaY ** 2)
        return { mean: inverse * ((v * seen[k]!) / sigmaY ** 2 + x[k]! / r), variance: inverse }
      })
    const threshold = options.threshold ?? 0.8
    const { resampled } = await followParticles(
      ddsmc(problemOf(sigmaY), priorOn(name), { particles: K, resampler: 'stratified', threshold, seed, firstSample, steps: 6, rankTolerance: 0, ...options }),
      { times: path, particles: K, resampler: 'stratified', threshold },
      {
        start: () => ({ xs: drawnAll(0, 'start', K).map((z) => plus([sigma(path[0]!.t), z])), log: 0 }),
        weigh: (_, x0, { t }) => density(times(transposed(V), x0), rho2(t)),
        move: (x, x0, z, { i, t, s: to, last: end }, j) => {
          const [centre, place] = [times(transposed(V), x0), times(transposed(V), x)]
          const before = density(centre, rho2(t))
          if (end) {
            const posterior = given(centre, rho2(t))
            if (last === 'exact') return { x: x0, log: density(centre, 0) + outside - before }
            const drawn = last === 'draw' ? drawnAll(i, 'step', K)[j]! : centre.map(() => 0)
            const at = posterior.map(({ mean, variance }, k) => mean + Math.sqrt(variance) * drawn[k]!)
            const log = last === 'draw' ? outside : density(at, 0) + outside - before
            return { x: times(V, at), log }
          }
          const b = sigma(t) ** 2 - ((alpha(t) / alpha(to)) * sigma(to)) ** 2
          const d = b + eta * ((alpha(t) / alpha(to)) * sigma(to)) ** 2
          const [a0, a1] = [(alpha(to) * b) / d, (eta * (alpha(t) / alpha(to)) * sigma(to) ** 2) / d]
          const v = (b * sigma(to) ** 2) / d
          const wide = width === 'level' ? sigma(to) ** 2 : v
          const part = Math.min(rho2(t), (0.75 * wide) / a0 ** 2)
          const q = given(centre, part).map(({ mean, variance }, k) => ({
            mean: a0 * mean + a1 * place[k]!,
            variance: wide - a0 ** 2 * part + a0 ** 2 * variance,
          }))
          const at = q.map(({ mean, variance }, k) => mean + Math.sqrt(variance) * z[k]!)
          const f = sum(at.map((u, k) => logNormalOf(u, a0 * centre[k]! + a1 * place[k]!, v)))
          return { x: times(V, at), log: f - sum(at.map((u, k) => logNormalOf(u, q[k]!.mean, q[k]!.variance))) - before }
        },
      },
    ) // biome-ignore format: formulas
    return resampled
  }

  it.each(names)('on %s', async (name) => {
    expect(await written(name)).toBeGreaterThan(0)
  })

  it.each([
    { eta: 0 },
    { eta: 1 },
    { spread: 'noise-level', spreadFactor: 0.3 },
    { width: 'level' },
    { last: 'exact' },
    { last: 'mean', threshold: 0 },
  ] as const)('with %o', async (options) => {
    await written('cosine', options)
    await written('ve', options)
  })
})

it('without noise sets what is measured', async () => {
  const turned = { ...decomposition, s: [1, 1, 0] }
  const rows = matrixOf(turned)
  const inside = times(rows, times(transposed(rows), y)) // what y has in the range of A
  for (const eta of [0, 1]) {
    const options = { particles: K, steps: 6, eta }
    for await (const { i, steps, particles } of ddsmc(
      problemOf(0, turned),
      priorOn('linear of 50'),
      options,
    )) {
      if (i < steps - 1) continue
      const xs = Array.from(particles.x.dataSync())
      for (let k = 0; k < K; k++)
        expect(length(plus([1, times(rows, xs.slice(k * n, (k + 1) * n))], [-1, inside]))).toBeLessThan(1e-12)
    }
  }
})

it('takes the end of the flow for x̂₀, but in the last step', async () => {
  const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.6], [0.6, 0.8]] }) // biome-ignore format: a matrix
  const problem = {
    operator: matrixOperator(tensor([[1, 0.5]])),
    noise: gaussianNoise(0.3),
    y: tensor([[1]]),
  }
  // Without index 0, where a flow is one step whatever is asked.
  const options = { steps: 6, particles: 3, spacing: 'trailing', estimate: 'ode', odeSteps: 4 } as const
  let calls = 0
  const counted = { ...prior, denoise: (...at: Parameters<typeof prior.denoise>) => {
    calls++
    return prior.denoise(...at)
  } } // biome-ignore format: one call
  const by = async (more: DdsmcOptions) =>
    Array.from((await run(ddsmc(problem, counted, { ...options, ...more }))).dataSync())
  const flow = await by({})
  expect(calls).toBe(ddsmc.info.evaluations(6, options))
  expect(calls).toBe(21)
  expect(await by({ odeSteps: 1 })).toEqual(await by({ estimate: 'tweedie' }))
  expect(flow).not.toEqual(await by({ estimate: 'tweedie' }))
})

it('refuses what does not fit, before any work', () => {
  const prior = gaussianPrior({ mean: [0, 0], covariance: 1 })
  const operator = matrixOperator(tensor([[0, 1]]))
  const problem = { operator, noise: gaussianNoise(0), y: tensor([[1]]) }
  const { svd, ...blunt } = operator
  expect(() => ddsmc(problem, prior)).not.toThrow()
  for (const last of ['exact', 'mean'] as const)
    expect(() => ddsmc(problem, prior, { last })).toThrow(`'${last}' weighs by p(y | x₀)`)
  expect(() => ddsmc({ ...problem, operator: blunt }, prior)).toThrow(UnfitError)
  expect(() => ddsmc(problem, prior, { eta: 1.1 })).toThrow(OptionError)
  expect(() => ddsmc(problem, prior, { spreadFactor: 0 })).toThrow('spreadFactor')
})

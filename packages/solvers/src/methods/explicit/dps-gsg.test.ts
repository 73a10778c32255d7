import { fromData, OptionError, type Tensor } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { gaussianNoise } from '../../noise/index.ts'
import type { At } from '../follows.test.helper.ts'
import { follows } from '../follows.test.helper.ts'
import type { DpsGsgOptions } from '../index.ts'
import { dps, dpsGsg } from '../index.ts'
import { dot, length, plus, times } from '../written-out.test.helper.ts'
import { A, decomposition, list, n, names, operatorOf, priorOn, problemOf, streams, y } from '../written-out-problem.test.helper.ts' // biome-ignore format: one line

/** −ζ·Jᵀĝ/(2‖r‖) in plain numbers. */
function says(at: At, { queries = 1024, scheme = 'central', mu = 0.01, scale = 0.01 }: DpsGsgOptions) {
  const K = scheme === 'central' ? Math.floor(queries / 2) : queries
  const z = list(streams.normal(at.i, 'directions', [K, n]))
  const f = (x: readonly number[]) => {
    const r = plus([1, y], [-1, times(A, x)])
    return dot(r, r)
  }
  const terms = Array.from({ length: K }, (_, k) => {
    const u = z.slice(k * n, (k + 1) * n)
    const [up, down] = [f(plus([1, at.x0], [mu, u])), f(plus([1, at.x0], [-mu, u]))]
    return [(scheme === 'central' ? (up - down) / (2 * mu) : (up - f(at.x0)) / mu) / K, u] as const
  })
  const norm = length(plus([1, y], [-1, times(A, at.x0)]))
  const shift = at.back(plus([-scale / (2 * norm), plus(...terms)]))
  return { guidance: shift, shift }
}

describe.each(names)('DPS-GSG on %s', (name) => {
  const cases: readonly DpsGsgOptions[] = [
    { queries: 8, mu: 0.5, scale: 0.3 },
    { queries: 7, scheme: 'forward', mu: 0.2, scale: 0.1, eta: 0.4 },
    { queries: 9, mu: 0.3, scale: 0.2, clip: [-0.6, 0.9] },
  ]
  it.each(cases)('%j', (options) =>
    follows(dpsGsg, problemOf(0.7), name, { spacing: 'linspace', ...options }, (at) => says(at, options)),
  )
})

describe('with many queries', () => {
  const N = 150
  const problem = {
    operator: operatorOf(decomposition),
    noise: gaussianNoise(0.3),
    y: fromData(Float64Array.from({ length: N * y.length }, (_, i) => y[i % y.length]!), [N, y.length]),
  }
  const prior = priorOn('cosine')
  /** What is shown of the first step. */
  async function first(ran: ReturnType<typeof dpsGsg.run> | ReturnType<typeof dps.run>) {
    for await (const step of ran) {
      const { guidance, gradientError } = step as typeof step & Record<'guidance', typeof step.x> & { gradientError?: readonly number[] }
      return { guidance: list(guidance), error: gradientError ?? [] }
    }
    throw new Error('no step')
  }
  it('is DPS of the same ζ, off by K^−½, as it says itself', async () => {
    const common = { steps: 10, scale: 0.4, seed: 5 }
    const truth = (await first(dps.run(problem, prior, common))).guidance
    const counts = [16, 64, 256]
    const found = await Promise.all(counts.map(async (queries) => first(dpsGsg.run(problem, prior, { ...common, queries }))))
    const off = found.map(({ guidance }) => Math.sqrt(guidance.reduce((s, v, i) => s + (v - truth[i]!) ** 2, 0) / N))
    const slope = Math.log(off[2]! / off[0]!) / Math.log(16)
    if (process.env['SHOW']) console.log('dps-gsg', slope, off)
    // Of 150 errors of four numbers the logarithm of each is within 0.04: the slope within 0.02.
    expect(Math.abs(slope + 0.5)).toBeLessThan(0.1)
    const said = found.map(({ error }) => Math.sqrt(error.reduce((s, v) => s + v * v, 0) / N))
    expect(Math.abs(Math.log(said[2]! / said[0]!) / Math.log(16) + 0.5)).toBeLessThan(0.1)
    // √((n + 1)/K) for a gradient of n numbers.
    expect(Math.abs(said[2]! / Math.sqrt((n + 1) / 128) - 1)).toBeLessThan(0.15)
  }, 20_000)

  it('where nothing is left over it does not move, and options are refused', async () => {
    // Only x̂₀ itself measures what y is: ĝ is not 0.
    const { operator } = problem
    const forward = (x: Tensor) => (x.shape[0] === N ? problem.y : operator.forward(x))
    const still = { ...problem, operator: { ...operator, forward } }
    const { guidance } = await first(dpsGsg.run(still, prior, { steps: 5, queries: 4 }))
    expect(guidance.every((v) => Math.abs(v) === 0)).toBe(true)
    expect(() => dpsGsg(problem, prior, { queries: 3 })).toThrow(OptionError)
    expect(() => dpsGsg(problem, prior, { mu: 0 })).toThrow(OptionError)
  })
}) // biome-ignore format: formulas

import { fromData, OptionError } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { gaussianNoise } from '../../noise/index.ts'
import { gaussianPrior } from '../../priors/index.ts'
import { run } from '../../run/index.ts'
import { ddimNoise } from '../../samplers/index.ts'
import { respace } from '../../schedules/index.ts'
import type { At } from '../follows.test.helper.ts'
import { follows } from '../follows.test.helper.ts'
import type { ScgOptions } from '../index.ts'
import { scg } from '../index.ts'
import { ddimFrom, dot, evaluate, plus, times } from '../written-out.test.helper.ts'
import {
  A,
  drawn,
  list,
  n,
  names,
  network,
  problemOf,
  streams,
  y,
} from '../written-out-problem.test.helper.ts'

const steps = 6

/** The candidate with the least loss of its own x̂₀, in plain numbers. */
function says(
  { i, t, s, x, x0, levels }: At,
  { candidates: K = 512, from = 0.25, eta = 1, clip }: ScgOptions,
) {
  const move = (z: readonly number[]) => ddimFrom(levels, [t, s], eta, x, x0, z)
  if (i < Math.floor(from * steps) || i === steps - 1)
    return { guidance: plus([0, x]), x: move(i === steps - 1 ? plus([0, x]) : drawn(i, 'step')) }
  const [low, high] = clip ?? [-Infinity, Infinity]
  const z = list(streams.normal(i, 'step', [K, n]))
  const all = Array.from({ length: K }, (_, k) => move(z.slice(k * n, (k + 1) * n)))
  const losses = all.map((one) => {
    const guess = evaluate(network, one, s).map((v) => Math.min(Math.max(v, low), high))
    const r = plus([1, y], [-1, times(A, guess)])
    return dot(r, r)
  })
  let best = 0
  losses.forEach((loss, k) => {
    if (loss < losses[best]!) best = k
  })
  return { guidance: plus([1, all[best]!], [-1, all[0]!]), x: all[best]! }
}

describe.each(names)('SCG on %s', (name) => {
  const cases: readonly ScgOptions[] = [
    { candidates: 5 },
    { candidates: 3, from: 0.5, eta: 0.4 },
    { candidates: 4, from: 0, clip: [-0.6, 0.9] },
    { candidates: 2, from: 1 },
  ]
  it.each(cases)('%j', (options) =>
    follows(scg, problemOf(0.7), name, { spacing: 'linspace', ...options }, (at) => says(at, options)),
  )
})

describe('the best of K', () => {
  const N = 1500
  const prior = gaussianPrior({ mean: [0], covariance: 1 })
  const far = {
    operator: { name: 'itself', inShape: [1], outShape: [1], differentiable: false, forward: <T>(x: T) => x },
    noise: gaussianNoise(0.1),
    y: fromData(new Float64Array(N).fill(50), [N, 1]),
  }
  // E max of K normals: 1/√π of two, 3/(2√π) of three.
  it.each([
    [2, 1 / Math.sqrt(Math.PI), 1 - 1 / Math.PI],
    [3, 1.5 / Math.sqrt(Math.PI), 0.559467],
  ])('of %d goes as far toward a distant y as the largest of so many normals', async (candidates, mean, variance) => {
    const at = respace(prior.schedule, 10, 'linspace')[0]!
    const scale = ddimNoise({ ...at, schedule: prior.schedule }, 1)
    for await (const { guidance } of scg(far, prior, { steps: 10, spacing: 'linspace', candidates, from: 0, seed: 3 })) {
      // The first candidate has mean 0, and takes part: E(max − z₁) = E max.
      const gained = list(guidance).map((v) => v / scale)
      const found = gained.reduce((s, v) => s + v, 0) / N
      const error = Math.sqrt(gained.reduce((s, v) => s + (v - found) ** 2, 0) / N / (N - 1))
      if (process.env['SHOW']) console.log('scg', candidates, (found - mean) / error, variance)
      expect(error).toBeLessThan(0.04)
      expect(Math.abs(found - mean)).toBeLessThan(5 * error)
      break
    }
  })

  it('with one candidate is the sampler; η = 0 and no candidates are refused', async () => {
    const problem = { ...far, y: far.y.slice([0, 3]) }
    const options = { steps: 8, seed: 1 }
    const one = list(await run(scg(problem, prior, { ...options, candidates: 1, from: 0 })))
    expect(list(await run(scg(problem, prior, { ...options, candidates: 7, from: 1 })))).toEqual(one)
    expect(() => scg(problem, prior, { eta: 0 })).toThrow(OptionError)
    expect(() => scg(problem, prior, { candidates: 0 })).toThrow(OptionError)
  })
}) // biome-ignore format: formulas

import { OptionError } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { run } from '../../run/index.ts'
import type { At } from '../follows.test.helper.ts'
import { follows, tweedie } from '../follows.test.helper.ts'
import type { DpgOptions } from '../index.ts'
import { dpg } from '../index.ts'
import { dot, length, plus, times } from '../written-out.test.helper.ts'
import { A, list, n, names, priorOn, problemOf, streams, y } from '../written-out-problem.test.helper.ts'

const steps = 6

/** The guidance of each step in plain numbers, with what is carried from one to the next. */
function saying({ samples: K = 5000, scale = 200, momentum = 0.1, leastRadius = 0, adds }: DpgOptions) {
  let [Z, past]: [number, readonly number[]] = [0, []]
  const loss = (x: readonly number[]) => {
    const r = plus([1, y], [-1, times(A, x)])
    return dot(r, r)
  }
  return (at: At) => {
    const here = loss(at.x0)
    Z = at.i === 0 ? here : 0.9 * Z + 0.1 * here
    const r = Math.max(Math.sqrt(Z / n) / 2, leastRadius)
    const z = list(streams.normal(at.i, 'points', [K, n]))
    const points = Array.from({ length: K }, (_, k) => z.slice(k * n, (k + 1) * n))
    const rewards = points.map((u) => Math.exp(-(loss(plus([1, at.x0], [r, u])) - here) / Z))
    const all = rewards.reduce((a, b) => a + b, 0)
    const terms = points.map((u, k) => [(rewards[k]! - (all - rewards[k]!) / (K - 1)) / K / r, u] as const)
    const raw = at.back(plus(...terms))
    const beta = (momentum * (steps - 1 - at.i)) / steps
    const mixed = at.i === 0 ? raw : plus([beta, past], [1 - beta, raw])
    past = raw
    const guidance = plus([length(mixed) > 0 ? scale / length(mixed) : 0, mixed])
    if (adds !== 'noise') return tweedie(at, guidance)
    // ε̂ = (x_t − α_t·x̂₀)/σ_t loses it.
    const noise = plus([1 / at.sigma, at.x], [-at.alpha / at.sigma, at.x0], [-1, guidance])
    return { guidance, x0: plus([1 / at.alpha, at.x], [-at.sigma / at.alpha, noise]) }
  }
}

describe.each(names)('DPG on %s', (name) => {
  const cases: readonly DpgOptions[] = [
    { samples: 6, scale: 0.3 },
    { samples: 4, scale: 0.2, momentum: 0.9, eta: 0.4 },
    { samples: 5, scale: 0.5, leastRadius: 0.8, momentum: 0 },
    { samples: 5, scale: 0.4, adds: 'noise', eta: 0.7 },
  ]
  it.each(cases)('%j', (options) =>
    follows(dpg, problemOf(0.7), name, { spacing: 'linspace', ...options }, saying(options)),
  )
})

describe('its guidance', () => {
  it('has one length, and a radius that follows the data', async () => {
    const problem = problemOf(0.3)
    const radii: (readonly [number, number])[] = []
    const options = { steps: 8, samples: 20, scale: 3, seed: 2 }
    await run(dpg(problem, priorOn('linear'), options), {
      onStep: ({ guidance, radius, residual }) => {
        expect(length(list(guidance))).toBeCloseTo(3, 6)
        radii.push([radius[0]!, residual[0]!])
      },
    })
    expect(radii[0]![0]).toBeCloseTo(radii[0]![1] / Math.sqrt(n) / 2, 9)
  })

  it('is nothing where nothing is left over; a single point is refused', async () => {
    const { operator, ...rest } = problemOf(0.3)
    const zero = { ...operator, forward: (x: typeof rest.y) => operator.forward(x).mul(0) }
    const still = { ...rest, y: rest.y.mul(0), operator: zero }
    await run(dpg(still, priorOn('linear'), { steps: 4, samples: 3 }), {
      onStep: ({ guidance }) => expect(length(list(guidance))).toBe(0),
    })
    expect(() => dpg(still, priorOn('linear'), { samples: 1 })).toThrow(OptionError)
  })
})

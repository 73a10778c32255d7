import { fromData, normal, OptionError, randomKey, tensor, zerosLike } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { gaussianNoise } from '../../noise/index.ts'
import { matrixOperator } from '../../operators/index.ts'
import { gaussianPrior } from '../../priors/index.ts'
import { ddimStep } from '../../samplers/index.ts'
import { respace } from '../../schedules/index.ts'
import type { At } from '../follows.test.helper.ts'
import { follows } from '../follows.test.helper.ts'
import type { DsgOptions } from '../index.ts'
import { dsg } from '../index.ts'
import { ddimFrom, length, plus, times, transposed } from '../written-out.test.helper.ts'
import {
  A,
  drawn,
  float64,
  list,
  n,
  names,
  priorOn,
  problemOf,
  y,
} from '../written-out-problem.test.helper.ts'

const steps = 6

function says(at: At, { rate = 0.2, interval = 1, eta = 1 }: DsgOptions) {
  const { levels, t, s, x, x0 } = at
  const z = drawn(at.i, 'step')
  const next = ddimFrom(levels, [t, s], eta, x, x0, z)
  const ratio = at.alpha / levels.alpha(s)
  const fresh = eta * Math.sqrt(at.sigma ** 2 - (ratio * levels.sigma(s)) ** 2) * (levels.sigma(s) / at.sigma)
  if (fresh === 0 || (steps - 1 - at.i) % interval !== 0) return { guidance: plus([0, x]) }
  const mean = ddimFrom(levels, [t, s], eta, x, x0, plus([0, z]))
  const r = plus([1, y], [-1, times(A, x0)])
  const down = at.back(times(transposed(A), plus([1 / length(r), r]))) // −G
  const radius = Math.sqrt(n) * fresh
  const star = plus([radius / length(down), down])
  const own = plus([fresh, z])
  // Where all of x̂₀ is clipped there is no gradient.
  const d = length(down) > 0 ? plus([1, own], [rate, star], [-rate, own]) : own
  const on = plus([1, mean], [radius / length(d), d])
  return { guidance: plus([1, on], [-1, next]), x: on }
}

describe.each(names)('DSG on %s', (name) => {
  const cases: readonly DsgOptions[] = [
    {},
    { rate: 1 },
    { rate: 0.5, eta: 0.4, spacing: 'trailing' },
    { interval: 2, clip: [-0.4, 0.6] },
    { interval: 4, rate: 0 },
  ]
  it.each(cases)('%j', (options) =>
    follows(dsg, problemOf(0.4), name, { spacing: 'linspace', ...options }, (at) => says(at, options)),
  )
})

describe('the sphere', () => {
  const prior = gaussianPrior({ mean: [0.5, -0.3, 0.2], covariance: 0.4 })
  const problem = {
    operator: matrixOperator(tensor([[1, -0.5, 0.3]], float64)),
    noise: gaussianNoise(0.1),
    y: tensor([[0.9], [-1], [0.2]], float64),
  }
  const { schedule } = prior

  it.each([0, 0.2, 1])('of each sample has the radius √n·σ̃, at rate %d', async (rate) => {
    const pairs = respace(schedule, 10, 'guided')
    let x = normal(
      [0, 1, 2].map((i) => randomKey(7).fold(i).fold(0).fold('start')),
      [3],
      float64,
    )
    x = x.mul(schedule.sigma(pairs[0]!.t))
    for await (const step of dsg(problem, prior, { steps: 10, rate, seed: 7 })) {
      const { t, s } = pairs[step.i]!
      const mean = ddimStep(x, step.x0hat, zerosLike(x), { schedule, t, s, eta: 1 })
      const b = schedule.sigma(t) ** 2 - ((schedule.alpha(t) / schedule.alpha(s)) * schedule.sigma(s)) ** 2
      const radius = (Math.sqrt(3 * b) * schedule.sigma(s)) / schedule.sigma(t)
      const off = list(step.x.sub(mean))
      for (const i of [0, 1, 2]) expect(Math.hypot(...off.slice(3 * i, 3 * i + 3))).toBeCloseTo(radius, 12)
      x = fromData(Float64Array.from(list(step.x)), [3, 3], float64)
    }
  })

  it('stays the sampler’s own where nothing is left over, and takes no η = 0', async () => {
    const at = tensor([[0.2, 0.1, -0.4]], float64)
    const t = respace(schedule, 10, 'guided')[4]!.t
    const exact = { ...problem, y: problem.operator.forward(prior.denoise(at, t)) }
    for (const rate of [0.5, 1]) {
      const { value } = await dsg(exact, prior, {
        steps: 10,
        rate,
        resume: { next: 4, state: { x: at } },
      }).next()
      const own = list((value as { x: typeof at }).x)
      const { value: plain } = await dsg(exact, prior, {
        ...{ steps: 10, rate: 0 },
        resume: { next: 4, state: { x: at } },
      }).next()
      expect(own).toEqual(list((plain as { x: typeof at }).x))
    }
    expect(() => dsg(problemOf(0.1), priorOn('linear'), { eta: 0 })).toThrow(OptionError)
  })
})

import { tensor } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { ddimFrom, evaluate, linearBetas, plus } from '../methods/written-out.test.helper.ts'
import {
  close,
  drawn,
  firstSample,
  float64,
  list,
  names,
  network,
  priorOn,
  schedules,
  seed,
} from '../methods/written-out-problem.test.helper.ts'
import { run } from '../run/index.ts'
import type { Spacing } from '../schedules/index.ts'
import { respace, vpFromBetas } from '../schedules/index.ts'
import { ddimSampler, sampleUnconditional } from './index.ts'

describe.each(names)('unconditional sampling on %s', (name) => {
  const [schedule, levels] = schedules[name]
  const prior = priorOn(name)

  it.each([0, 0.2, 0.5, 0.85, 1])('with η = %d, every step shown', async (eta) => {
    const spacing: Spacing = 'trailing'
    const pairs = respace(schedule, 6, spacing)
    let x = plus([levels.sigma(pairs[0]!.t), drawn(0, 'start')])
    const steps = sampleUnconditional(prior, { steps: 6, eta, spacing, seed, firstSample, dtype: 'float64' })
    let seen = 0
    for await (const step of steps) {
      const { t, s } = pairs[step.i]!
      const x0 = evaluate(network, x, t)
      x = ddimFrom(levels, [t, s], eta, x, x0, drawn(step.i, 'step'))
      expect([step.t, step.steps, step.i]).toEqual([t, 6, seen++])
      close(step.x0hat.dataSync(), x0, `x̂₀ of step ${step.i}`)
      close(step.x.dataSync(), x, `x of step ${step.i}`)
    }
    expect(seen).toBe(6)
  })

  it('as a map of its noise', () => {
    const pairs = respace(schedule, 5, 'quadratic')
    const z = [0.3, -1.2, 0.5, 0.9]
    let x = plus([levels.sigma(pairs[0]!.t), z])
    for (const { t, s } of pairs) x = ddimFrom(levels, [t, s], 0, x, evaluate(network, x, t), z)
    const map = ddimSampler(prior, { steps: 5, spacing: 'quadratic' })
    close(map(tensor([z], float64)).dataSync(), x, 'x₀')
  })
})

it('samples by 100 ancestral steps of linspace where nothing is said, maps by 10', async () => {
  const prior = priorOn('linear')
  const asked = [float64, { ...float64, steps: 100, eta: 1, spacing: 'linspace' }] as const
  const [silent, said] = await Promise.all(asked.map((options) => run(sampleUnconditional(prior, options))))
  expect(list(silent!)).toEqual(list(said!))
  const z = tensor([[0.3, -1.2, 0.5, 0.9]], float64)
  expect(list(ddimSampler(prior)(z))).toEqual(list(ddimSampler(prior, { steps: 10, spacing: 'linspace' })(z)))
})

it('the schedules of these tests are those of the package', () => {
  for (const [schedule, levels] of Object.values(schedules)) {
    for (const { t } of respace(schedule, 7, 'trailing')) {
      expect(Math.abs(schedule.alpha(t) / levels.alpha(t) - 1)).toBeLessThan(1e-12)
      expect(Math.abs(schedule.sigma(t) / levels.sigma(t) - 1)).toBeLessThan(1e-12)
    }
  }
  expect(vpFromBetas(linearBetas(50)).sigma(30)).toBeCloseTo(schedules['linear of 50'][1].sigma(30), 12)
})

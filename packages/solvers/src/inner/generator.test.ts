import { tensor } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { generated } from '../methods/csgm/written-out-latent.test.helper.ts'
import {
  close,
  float64,
  list,
  names,
  priorOn,
  schedules,
} from '../methods/written-out-problem.test.helper.ts'
import { clipped, countCalls } from '../priors/index.ts'
import { respace, vpLinear } from '../schedules/index.ts'
import type { GeneratorOptions } from './index.ts'
import { generatorEvaluations, generatorPast, generatorThrough } from './index.ts'

const z = [0.9, -1.4, 0.3, 0.6]
const v = [0.2, 1, -0.7, 0.4]
const at = tensor([z], float64)
const along = tensor([v], float64)
const common: GeneratorOptions = {
  samplerSteps: 5,
  samplerSpacing: 'leading',
  clip: undefined,
  slots: undefined,
  memory: undefined,
}
const clips = [{ clip: undefined }, { clip: [-0.5, 0.7] }] as const

describe.each(names)('R and the way back on %s', (name) => {
  const [schedule, levels] = schedules[name]
  const prior = priorOn(name)

  it.each(clips)('through the network, with %j, in plain numbers and by finite differences', ({ clip }) => {
    const latent = { levels, times: respace(schedule, 5, 'leading'), ...(clip && { clip }) }
    const expected = generated(latent, z)
    for (const limit of [{}, { slots: 2 }, { memory: 20_000 }]) {
      const { x, pull } = generatorThrough(clipped(prior, clip), { ...common, clip, ...limit }, { y: at })(at)
      close(list(x), expected.x, 'x')
      close(list(pull(along)), expected.back(v), 'the way back')
    }
    const generate = generatorThrough(clipped(prior, clip), { ...common, clip }, { y: at })
    const slope = z.map((_, i) => {
      const moved = (h: number) => {
        const there = tensor([z.map((value, j) => value + (i === j ? h : 0))], float64)
        return list(generate(there).x).reduce((sum, value, j) => sum + value * v[j]!, 0)
      }
      return (moved(1e-5) - moved(-1e-5)) / 2e-5
    })
    const exact = expected.back(v)
    slope.forEach((d, i) => expect(Math.abs(d - exact[i]!)).toBeLessThan(1e-6 * Math.max(1, Math.abs(d))))
  })

  it.each(clips)('past the network, with %j, in plain numbers', ({ clip }) => {
    const latent = { levels, times: respace(schedule, 5, 'leading'), detach: true, ...(clip && { clip }) }
    const expected = generated(latent, z)
    const counted = countCalls(prior)
    const { x, pull } = generatorPast(clipped(counted, clip), { ...common, clip })(at)
    close(list(x), expected.x, 'x')
    close(list(pull(along)), expected.back(v), 'the way back')
    expect(counted.calls).toEqual({ total: 5, recorded: 0 })
  })
})

it('past the network each coordinate has the slope 1/√ᾱ_T where nothing was clipped, less where something was', () => {
  const schedule = vpLinear()
  const prior = { ...priorOn('linear'), schedule }
  const first = 800 // of 999, in jumps of 200
  const slope = 1 / schedule.alpha(first)
  const ones = tensor([[1, 1, 1, 1]], float64)
  const free = list(generatorPast(prior, common)(at).pull(ones))
  for (const d of free) expect(Math.abs(d / slope - 1)).toBeLessThan(1e-12)
  // x̂₀ is about 1.2·tanh: one range cuts all of it off, in each step.
  const cut = list(generatorPast(clipped(prior, [2, 3]), { ...common, clip: [2, 3] })(at).pull(ones))
  expect(cut).toEqual([0, 0, 0, 0])
  // For VP x_T = z.
  const still = { ...prior, denoise: (x: typeof at) => x.mul(0) }
  const left = schedule.sigma(0) * list(at)[0]! * 0
  expect(list(generatorPast(still, common)(at).x)[0]).toBeCloseTo(left, 15)
  expect(Math.hypot(schedule.alpha(first), schedule.sigma(first))).toBeCloseTo(1, 14)
})

it('says what a run of gradients evaluates', () => {
  expect(generatorEvaluations(7, { ...common, samplerSteps: 10 })).toBe(70)
  expect(generatorEvaluations(7, { ...common, samplerSteps: 10, slots: 3 })).toBe(7 * (10 + 15))
  expect(generatorEvaluations(7, { ...common, samplerSteps: 10, memory: 1e9 })).toBe(71)
})

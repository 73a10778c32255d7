import type { Tensor } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import type { SmcShown } from '../../particles/index.ts'
import type { GuidedStep } from '../../types.ts'
import { afdps, driftlite, gSmc } from '../index.ts'
import type { Name } from '../written-out-problem.test.helper.ts'
import { names, priorOn, problemOf } from '../written-out-problem.test.helper.ts'
import { followParticles } from './follow-particles.test.helper.ts'
import type { Form } from './weighted-written-out.test.helper.ts'
import { common, saysOf, timesOf } from './weighted-written-out.test.helper.ts'

type Steps = AsyncGenerator<GuidedStep & SmcShown<{ x: Tensor }>, Tensor>

/** Holds a method to the form, and tells in how many steps ancestors were drawn. */
async function held(name: Name, form: Form, options: object): Promise<number> {
  const { threshold = 0.5, particles = 5, steps: count = 6 } = form
  const method = form.basis !== undefined ? driftlite : form.c === 1 ? afdps : gSmc
  const run = { ...common, particles, steps: count, resampler: 'stratified', threshold, ...options }
  const steps = method.run(problemOf(form.sigmaY ?? 0.4), priorOn(name), run)
  const by = { times: timesOf(name, form), particles, resampler: 'stratified', threshold } as const
  return (await followParticles(steps as unknown as Steps, by, saysOf(name, form))).resampled
}

describe('every step is the formula', () => {
  it.each(names)('of AFDPS, on %s', async (name) => {
    expect(await held(name, { c: 1 }, {})).toBeGreaterThan(0)
  })

  it.each([
    [{ c: 0.5 }, {}],
    [{ c: 0 }, { c: 0 }],
    [
      { c: 0.8, gamma: 0.3 },
      { c: 0.8, gamma: 0.3 },
    ],
    [
      { c: 0.7, linear: true },
      { c: 0.7, anneal: 'linear' },
    ],
    [
      { c: 0.7, explicit: true, gamma: 2 },
      { c: 0.7, guidance: 'explicit', gamma: 2 },
    ],
    [{ c: 0.7, threshold: 0 }, { c: 0.7 }],
    [{ c: 0.7 }, { c: 0.7, trace: 'exact', guidance: 'implicit', anneal: 'level' }],
    [
      { c: 0.7, path: true },
      { c: 0.7, weigh: 'path' },
    ],
    [
      { c: 0.7, path: true, linear: true },
      { c: 0.7, weigh: 'path', anneal: 'linear' },
    ],
  ] satisfies [Form, object][])('of Guidance-SMC, %o', async (form: Form, options) => {
    const resampled = await held('cosine', form, options)
    expect(resampled > 0).toBe(form.threshold !== 0)
  })

  it.each([
    [{ c: 0.5, basis: ['reward', 'score', 'position'] }, {}],
    [{ c: 0.5, basis: ['reward'] }, { basis: 'reward' }],
    [
      { c: 0, basis: ['reward', 'score'] },
      { basis: 'reward-score', c: 0 },
    ],
    [
      { c: 1, basis: ['reward', 'position'] },
      { basis: 'reward-position', c: 1 },
    ],
    [{ c: 0.5, basis: ['reward', 'position'], energy: true }, { control: 'energy' }],
    [
      { c: 0.5, basis: ['reward', 'score'], hutchinson: true },
      { basis: 'reward-score', trace: 'auto' },
    ],
    [
      { c: 0.5, basis: ['reward', 'position'], path: true },
      { basis: 'reward-position', weigh: 'path' },
    ],
  ] satisfies [Form, object][])('of DriftLite, %o', async (form, options) => {
    const whole = { threshold: 0.9, sigmaY: 2, particles: 20, steps: 12, ...form }
    expect(await held('ve', whole, { trace: 'exact', ...options })).toBeGreaterThan(0)
  })
})

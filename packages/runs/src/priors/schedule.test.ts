import { expect, test } from 'vitest'
import { scheduleOf } from './schedule.ts'

/** √ᾱ of the last of T steps with these βs. */
const lastAlpha = (betas: readonly number[]) =>
  Math.sqrt(betas.reduce((product, beta) => product * (1 - beta), 1))
const spread = (from: number, to: number, T: number) =>
  Array.from({ length: T }, (_, i) => from + ((to - from) * i) / (T - 1))

test('steps and both ends of a schedule are those of the training', () => {
  const named = { kind: 'diffusers', timesteps: 20, betaStart: 0.01, betaEnd: 0.3 } as const
  const linear = scheduleOf({ ...named, name: 'linear' })
  expect(linear.noisiest).toBe(19)
  expect(linear.alpha(19)).toBeCloseTo(lastAlpha(spread(0.01, 0.3, 20)), 6)
  const roots = spread(Math.sqrt(0.01), Math.sqrt(0.3), 20).map((root) => root ** 2)
  expect(scheduleOf({ ...named, name: 'scaled_linear' }).alpha(19)).toBeCloseTo(lastAlpha(roots), 6)
  const ours = scheduleOf({ kind: 'vp-linear', timesteps: 50 })
  expect(ours.noisiest).toBe(49)
  expect(ours.alpha(49)).toBeCloseTo(lastAlpha(spread(0.1 / 50, 20 / 50, 50)), 6)
  const own = scheduleOf({ kind: 'betas', betas: [0.5, 0.2, 0.1] })
  expect(own.alpha(2)).toBeCloseTo(Math.sqrt(0.5 * 0.8 * 0.9), 6)
})

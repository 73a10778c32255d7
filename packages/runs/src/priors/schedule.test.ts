import { expect, test } from 'vitest'
import { scheduleOf } from './schedule.ts'

/** α of the last time: √Π (1 − β). */
const lastAlpha = (betas: readonly number[]): number =>
  Math.sqrt(betas.reduce((product, beta) => product * (1 - beta), 1))
const linear = (from: number, to: number, count: number) =>
  Array.from({ length: count }, (_, i) => from + ((to - from) * i) / (count - 1))

test('a schedule has the steps and the ends that it was trained with', () => {
  const own = scheduleOf({ kind: 'vp-linear', timesteps: 250 })
  expect([own.discreteSteps, own.noisiest]).toEqual([250, 249])
  const betas = [0.1, 0.3, 0.2]
  expect(scheduleOf({ kind: 'betas', betas }).alpha(2)).toBeCloseTo(lastAlpha(betas), 6)
  const theirs = scheduleOf({
    kind: 'diffusers',
    name: 'linear',
    timesteps: 12,
    betaStart: 0.05,
    betaEnd: 0.3,
  })
  expect(theirs.discreteSteps).toBe(12)
  expect(theirs.alpha(0)).toBeCloseTo(Math.sqrt(0.95), 6)
  expect(theirs.alpha(11)).toBeCloseTo(lastAlpha(linear(0.05, 0.3, 12)), 6)
})

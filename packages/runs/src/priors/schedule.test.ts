import { full } from '@tweedie/tensor'
import { expect, test } from 'vitest'
import { scheduleOf } from './schedule.ts'
import { trainedPrior } from './trained.ts'

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

test('of flow matching the path is straight, and the network is told σ·T', () => {
  const told: number[] = []
  const trainedOn = { schedule: { kind: 'flow', timesteps: 500 }, predicts: 'flow', clip: null } as const
  // A network that says v = ε − x₀ = −2 everywhere.
  const prior = trainedPrior('flow', [1], trainedOn, (xt, t) => {
    told.push(t)
    return { output: full(xt.shape, -2) }
  })
  expect([prior.schedule.alpha(0.25), prior.schedule.sigma(0.25)]).toEqual([0.75, 0.25])
  // x̂₀ = x_t − σ·v.
  expect(prior.denoise(full([1, 1], 1), 0.25).dataSync()[0]).toBe(1.5)
  expect(told).toEqual([125])
})

test('a flow starts at a finite level, 999; its velocity may count time from noise to data', () => {
  const told: number[] = []
  const schedule = { kind: 'flow', timesteps: 1 } as const
  // A network that says x₀ − ε = 2 everywhere.
  const prior = trainedPrior('flow', [1], { schedule, predicts: 'velocity', clip: null }, (xt, t) => {
    told.push(t)
    return { output: full(xt.shape, 2) }
  })
  const { alpha, sigma, noisiest } = prior.schedule
  expect(sigma(noisiest) / alpha(noisiest)).toBeCloseTo(999, 9)
  expect(prior.denoise(full([1, 1], 1), 0.25).dataSync()[0]).toBe(1.5)
  expect(told).toEqual([0.75])
})

test('βs that end in pure noise, by their last or rescaled', () => {
  const rescaled = {
    kind: 'diffusers',
    name: 'linear',
    timesteps: 12,
    betaStart: 0.05,
    betaEnd: 0.3,
    zeroSnr: true,
  } as const
  for (const trained of [
    { kind: 'betas', betas: [0.1, 0.3, 1] } as const,
    { kind: 'betas', betas: [0.1, 0.3, 0.5], zeroSnr: true } as const,
    rescaled,
  ]) {
    const { alpha, noisiest } = scheduleOf(trained)
    expect(alpha(noisiest)).toBe(0)
    expect(alpha(0)).toBeCloseTo(Math.sqrt(trained.kind === 'betas' ? 0.9 : 0.95), 12)
  }
})

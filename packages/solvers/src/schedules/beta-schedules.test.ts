import { expect, it } from 'vitest'
import { betaSchedules } from './index.ts'

/** ᾱ at 0, T/2 and T−1 of `DDPMScheduler` (of `exp`: `HeunDiscreteScheduler`) of diffusers 0.42, in float32. */
const known: Readonly<
  Record<keyof typeof betaSchedules, readonly [T: number, min: number, max: number, alphaBars: number[]][]>
> = {
  linear: [
    [1000, 1e-4, 0.02, [0.9998999834, 0.07779665291, 4.03583035e-5]],
    [200, 1e-4, 0.02, [0.9998999834, 0.5963952541, 0.132182762]],
    [50, 1e-3, 0.1, [0.9990000129, 0.4991229773, 0.0731984973]],
  ],
  scaled_linear: [
    [1000, 1e-4, 0.02, [0.9998999834, 0.3312746286, 7.33411987e-4]],
    [200, 1e-4, 0.02, [0.9998999834, 0.798705101, 0.235528365]],
    [50, 1e-3, 0.1, [0.9990000129, 0.715298593, 0.146067262]],
  ],
  squaredcos_cap_v2: [
    [1000, 1e-4, 0.02, [0.999958694, 0.492285043, 2.42873499e-9]],
    [200, 1e-4, 0.02, [0.9997450114, 0.4860524535, 6.07172055e-8]],
    [50, 1e-3, 0.1, [0.998252511, 0.4627068639, 9.71180725e-7]],
  ],
  laplace: [
    [1000, 1e-4, 0.02, [0.978846252, 0.7072834373, 0.0316227749]],
    [200, 1e-4, 0.02, [0.9539370537, 0.7065710425, 0.03162277862]],
    [50, 1e-3, 0.1, [0.913326323, 0.7038412094, 0.03162278607]],
  ],
  exp: [
    [1000, 1e-4, 0.02, [0.9880717397, 0.002449218184, 6.144378858e-6]],
    [200, 1e-4, 0.02, [0.9417645335, 0.002334400779, 6.144212421e-6]],
    [50, 1e-3, 0.1, [0.7866278887, 0.001949857338, 6.144223335e-6]],
  ],
  sigmoid: [
    [1000, 1e-4, 0.02, [0.9998508096, 0.2988875806, 3.96818214e-5]],
    [200, 1e-4, 0.02, [0.9998508096, 0.7796955109, 0.131738484]],
    [50, 1e-3, 0.1, [0.9987552166, 0.6953600645, 0.0715837777]],
  ],
}

it.each(Object.entries(known))("%s has diffusers' values", (name, rows) => {
  for (const [T, betaMin, betaMax, alphaBars] of rows) {
    const schedule = betaSchedules[name as keyof typeof betaSchedules]({ T, betaMin, betaMax })
    expect(schedule.discreteSteps).toBe(T)
    // Factors 1 − β in float32 lose up to 2⁻²⁴ each at random, those of 'exp', which are all the same, T times as much.
    const bound = name === 'exp' ? T * 2 ** -24 : 1e-6
    for (const [i, t] of [0, T / 2, T - 1].entries())
      expect(Math.abs(schedule.alpha(t) ** 2 / alphaBars[i]! - 1), `T = ${T}, t = ${t}`).toBeLessThan(bound)
  }
})

it('one step has the first β', () => {
  for (const name of ['linear', 'scaled_linear'] as const)
    expect(betaSchedules[name]({ T: 1, betaMin: 0.2, betaMax: 0.5 }).alpha(0) ** 2).toBeCloseTo(0.8, 14)
})

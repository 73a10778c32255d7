import { OptionError, tensor } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { ve, vpCosine, vpLinear } from '../schedules/index.ts'
import { bridge, bridgeLaw } from './index.ts'
import { ddimNoise, posterior } from './steps.ts'

const cases = [
  [vpLinear(), 700, 400, 150],
  [vpCosine({ T: 200 }), 120, 119, 3],
  [ve({ sigmaMax: 20 }), 9, 4, 0.5],
] as const

describe.each(cases)('the bridge on %o', (schedule, t, s, end) => {
  const [at, as, ae] = [t, s, end].map((u) => schedule.alpha(u)) as [number, number, number]
  const variance = (from: number, to: number) =>
    schedule.sigma(to) ** 2 - ((schedule.alpha(to) / schedule.alpha(from)) * schedule.sigma(from)) ** 2

  it('is x_s of the forward process given both ends: precisions add', () => {
    // p(x_s | x_ℓ)·p(x_t | x_s) as a law of x_s.
    const [near, far, ratio] = [variance(end, s), variance(s, t), at / as]
    const precision = 1 / near + ratio ** 2 / far
    const { ofEnd, ofX, deviation } = bridge({ schedule, t, s, end })
    expect(deviation ** 2).toBeCloseTo(1 / precision, 12)
    expect(ofEnd).toBeCloseTo(as / ae / near / precision, 12)
    expect(ofX).toBeCloseTo(ratio / far / precision, 12)
  })

  it.each([0, 0.3, 1])('with η = %d keeps p(x_s | x_ℓ)', (eta) => {
    const { ofEnd, ofX, deviation } = bridge({ schedule, t, s, end, eta })
    expect(ofEnd + (ofX * at) / ae).toBeCloseTo(as / ae, 12)
    expect(ofX ** 2 * variance(end, t) + deviation ** 2).toBeCloseTo(variance(end, s), 12)
    expect(deviation).toBeCloseTo(eta * bridge({ schedule, t, s, end }).deviation, 12)
  })

  it('from the clean end is a step of DDPM, or of DDIM with η; at s = ℓ it is x_ℓ', () => {
    const clean = bridge({ schedule, t, s, end: schedule.clean })
    const { small, ofX0, ofX } = posterior({ schedule, t, s })
    expect([clean.ofEnd, clean.ofX, clean.deviation ** 2].map((v) => v.toFixed(12))).toEqual(
      [ofX0, ofX, small].map((v) => v.toFixed(12)),
    )
    const { deviation } = bridge({ schedule, t, s, end: schedule.clean, eta: 0.4 })
    expect(deviation).toBeCloseTo(ddimNoise({ schedule, t, s }, 0.4), 12)
    expect(bridge({ schedule, t, s, end: s })).toEqual({ ofEnd: 1, ofX: 0, deviation: 0 })
    const law = bridgeLaw({ schedule, t, s, end }, tensor([[2]]), tensor([[3]]))
    const { ofEnd, ...rest } = bridge({ schedule, t, s, end })
    expect(law.mean.dataSync()[0]).toBeCloseTo(2 * ofEnd + 3 * rest.ofX, 5)
    expect(law.deviation).toBe(rest.deviation)
  })

  it('refuses times out of order and an η that is none', () => {
    expect(() => bridge({ schedule, t: s, s: t, end })).toThrow(OptionError)
    expect(() => bridge({ schedule, t, s, end: t })).toThrow(OptionError)
    expect(() => bridge({ schedule, t, s, end, eta: 1.5 })).toThrow('eta')
  })
})

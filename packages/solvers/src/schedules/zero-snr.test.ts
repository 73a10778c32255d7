import { OptionError } from '@tweedie/tensor'
import { describe, expect, it, test } from 'vitest'
import { endingInNoise, noiseLevel, vpContinuous, vpFromBetas, vpLinear, zeroTerminalSnr } from './index.ts'

describe('a schedule that ends in pure noise', () => {
  const betas = [0.1, 0.3, 0.2, 0.6, 1]
  const schedule = endingInNoise(betas)
  const before = vpFromBetas(betas.slice(0, -1))

  it('is that of its βs, with nothing left of x₀ at the end', () => {
    expect(schedule).toMatchObject({ clean: -1, noisiest: 4, discreteSteps: 5 })
    for (const t of [-1, -0.5, 0, 1.25, 3]) {
      expect(schedule.alpha(t)).toBe(before.alpha(t))
      expect(schedule.sigma(t)).toBe(before.sigma(t))
      expect(schedule.slopes(t)).toEqual(before.slopes(t))
    }
    expect([schedule.alpha(4), schedule.sigma(4)]).toEqual([0, 1])
    expect(schedule.alpha(3.25)).toBeCloseTo(0.75 * before.alpha(3), 15)
  })

  it('preserves variance and has the inverse of its noise level everywhere', () => {
    for (const t of [-1, 0, 0.5, 2.9, 3, 3.1, 3.5, 3.999, 4]) {
      expect(schedule.alpha(t) ** 2 + schedule.sigma(t) ** 2).toBeCloseTo(1, 14)
      expect(schedule.timeOfNoiseLevel(noiseLevel(schedule, t))).toBeCloseTo(t, 12)
    }
    expect(schedule.timeOfNoiseLevel(Infinity)).toBe(4)
    for (const level of [-1, Number.NaN]) expect(() => schedule.timeOfNoiseLevel(level)).toThrow(OptionError)
  })

  it('has the slopes of differences', () => {
    const h = 1e-6
    for (const t of [3.2, 3.7]) {
      const { alpha, sigma } = schedule.slopes(t)
      expect((schedule.alpha(t + h) - schedule.alpha(t - h)) / (2 * h)).toBeCloseTo(alpha, 7)
      expect((schedule.sigma(t + h) - schedule.sigma(t - h)) / (2 * h)).toBeCloseTo(sigma, 7)
    }
    expect(schedule.slopes(4)).toEqual({ alpha: -before.alpha(3), sigma: expect.closeTo(0, 15) })
  })

  it('knows no time beyond its ends', () => {
    for (const of of [schedule.alpha, schedule.sigma, schedule.slopes])
      for (const t of [-1.1, 4.1]) expect(() => of(t)).toThrow(OptionError)
  })

  test.each([[[1]], [[0.1, 0.5]], [[1, 1]], [[0.1, 1, 1]], [[]]])('βs %o are refused', (wrong) => {
    expect(() => endingInNoise(wrong)).toThrow(OptionError)
  })
})

describe('zero terminal SNR', () => {
  it('shifts and scales √ᾱ: the first stays, the last is 0, the rest in proportion', () => {
    const from = vpLinear({ T: 100 })
    const to = zeroTerminalSnr(from)
    expect(to.alpha(0)).toBeCloseTo(from.alpha(0), 14)
    expect(to.alpha(99)).toBe(0)
    const [first, last] = [from.alpha(0), from.alpha(99)]
    for (const t of [1, 50, 98])
      expect(to.alpha(t)).toBeCloseTo(((from.alpha(t) - last) * first) / (first - last), 13)
  })

  it('needs two discrete steps', () => {
    expect(zeroTerminalSnr(vpFromBetas([0.1, 0.2])).discreteSteps).toBe(2)
    expect(() => zeroTerminalSnr(vpFromBetas([0.1]))).toThrow(OptionError)
    expect(() => zeroTerminalSnr(vpContinuous())).toThrow(
      'must have at least 2 discrete steps, got undefined',
    )
  })
})

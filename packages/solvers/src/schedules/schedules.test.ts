import { OptionError } from '@tweedie/tensor'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Spacing } from './index.ts'
import {
  alphaBar,
  edm,
  flow,
  noiseLevel,
  respace,
  ve,
  vpContinuous,
  vpCosine,
  vpFromBetas,
  vpLinear,
} from './index.ts'
import { spacings } from './respace.ts'

const schedules = {
  linear: vpLinear(),
  cosine: vpCosine(),
  short: vpLinear({ T: 100 }),
  've of levels': ve({ sigmaMax: 20 }),
  've of variances': ve({ sigmaMax: 6, time: 'variance' }),
  continuous: vpContinuous(),
  flow: flow({ noisiest: 255 / 256 }),
}
const preserving = ['linear', 'cosine', 'short', 'continuous']

describe('the VP schedules', () => {
  it('linear: ᾱ of DDPM', () => {
    const { alpha } = vpLinear()
    // Π(1 − β) with β = linspace(1e-4, 0.02, 1000), multiplied out in double precision.
    const known = { '-1': 1, 0: 0.9999, 1: 0.99978009, 9: 0.998105, 499: 0.07858724, 999: 4.0358297e-5 }
    for (const [t, value] of Object.entries(known)) {
      expect(Math.abs(alpha(Number(t)) ** 2 / value - 1), `t = ${t}`).toBeLessThan(1e-6)
    }
  })

  it('linear: scales β by 1000/T where it is left out, takes it as given otherwise', () => {
    expect(vpLinear({ T: 100 }).alpha(0) ** 2).toBeCloseTo(1 - 1e-3, 12)
    expect(vpLinear({ T: 100, betaMin: 1e-4, betaMax: 0.02 }).alpha(0) ** 2).toBeCloseTo(1 - 1e-4, 12)
    expect(() => vpLinear({ T: 10 })).toThrow(OptionError)
  })

  it('cosine: f(t)/f(0) until the last β is cut off', () => {
    const { alpha } = vpCosine()
    const f = (t: number) => Math.cos(((t / 1000 + 0.008) / 1.008) * (Math.PI / 2)) ** 2
    for (const t of [0, 10, 499, 998]) expect(alpha(t) ** 2).toBeCloseTo(f(t + 1) / f(0), 12)
    expect((alpha(999) / alpha(998)) ** 2).toBeCloseTo(1e-3, 12)
    expect(1 - alpha(0) ** 2).toBeCloseTo(4.1284e-5, 8)
  })

  it('between indices log ᾱ is linear', () => {
    const { alpha } = vpFromBetas([0.1, 0.5])
    expect(alpha(-0.5) ** 2).toBeCloseTo(Math.sqrt(0.9), 14)
    expect(alpha(0.25) ** 2).toBeCloseTo(0.9 * 0.5 ** 0.25, 14)
  })
})

it('VE reaches σ = 80 where nothing is said, as EDM does', () => {
  for (const schedule of [ve(), edm()])
    expect([schedule.noisiest, schedule.sigma(80), schedule.clean]).toEqual([80, 80, 0])
  expect([edm({ sigmaMax: 3 }).noisiest, edm().name]).toEqual([3, 'edm'])
})

it('VE counts time in levels or in variances', () => {
  const schedule = ve({ sigmaMax: 6, time: 'variance' })
  expect([schedule.noisiest, schedule.sigma(9), schedule.timeOfNoiseLevel(3)]).toEqual([36, 3, 9])
  expect(() => ve({ time: 'log' as 'level' })).toThrow('time: must be level | variance, got log')
})

it('the continuous VP is the limit of the discrete ones', () => {
  // B(t) = 0.1·t + 9.95·t² (arXiv 2011.13456 eq. 33); −Σ log(1 − β) differs from ∫β by O(1/T).
  const { alpha } = vpContinuous()
  for (const t of [0.001, 0.3, 1]) expect(-2 * Math.log(alpha(t))).toBeCloseTo(0.1 * t + 9.95 * t * t, 12)
  const error = (T: number) => Math.abs(vpLinear({ T }).alpha(0.6 * T - 1) / alpha(0.6) - 1)
  expect(error(1000)).toBeLessThan(0.02)
  expect(error(1000) / error(2000)).toBeCloseTo(2, 1)
  expect(() => vpContinuous({ betaMin: 2, betaMax: 1 })).toThrow(OptionError)
})

it('flow is a straight line to noise', () => {
  const schedule = flow()
  expect([schedule.alpha(1), schedule.sigma(1), noiseLevel(schedule, 1)]).toEqual([0, 1, Infinity])
  expect([schedule.timeOfNoiseLevel(Infinity), schedule.timeOfNoiseLevel(1)]).toEqual([1, 0.5])
  for (const spacing of ['karras', 'log-snr'] as const) {
    expect(() => respace(schedule, 3, spacing)).toThrow('needs a finite one')
    expect(respace(flow({ noisiest: 0.9 }), 3, spacing)[0]!.t).toBe(0.9)
  }
  for (const noisiest of [0, 1.1]) expect(() => flow({ noisiest })).toThrow(OptionError)
})

describe.each(Object.entries(schedules))('%s', (name, schedule) => {
  const { clean, noisiest } = schedule

  it('starts clean, and refuses times outside', () => {
    expect([schedule.alpha(clean), schedule.sigma(clean)]).toEqual([1, 0])
    for (const t of [clean - 1e-9, noisiest + 1e-9, Number.NaN])
      expect(() => schedule.alpha(t)).toThrow(OptionError)
  })

  it('gets noisier, keeps the variance (VP), and inverts σ/α', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (a, b) => {
          const [t, u] = [
            clean + (noisiest - clean) * Math.min(a, b),
            clean + (noisiest - clean) * Math.max(a, b),
          ]
          expect(schedule.timeOfNoiseLevel(noiseLevel(schedule, t))).toBeCloseTo(t, 6)
          if (u - t > 1e-9) expect(noiseLevel(schedule, u)).toBeGreaterThan(noiseLevel(schedule, t))
          if (preserving.includes(name))
            expect(schedule.alpha(t) ** 2 + schedule.sigma(t) ** 2).toBeCloseTo(1, 12)
          expect(alphaBar(schedule, t)).toBeCloseTo(1 / (1 + noiseLevel(schedule, t) ** 2), 12)
        },
      ),
    )
    expect(() => schedule.timeOfNoiseLevel(noiseLevel(schedule, noisiest) * 1.01)).toThrow(OptionError)
  })

  it('has the slopes that differences show', () => {
    // Differences toward the clean end of half the way between knots: exact to O(h²) where nothing jumps.
    const h = (noisiest - clean) * 1e-5
    for (let k = 1; k <= 40; k++) {
      const raw = clean + ((noisiest - clean) * k) / 40.3
      const t = schedule.discreteSteps === undefined ? raw : Math.floor(raw) + 0.37
      const slopes = schedule.slopes(t)
      for (const of of ['alpha', 'sigma'] as const) {
        const f = schedule[of]
        const difference = (f(t - 2 * h) - 8 * f(t - h) + 8 * f(t + h) - f(t + 2 * h)) / (12 * h)
        const scale = Math.max(Math.abs(difference), 1 / (noisiest - clean))
        expect(Math.abs(slopes[of] - difference) / scale, `${of}′ at ${t}`).toBeLessThan(1e-6)
      }
    }
    for (const t of [clean - 1e-9, noisiest + 1e-9, Number.NaN])
      expect(() => schedule.slopes(t)).toThrow(OptionError)
    // At a knot it is the side toward the clean end that counts.
    if (schedule.discreteSteps !== undefined) {
      const [at, below] = [schedule.slopes(40), schedule.slopes(39.999999)]
      expect(at.sigma / below.sigma).toBeCloseTo(1, 6)
      expect(at.alpha / below.alpha).toBeCloseTo(1, 6)
    }
    expect(schedule.slopes(clean).sigma).toBeGreaterThan(0)
  })

  it('respaces to descending pairs that end clean', () => {
    for (const spacing of ['leading', 'trailing', 'linspace', 'quadratic', 'karras', 'log-snr'] as const) {
      for (const steps of [1, 2, 3, 7, 20, 50, 100]) {
        const pairs = respace(schedule, steps, spacing)
        expect(pairs.length).toBe(steps)
        expect(pairs.at(-1)!.s).toBe(clean)
        pairs.forEach(({ t, s }, i) => {
          expect(t).toBeGreaterThan(s)
          expect(t).toBeLessThanOrEqual(noisiest)
          if (i > 0) expect(pairs[i - 1]!.s).toBe(t)
          if (schedule.discreteSteps !== undefined) expect(Number.isInteger(t)).toBe(true)
        })
        if (spacing !== 'leading') expect(pairs[0]!.t).toBe(noisiest)
      }
    }
  })
})

describe('on a schedule without discrete steps', () => {
  // σ from 0 to 20: "index 0" is 0.02.
  const times = (steps: number, spacing: Spacing) =>
    respace(ve({ sigmaMax: 20 }), steps, spacing).map(({ t }) => t)
  const [first, span] = [0.02, 19.98]
  const wanted: Record<Spacing, (i: number, n: number) => number> = {
    leading: (i, n) => first + (span * i) / n,
    trailing: (i, n) => (20 * (i + 1)) / n,
    linspace: (i, n) => first + (span * i) / (n - 1),
    ddim: (i, n) => first + (span * i) / n,
    'ddim-quadratic': (i, n) => first + span * 0.8 * (i / (n - 1)) ** 2,
    guided: (i, n) => first + (span * i) / (n - 1),
    'guided-ddim': (i, n) => first + (span * i) / n,
    diffpir: (i, n) => first + span * (1 - Math.sqrt((n - 1 - i) / (n - 1))),
    quadratic: (i, n) => first + span * (i / (n - 1)) ** 2,
    karras: (i, n) => (first ** (1 / 7) + (i / (n - 1)) * (20 ** (1 / 7) - first ** (1 / 7))) ** 7,
    'log-snr': (i, n) => Math.exp(Math.log(first) + (i / (n - 1)) * Math.log(20 / first)),
  }

  it.each(spacings)('%s', (spacing) => {
    for (const n of [2, 3, 7, 30]) {
      const ascending = times(n, spacing).reverse()
      expect(ascending.length).toBe(n)
      ascending.forEach((t, i) => expect(t, `${i} of ${n}`).toBeCloseTo(wanted[spacing](i, n), 10))
    }
  })
})

describe('respace', () => {
  const times = (steps: number, spacing: Parameters<typeof respace>[2]) =>
    respace(vpLinear(), steps, spacing).map(({ t }) => t)

  it('lays out the times as the literature does', () => {
    expect(times(5, 'leading')).toEqual([800, 600, 400, 200, 0])
    expect(times(5, 'trailing')).toEqual([999, 799, 599, 399, 199])
    expect(times(5, 'linspace')).toEqual([999, 749, 500, 250, 0])
    expect(times(4, 'quadratic')).toEqual([999, 444, 111, 0])
    expect(times(5, 'quadratic')).toEqual([999, 562, 250, 62, 0])
    expect(times(4, 'ddim-quadratic')).toEqual([800, 355, 88, 0])
    // 999 − ⌊1000·√(1/4)⌋, 999 − ⌊1000·√(2/4)⌋ …
    expect(times(5, 'diffpir')).toEqual([999, 499, 292, 133, 0])
    expect(times(3, 'ddim')).toEqual([999, 666, 333, 0])
    expect(times(7, 'guided')).toEqual([999, 832, 666, 500, 333, 166, 0])
    expect(times(16, 'trailing').slice(0, 5)).toEqual([999, 937, 874, 811, 749])
    expect(times(1000, 'linspace')).toEqual(Array.from({ length: 1000 }, (_, i) => 999 - i))
    expect(times(1000, 'quadratic')).toEqual(times(1000, 'leading'))
  })

  it('karras spaces the 7th roots of the noise level evenly, to the nearest index', () => {
    const schedule = vpLinear()
    const root = (t: number) => noiseLevel(schedule, t) ** (1 / 7)
    const ascending = times(12, 'karras').reverse()
    ascending.forEach((t, i) => {
      const wanted = root(0) + (i / 11) * (root(999) - root(0))
      if (i > 0 && ascending[i - 1] === t - 1) return // moved up past one that is taken
      expect(root(Math.max(-1, t - 0.500001))).toBeLessThanOrEqual(wanted)
      expect(root(Math.min(999, t + 0.500001))).toBeGreaterThanOrEqual(wanted)
    })
  })

  it('karras on VE', () => {
    const roots = respace(ve({ sigmaMax: 10 }), 5, 'karras').map(({ t }) => t ** (1 / 7))
    for (let i = 2; i < 5; i++) expect(roots[i]! - roots[i - 1]!).toBeCloseTo(roots[1]! - roots[0]!, 12)
  })

  it('refuses what it cannot do', () => {
    for (const steps of [0, 1.5, 1001, Number.NaN])
      expect(() => times(steps, 'linspace')).toThrow(OptionError)
  })
})

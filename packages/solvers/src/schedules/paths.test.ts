import { OptionError } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { madeFrom } from '../options/index.ts'
import {
  edm,
  flow,
  geometricLevels,
  karrasLevels,
  noiseLevel,
  respace,
  schedules,
  timesOfLevels,
  timeTravel,
  travelPath,
  vpLinear,
} from './index.ts'

describe('grids of noise levels', () => {
  it('karras: EDM eq. 5, the published ends and ρ', () => {
    // (80^(1/7) + i/17·(0.002^(1/7) − 80^(1/7)))^7 worked out apart in Python.
    const levels = karrasLevels(18)
    const known = { 0: 80, 1: 57.58598472124816, 8: 3.256821519765537, 16: 0.0075280199627840785 }
    for (const [i, level] of Object.entries(known)) expect(levels[Number(i)]! / level).toBeCloseTo(1, 12)
    expect(levels[17]).toBe(0.002)
    const linear = karrasLevels(5, { sigmaMin: 1, sigmaMax: 3, rho: 1 })
    for (const [i, level] of [3, 2.5, 2, 1.5, 1].entries()) expect(linear[i]).toBeCloseTo(level, 12)
    expect(karrasLevels(1, { sigmaMax: 4 })).toEqual([4])
  })

  it('geometric: equal ratios', () => {
    const levels = geometricLevels(4, { sigmaMin: 0.01, sigmaMax: 10 })
    for (const [i, level] of [10, 1, 0.1, 0.01].entries()) expect(levels[i]).toBeCloseTo(level, 12)
    expect(geometricLevels(3)[0]! * geometricLevels(3)[2]!).toBeCloseTo(80 * 0.002, 12)
  })

  it('become times of any schedule', () => {
    const levels = karrasLevels(6, { sigmaMin: 0.02, sigmaMax: 50 })
    for (const schedule of [edm(), vpLinear(), flow()]) {
      const times = timesOfLevels(schedule, levels)
      expect(times.at(-1)!.s).toBe(schedule.clean)
      times.forEach(({ t, s }, i) => {
        expect(noiseLevel(schedule, t) / levels[i]!).toBeCloseTo(1, 10)
        expect(s).toBe(times[i + 1]?.t ?? schedule.clean)
      })
    }
  })

  it('refuses what is no grid', () => {
    for (const make of [
      () => karrasLevels(0),
      () => karrasLevels(2.5),
      () => karrasLevels(4, { sigmaMin: 0 }),
      () => karrasLevels(4, { sigmaMin: 90 }),
      () => karrasLevels(4, { rho: 0 }),
      () => geometricLevels(4, { sigmaMax: Infinity }),
      () => timesOfLevels(edm(), []),
      () => timesOfLevels(edm(), [1, 1]),
      () => timesOfLevels(edm(), [81]),
    ])
      expect(make).toThrow(OptionError)
  })
})

/** RePaint's loop over single indices, from T down to −1, as its paper tells it. */
function repaint(T: number, jump: number, repeats: number): number[] {
  const left = new Map<number, number>()
  for (let k = 0; k < T - jump; k += jump) left.set(k, repeats - 1)
  const indices: number[] = []
  for (let t = T; t >= 1; ) {
    indices.push(--t)
    const more = left.get(t) ?? 0
    if (more === 0) continue
    left.set(t, more - 1)
    for (let k = 0; k < jump; k++) indices.push(++t)
  }
  return [...indices, -1]
}

describe('time travel', () => {
  const down = (T: number) => respace(vpLinear({ T }), T)

  it.each([
    [250, 10, 10],
    [30, 10, 2],
    [37, 5, 3],
    [40, 1, 4],
    [21, 20, 2],
    [24, 24, 5],
  ])('goes through the times of RePaint: %d steps, jumps of %d, %d times', (T, jump, repeats) => {
    const path = timeTravel(down(T), { jump, repeats })
    const visited: number[] = [path[0]!.t]
    path.forEach(({ t, s }, i) => {
      if (i > 0) expect(t).toBe(path[i - 1]!.s)
      if (s < t) visited.push(s)
      else for (let k = t + 1; k <= s; k++) visited.push(k)
    })
    expect(visited).toEqual(repaint(T, jump, repeats))
  })

  it('is the way down where nothing repeats, and has repeats − 1 ways up a jump', () => {
    expect(timeTravel(down(30), { jump: 4, repeats: 1 })).toEqual(down(30))
    const path = timeTravel(down(30), { jump: 10, repeats: 3 })
    expect(path.filter(({ t, s }) => s > t)).toEqual([
      { t: 10, s: 20 },
      { t: 10, s: 20 },
      { t: 0, s: 10 },
      { t: 0, s: 10 },
    ])
  })

  it.each([
    [21, 3, 2],
    [25, 4, 3],
    [250, 10, 10],
  ])(
    'of %d steps with jumps of %d, %d times: each way up is one with the step down after it',
    (T, jump, repeats) => {
      const path = travelPath(down(T), { jump, repeats })
      const apart = path.flatMap(({ from, t, s }) =>
        from === undefined
          ? [{ t, s }]
          : [
              { t: from, s: t },
              { t, s },
            ],
      )
      expect(apart).toEqual(timeTravel(down(T), { jump, repeats }))
      expect(path.every(({ t, s }) => s < t)).toBe(true)
    },
  )

  it('takes as many looks as RePaint takes at 250 steps, jumps of 10, 10 times: 250 + 24·9·10', () => {
    expect(travelPath(down(250), { jump: 10, repeats: 10 })).toHaveLength(2410)
  })

  it('refuses no jump', () => {
    for (const jump of [0, 1.5]) expect(() => timeTravel(down(30), { jump, repeats: 2 })).toThrow(OptionError)
    expect(() => timeTravel(down(30), { jump: 2, repeats: 0 })).toThrow('repeats: must be a positive integer')
  })
})

describe('schedules by name', () => {
  it('are made from texts, with their defaults', () => {
    for (const name of schedules.names) {
      const schedule = madeFrom(schedules, name)
      expect([schedule.alpha(schedule.clean), schedule.sigma(schedule.clean)]).toEqual([1, 0])
    }
    expect(madeFrom(schedules, 'vp-linear').alpha(999)).toBe(vpLinear().alpha(999))
    expect(madeFrom(schedules, 'vp-linear:T=100,betaMax=0.1').alpha(99)).toBe(
      vpLinear({ T: 100, betaMax: 0.1 }).alpha(99),
    )
    expect(madeFrom(schedules, 've:sigmaMax=3,time=variance').noisiest).toBe(9)
    expect(madeFrom(schedules, 'edm').noisiest).toBe(80)
    expect(madeFrom(schedules, 'flow:noisiest=0.5').noisiest).toBe(0.5)
    expect(() => madeFrom(schedules, 'vp')).toThrow('there are vp-linear, vp-cosine')
  })
})

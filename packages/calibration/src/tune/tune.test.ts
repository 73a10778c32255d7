import { choice, dps, flag, integer, interval, number, pnpDm } from '@tweedie/solvers'
import { OptionError, randomKey } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { halve, ranksOf, rungsOf } from './halving.ts'
import { drawSettings, rangeOf, spaceOf } from './space.ts'

const specs = {
  seed: integer('seed', { default: 0, min: 0 }),
  eta: number('η', { default: 1, min: 0, max: 1 }),
  lambda: number('λ', { default: 3, above: 0 }),
  scale: number('ζ', { min: 0, otherwise: '300/steps' }),
  offset: number('b', { default: 0 }),
  decay: number('part', { default: 0.5, min: 0, below: 1 }),
  inner: integer('steps', { default: 10, min: 1 }),
  rule: choice('how', ['norm', 'score']),
  still: flag('no noise'),
  clip: interval('range', 'none'),
}

describe('the space', () => {
  test('ranges come from limits and defaults, on a log scale where they are wide', () => {
    expect(rangeOf(specs.eta)).toEqual({ kind: 'number', low: 0, high: 1, log: false })
    expect(rangeOf(specs.lambda)).toEqual({ kind: 'number', low: 0.1, high: 90, log: true })
    expect(rangeOf(specs.scale)).toEqual({ kind: 'number', low: 1e-3, high: 100, log: true })
    expect(rangeOf(specs.offset)).toEqual({ kind: 'number', low: 1e-3, high: 100, log: true })
    expect(rangeOf(specs.inner)).toEqual({ kind: 'integer', low: 1, high: 300, log: true })
    expect(rangeOf(specs.rule)).toEqual({ kind: 'choice', choices: ['norm', 'score'] })
    expect(rangeOf(specs.still)).toEqual({ kind: 'choice', choices: [false, true] })
    expect(rangeOf(specs.clip)).toBeUndefined()
  })

  test('numbers, choices and flags of its own; others where they are named; none that are given', () => {
    expect(Object.keys(spaceOf('m', specs, { eta: 0.5 }))).toEqual([
      'lambda',
      'scale',
      'offset',
      'decay',
      'rule',
      'still',
    ])
    expect(Object.keys(spaceOf('m', specs, {}, { options: ['inner', 'eta'] }))).toEqual(['inner', 'eta'])
    const ranges = { lambda: [1, 2], inner: [2, 80] } as const
    const space = spaceOf('m', specs, {}, { options: ['lambda'], ranges })
    expect(space).toEqual({
      lambda: { kind: 'number', low: 1, high: 2, log: false },
      inner: { kind: 'integer', low: 2, high: 80, log: true },
    })
    expect(Object.keys(spaceOf('dps', dps.info.options, {}))).toContain('scale')
    expect(Object.keys(spaceOf('pnp-dm', pnpDm.info.options, {}))).toContain('decay')
  })

  test.each([
    [{}, { options: ['zeta'] }, 'zeta: is no option of m'],
    [{}, { options: ['clip'] }, 'clip: cannot be tuned'],
    [{ eta: 1 }, { options: ['eta'] }, 'eta: is given, so it is not tuned'],
    [{}, { ranges: { eta: [0, 2] } }, 'eta: 0 … 2 is no range of it; it must be a number from 0 to 1'],
    [{}, { ranges: { eta: [1, 0] } }, 'eta: 1 … 0 is no range'],
    [{}, { ranges: { rule: [0, 1] } }, 'rule: is a choice'],
  ] as const)('%j %j: refused', (fixed, asked, message) => {
    expect(() => spaceOf('m', specs, fixed, asked)).toThrow(OptionError)
    expect(() => spaceOf('m', specs, fixed, asked)).toThrow(message)
  })

  test('nothing that can be tuned is an error', () => {
    expect(() => spaceOf('m', { clip: specs.clip }, {})).toThrow('m has none that can be tuned')
  })

  test('draws are accepted, by name and key, spread over the range on its scale', () => {
    const space = spaceOf('m', specs, {}, { options: ['eta', 'lambda', 'decay', 'inner', 'rule'] })
    const draws = Array.from({ length: 400 }, (_, i) => drawSettings(specs, space, randomKey(1).fold(i)))
    for (const settings of draws)
      for (const [name, value] of Object.entries(settings))
        expect(specs[name as keyof typeof specs].accepts(value)).toBe(true)
    const { lambda } = space
    const alone = drawSettings(specs, { lambda: lambda! }, randomKey(1).fold(7))
    expect(alone['lambda']).toBe(draws[7]?.['lambda'])
    // Of a log-uniform λ of 0.1 … 90 half lie below 3; five standard errors.
    const part = (below: (settings: Readonly<Record<string, unknown>>) => boolean) =>
      draws.filter(below).length / draws.length
    for (const found of [
      part(({ lambda }) => (lambda as number) < 3),
      part(({ eta }) => (eta as number) < 0.5),
      part(({ rule }) => rule === 'norm'),
    ])
      expect(Math.abs(found - 0.5)).toBeLessThan(5 * Math.sqrt(0.25 / 400))
  })
})

describe('successive halving', () => {
  test('rungs', () => {
    expect(rungsOf(27, 3, 2)).toEqual([
      { candidates: 27, seeds: 2 },
      { candidates: 9, seeds: 6 },
      { candidates: 3, seeds: 18 },
    ])
    expect(rungsOf(10, 4, 1)).toEqual([
      { candidates: 10, seeds: 1 },
      { candidates: 2, seeds: 4 },
    ])
    const wrong: readonly (readonly [number, number, number])[] = [
      [1, 2, 1],
      [4, 1, 1],
      [4, 2, 0],
      [4.5, 2, 1],
    ]
    for (const [candidates, keep, seeds] of wrong)
      expect(() => rungsOf(candidates, keep, seeds)).toThrow(OptionError)
  })

  test('ranks share what is equal, ∞ among it', () => {
    expect(ranksOf([3, 1, 3, Infinity, Infinity])).toEqual([2.5, 1, 2.5, 4.5, 4.5])
  })

  test('the best of each rung go on, by the mean of ranks over problems of any scale', async () => {
    const asked: (readonly [readonly number[], number, number])[] = []
    // On one problem the larger the better, on another of a larger scale 6 is the best; 3 diverges.
    const standings = await halve(
      [1, 2, 3, 4, 5, 6, 7, 8, 9],
      { keep: 3, seeds: 1 },
      async (all, { seeds }, index) => {
        asked.push([all, seeds, index])
        return all.map((c) => (c === 3 ? [Infinity, Infinity] : [-c, 1000 * Math.abs(c - 6)]))
      },
    )
    expect(asked).toEqual([
      [[1, 2, 3, 4, 5, 6, 7, 8, 9], 1, 0],
      [[6, 7, 8], 3, 1],
    ])
    expect(standings.map((all) => all.map(({ candidate }) => candidate))).toEqual([
      [6, 7, 8, 9, 5, 4, 2, 1, 3],
      [6, 7, 8],
    ])
    expect(standings[0]?.[0]).toEqual({ candidate: 6, badness: [-6, 0], rank: 2.5 })
    expect(standings[0]?.at(-1)?.rank).toBe(9)
  })

  test('the winner of a noiseless race is the best of all', async () => {
    const values = [5, 3, 9, 1, 7, 2, 8, 6, 4, 0, 10, 12]
    const standings = await halve(values, { keep: 2, seeds: 1 }, async (all) => all.map((v) => [v]))
    expect(standings.at(-1)?.[0]?.candidate).toBe(0)
  })
})

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { OptionError } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { publishedGrids, roundHalfEven } from './grids.ts'
import { respace, vpLinear } from './index.ts'

type Grid = keyof typeof publishedGrids
const fixtures: Record<string, Record<Grid, (string | null)[]>> = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../../tests/fixtures/grids/grids.json'), 'utf8'),
)
const digest = (times: readonly number[]) =>
  createHash('sha256').update(times.join()).digest('hex').slice(0, 6)
const cases = Object.entries(fixtures).flatMap(([T, grids]) =>
  (Object.keys(publishedGrids) as Grid[]).map((name) => ({ T: Number(T), name, digests: grids[name] })),
)

describe('the published grids, index for index, at every number of steps', () => {
  it.each(cases)('$name of $T', ({ T, name, digests }) => {
    const wrong: number[] = []
    digests.forEach((expected, i) => {
      const n = i + 1
      // One step: documented to start at T − 1, or without a counterpart.
      if (n === 1 && ['linspace', 'guided', 'guided-ddim', 'diffpir'].includes(name)) return
      const refused = expected === null || (name === 'leading' && n > T / 2 && n < T)
      if (refused) {
        expect(() => publishedGrids[name](T, n), `${n} steps`).toThrow(OptionError)
        return
      }
      const ours = publishedGrids[name](T, n)
      if (digest(ours) !== expected) wrong.push(n)
    })
    expect(wrong).toEqual([])
  })
})

describe('their steps', () => {
  const times = (steps: number, spacing: Grid) => respace(vpLinear(), steps, spacing).map(({ t }) => t)

  it('one step of those that hold T − 1 starts there', () => {
    expect(times(1, 'linspace')).toEqual([999])
    expect(times(1, 'guided')).toEqual([999])
    expect(times(1, 'diffpir')).toEqual([999])
  })

  it('ddim spans the schedule where n does not divide T, with more steps', () => {
    expect(times(501, 'ddim')).toEqual(Array.from({ length: 1000 }, (_, i) => 999 - i))
    expect(times(600, 'ddim').length).toBe(1000)
    expect(times(30, 'ddim').length).toBe(31)
    expect(times(30, 'ddim')[0]).toBe(990)
    expect(times(30, 'leading')[0]).toBe(957)
  })

  it('leading, ddim and guided-ddim are one where n divides T', () => {
    for (const n of [1, 2, 5, 20, 100, 500, 1000]) {
      expect(times(n, 'ddim')).toEqual(times(n, 'leading'))
      if (n > 1) expect(times(n, 'guided-ddim')).toEqual(times(n, 'leading'))
    }
  })

  it('leading is refused where it would start in the midst of the noise, naming what fits', () => {
    expect(() => times(501, 'leading')).toThrow(/501 of 1000 steps would start at t = 500.*'ddim'.*500/s)
    expect(times(500, 'leading')[0]).toBe(998)
    expect(() => times(999, 'leading')).toThrow(OptionError)
  })

  it('guided-ddim names the numbers of steps that can be had', () => {
    expect(() => times(501, 'guided-ddim')).toThrow(/501 of 1000.*500 and 1000/)
  })

  it('pairs go down to the clean end, each from where the last ended', () => {
    for (const spacing of Object.keys(publishedGrids) as Grid[]) {
      const pairs = respace(vpLinear({ T: 250 }), 24, spacing === 'guided-ddim' ? 'ddim' : spacing)
      expect(pairs.at(-1)!.s).toBe(-1)
      pairs.forEach(({ t, s }, i) => {
        expect(t).toBeGreaterThan(s)
        if (i > 0) expect(pairs[i - 1]!.s).toBe(t)
      })
    }
  })
})

it('halves are rounded to the even integer', () => {
  expect([-1.5, -0.5, 0.5, 1.5, 2.5, 2.4999999, 2.5000001, 7].map(roundHalfEven)).toEqual([
    -2, 0, 0, 2, 2, 2, 3, 7,
  ])
})

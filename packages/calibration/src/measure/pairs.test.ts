import { expect, test } from 'vitest'
import { pairsOf } from './pairs.ts'
import type { RowResults, SuiteResults } from './results.ts'

const cost = { nfe: 1, vjps: 0, operatorCalls: 0, peakBytes: 0, seconds: 0 }
/** A row with numbers of seeds 0, 1, …; of undefined it was refused. */
const row = (
  problem: string,
  name: string,
  values: readonly (number | undefined)[],
  words = name,
): RowResults => ({
  ...{ problem, row: name, words, samples: 7 },
  cells: values.map((value, seed) =>
    value === undefined
      ? { seed, took: 0, refused: 'it diverges there' }
      : { seed, took: 0, metrics: { first: [value - 1, value + 1], second: [0] }, cost },
  ),
})
const results = (rows: readonly RowResults[]): SuiteResults => ({
  ...{ suite: 's', version: 1, metrics: ['first', 'second'], rows },
  extent: { problems: ['q', 'p'], seeds: 4, samples: 7 },
})

test('rows are paired by seed, of the first metric, and of the first row of a name', () => {
  const found = pairsOf(
    results([
      row('p', 'a', [1, 50, undefined, 100]),
      row('p', 'a', [0, 0, 0, 0], 'a:other=1'),
      row('p', 'b', [3, 53, 9, undefined]),
      row('q', 'b', [1, 2]),
      row('q', 'a', [1.5, 2.5]),
    ]),
    [
      ['a', 'b'],
      ['b', 'missing'],
    ],
  )
  expect(found.map(({ problem }) => problem)).toEqual(['q', 'p'])
  expect(found[1]).toMatchObject({ row: 'a', than: 'b', metric: 'first', samples: 7 })
  expect(found[1]?.difference).toMatchObject({ count: 2, value: -2.5, p: 0.5 })
  expect(found[0]?.difference).toMatchObject({ count: 2, value: 0.5, low: 0.5, high: 0.5 })
})

test('without a case in common, or a metric, there is none', () => {
  const rows = [row('p', 'a', [1, undefined]), row('p', 'b', [undefined, 2])]
  expect(pairsOf(results(rows), [['a', 'b']])).toEqual([])
  expect(
    pairsOf({ ...results([row('p', 'a', [1]), row('p', 'b', [2])]), metrics: [] }, [['a', 'b']]),
  ).toEqual([])
})

import type { PairedDifference } from '../metrics/statistics.ts'
import { pairedDifference } from '../metrics/statistics.ts'
import type { RowResults, SuiteResults } from './results.ts'
import { averages } from './table.ts'

/** How much a metric of one row is above that of another, on the cases that both have. */
export interface PairOfRows {
  readonly problem: string
  readonly row: string
  readonly than: string
  readonly metric: string
  readonly samples: number
  readonly difference: PairedDifference
}

/** The first metric of each case, by seed. */
const bySeed = ({ cells }: RowResults, metric: string): Map<number, number> =>
  new Map(
    cells.flatMap((cell) => {
      const found = 'metrics' in cell ? (cell.metrics[metric] ?? []) : []
      const [value] = averages([found])
      return found.length === 0 || value === undefined ? [] : [[cell.seed, value] as const]
    }),
  )

/**
 * Sets rows of the same problems against each other, paired by seed: both are of the same measurements, so that what makes one case
 * harder than another falls out. By the suite's first metric; of several rows of a name the first.
 * @param pairs - Names of rows, such as `['mcg-diff (one run)', 'dps']`.
 * @returns A pair for each problem that has both rows with a case in common.
 * @example
 * ```ts
 * import { pairsOf } from '@tweedie/calibration'
 * const cost = { nfe: 20, vjps: 0, operatorCalls: 40, peakBytes: 2 ** 20, seconds: 1 }
 * const cells = (values: number[]) => values.map((sw, seed) => ({ seed, took: 1, metrics: { sw: [sw] }, cost }))
 * const row = (name: string, values: number[]) =>
 *   ({ problem: 'p', row: name, words: name, samples: 100, cells: cells(values) })
 * const rows = [row('a', [1, 50, 100]), row('b', [2, 51, 101])]
 * const results = { suite: 's', version: 1, extent: { problems: ['p'], seeds: 3, samples: 100 }, metrics: ['sw'], rows }
 * pairsOf(results, [['a', 'b']])[0]!.difference.value // => -1
 * ```
 */
export function pairsOf(
  { extent, metrics: [metric], rows }: SuiteResults,
  pairs: readonly (readonly [string, string])[],
): PairOfRows[] {
  if (metric === undefined) return []
  return extent.problems.flatMap((problem) =>
    pairs.flatMap(([row, than]) => {
      const [a, b] = [row, than].map((name) =>
        rows.find((one) => one.problem === problem && one.row === name),
      )
      if (a === undefined || b === undefined) return []
      const others = bySeed(b, metric)
      const both = [...bySeed(a, metric)].flatMap(([seed, value]) => {
        const other = others.get(seed)
        return other === undefined ? [] : [[value, other] as const]
      })
      if (both.length === 0) return []
      const difference = pairedDifference(
        both.map(([value]) => value),
        both.map(([, other]) => other),
      )
      return [{ problem, row, than, metric, samples: a.samples, difference }]
    }),
  )
}

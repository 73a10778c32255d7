import { sampleMetrics } from '../metrics/catalog.ts'
import { suites } from '../suites/catalog.ts'
import type { Cost, Published, SampleMetric, SampleMetricInfo, Suite, Summary } from '../types.ts'
import type { RowResults, SuiteResults } from './results.ts'

/** The numbers of a row for a metric over all cases. */
export interface Told extends Summary {
  /** Of what each case's numbers average to. */
  readonly median: number
}

/** A row of a table. */
export interface TableRow {
  readonly row: string
  readonly words: string
  readonly kind: 'method' | 'reference'
  readonly samples: number
  /** How many cases the numbers are of. */
  readonly cases: number
  /** By metric; those that the cases lack something for are left out. */
  readonly metrics: Readonly<Record<string, Told>>
  /** Means over cases. */
  readonly cost: Cost
  /** Why cases are missing: the number of them by reason. */
  readonly refused: readonly { readonly why: string; readonly cases: number }[]
}

/** All that is told of a problem. */
export interface ProblemTable {
  readonly suite: string
  readonly problem: string
  readonly title: string
  readonly seeds: number
  readonly metrics: readonly SampleMetricInfo[]
  /** The references, then the methods from the best of the first metric to the worst. */
  readonly rows: readonly TableRow[]
  /** Rows without a single case. */
  readonly refused: readonly { readonly row: string; readonly why: string }[]
  readonly published: readonly Published[]
}

/** Numbers of each case, average by average. */
export const averages = (cases: readonly (readonly number[])[]): number[] =>
  cases.map((numbers) => numbers.reduce((sum, v) => sum + v, 0) / numbers.length)

/** The middle one, or the mean of both in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const [a = Number.NaN, b = Number.NaN] = [sorted[sorted.length % 2 ? middle : middle - 1], sorted[middle]]
  return (a + b) / 2
}

const meanCost = (costs: readonly Cost[]): Cost => {
  const mean = (of: (cost: Cost) => number) => costs.reduce((sum, cost) => sum + of(cost), 0) / costs.length
  return {
    nfe: mean((c) => c.nfe),
    vjps: mean((c) => c.vjps),
    operatorCalls: mean((c) => c.operatorCalls),
    peakBytes: mean((c) => c.peakBytes),
    seconds: mean((c) => c.seconds),
  }
}

const referenceNames = ['exact', 'exact-score', 'prior']

function rowOf({ row, words, samples, cells }: RowResults, metrics: readonly SampleMetric[]): TableRow {
  const measured = cells.filter((cell) => 'metrics' in cell)
  const reasons = new Map<string, number>()
  for (const cell of cells)
    if ('refused' in cell) reasons.set(cell.refused, (reasons.get(cell.refused) ?? 0) + 1)
  const told = metrics.flatMap((metric) => {
    const cases = measured
      .map((cell) => cell.metrics[metric.info.name] ?? [])
      .filter(({ length }) => length > 0)
    if (cases.length === 0) return []
    return [[metric.info.name, { ...metric.over(cases), median: median(averages(cases)) }] as const]
  })
  return {
    row,
    words,
    kind: referenceNames.includes(row) ? 'reference' : 'method',
    samples,
    cases: measured.length,
    metrics: Object.fromEntries(told),
    cost: meanCost(measured.map(({ cost }) => cost)),
    refused: [...reasons].map(([why, cases]) => ({ why, cases })),
  }
}

const settingsOf = (words: string): string[] =>
  words.split(/[:,]| \(one run\)/).filter((part) => part.includes('='))

/** The name of a row; of several of one name with the settings that tell it from the first of them. */
function nameAmong({ row, words }: RowResults, all: readonly RowResults[]): string {
  const [first = words] = all.filter((other) => other.row === row).map((other) => other.words)
  const apart = settingsOf(words).filter((setting) => !settingsOf(first).includes(setting))
  return words === first ? row : `${row}, ${apart.join(', ') || words}`
}

/** How far from the best a number of a metric is: what rows are in order of. */
export function badness({ better, target }: SampleMetricInfo, value: number | undefined): number {
  if (value === undefined || Number.isNaN(value)) return Infinity
  if (better === 'target') return Math.abs(value - (target ?? 0))
  return better === 'lower' ? value : -value
}

/**
 * The tables of a suite, one a problem: references first, then methods from the best to the worst by the first metric.
 * @param known - The suites and metrics that results may name; ours where left out.
 * @example
 * ```ts
 * import { tableMarkdown, tablesOf } from '@tweedie/calibration'
 * const cost = { nfe: 20, vjps: 0, operatorCalls: 40, peakBytes: 2 ** 20, seconds: 1 }
 * const cells = [1, 2].map((sw, seed) => ({ seed, took: 1, metrics: { sw: [sw] }, cost }))
 * const problem = 'd=8,dy=1,steps=20'
 * const rows = [{ problem, row: 'ddrm', words: 'ddrm:steps=20', samples: 100, cells }]
 * const [table] = tablesOf({ suite: 'gmm', version: 1, extent: { problems: [problem], seeds: 2, samples: 100 }, metrics: ['sw'], rows })
 * table!.rows[0]!.metrics['sw']!.median // => 1.5
 * tableMarkdown(table!).includes('| ddrm | 1.5 ± 0.98 (1.5) | sw 5.24 ± 1.46 | 100 | 20 | 0 | 40 | 1 | 1 |') // => true
 * ```
 */
export function tablesOf(
  results: SuiteResults,
  known: { readonly suites?: readonly Suite[]; readonly metrics?: readonly SampleMetric[] } = {},
): ProblemTable[] {
  const suite = (known.suites ?? suites).find(({ name }) => name === results.suite)
  const metrics = results.metrics.flatMap(
    (name) => (known.metrics ?? sampleMetrics).find(({ info }) => info.name === name) ?? [],
  )
  return results.extent.problems.map((problem) => {
    const own = results.rows.filter((row) => row.problem === problem)
    const all = own.map((row) => rowOf({ ...row, row: nameAmong(row, own) }, metrics))
    const [first] = metrics
    const rank = ({ metrics: told }: TableRow) =>
      first === undefined ? 0 : badness(first.info, told[first.info.name]?.value)
    const there = all.filter(({ cases }) => cases > 0)
    return {
      suite: results.suite,
      problem,
      title: suite?.problems.find(({ name }) => name === problem)?.title ?? problem,
      seeds: results.extent.seeds,
      metrics: metrics.map(({ info }) => info),
      rows: [
        ...there.filter(({ kind }) => kind === 'reference'),
        ...there.filter(({ kind }) => kind === 'method').sort((a, b) => rank(a) - rank(b)),
      ],
      refused: all
        .filter(({ cases }) => cases === 0)
        .map(({ row, refused }) => ({ row, why: refused.map(({ why }) => why).join('; ') })),
      published: suite?.published.filter((number) => number.problem === problem) ?? [],
    }
  })
}

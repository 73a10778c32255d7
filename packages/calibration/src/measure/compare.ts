import { sampleMetrics } from '../metrics/catalog.ts'
import { meanOver } from '../metrics/define.ts'
import type { SampleMetric, Summary } from '../types.ts'
import type { Results, RowResults } from './results.ts'
import { averages, badness } from './table.ts'

/** What became of a number. */
export interface Difference {
  readonly suite: string
  readonly problem: string
  readonly row: string
  readonly metric: string
  readonly before: number
  readonly now: number
  /** now − before with its 95 % interval: paired by seed where a metric is a mean over cases. */
  readonly change: Summary
  /** Cases that both have. */
  readonly cases: number
  /** Whether the interval leaves 0 out. */
  readonly differs: boolean
  /** Of one that differs: whether it is the worse for it. */
  readonly worse: boolean
  /** Settings that are no longer the same. */
  readonly settings?: { readonly before: string; readonly now: string }
}

/** A comparison of two runs. */
export interface Comparison {
  readonly differences: readonly Difference[]
  /** Rows of one only, in words. */
  readonly alone: { readonly before: readonly string[]; readonly now: readonly string[] }
}

interface Named {
  readonly suite: string
  readonly version: number
  readonly row: RowResults
}

const named = ({ suites }: Results): Named[] =>
  suites.flatMap(({ suite, version, rows }) => rows.map((row) => ({ suite, version, row })))

const nameOf = ({ suite, row: { problem, row } }: Named) => `${suite}, ${problem}: ${row}`

/**
 * Sets a run against an earlier one: for each row of a problem and each metric that both have, the change over the seeds that
 * both have. Means are compared paired by seed, which takes away what makes one case harder than another; other summaries, such as
 * p-values, differ where their intervals do not meet. One of 20 numbers that did not change is told as one that did.
 * @example
 * ```ts
 * import { compareResults, findSuite, measure, planSuite, resultsOf } from '@tweedie/calibration'
 * const asked = { problems: ['d=8,dy=1,steps=20'], methods: ['exact'], seeds: 2, samples: 20 }
 * const plans = [await planSuite(findSuite('gmm'), asked)]
 * const machine = { tweedie: '', node: '', platform: '', cpu: '', cores: 1, device: '' }
 * const results = resultsOf(plans, await measure(plans), { command: '', date: '', machine })
 * compareResults(results, results).differences.filter(({ differs }) => differs) // => []
 * ```
 */
export function compareResults(
  before: Results,
  now: Results,
  metrics: readonly SampleMetric[] = sampleMetrics,
): Comparison {
  const [former, latter] = [named(before), named(now)]
  const pairs = latter.flatMap((b) => {
    const same = former.filter(
      (a) => nameOf(a) === nameOf(b) && a.version === b.version && a.row.samples === b.row.samples,
    )
    const a = same.find(({ row }) => row.words === b.row.words) ?? same[0]
    return a === undefined ? [] : [{ a, b }]
  })
  const [olds, news] = [new Set(pairs.map(({ a }) => a)), new Set(pairs.map(({ b }) => b))]
  return {
    differences: pairs.flatMap(({ a, b }) => metrics.flatMap((metric) => difference(a, b, metric) ?? [])),
    alone: {
      before: former.filter((one) => !olds.has(one)).map(nameOf),
      now: latter.filter((one) => !news.has(one)).map(nameOf),
    },
  }
}

function difference(a: Named, b: Named, metric: SampleMetric): Difference | undefined {
  const numbers = ({ row }: Named) =>
    new Map(
      row.cells.flatMap((cell) => {
        const found = 'metrics' in cell ? (cell.metrics[metric.info.name] ?? []) : []
        return found.length > 0 ? [[cell.seed, found] as const] : []
      }),
    )
  const [old, recent] = [numbers(a), numbers(b)]
  const both = [...old].flatMap(([seed, x]) => {
    const y = recent.get(seed)
    return y === undefined ? [] : [{ x, y }]
  })
  if (both.length === 0) return undefined
  const [x, y] = [both.map((one) => one.x), both.map((one) => one.y)]
  const [first, second] = [metric.over(x), metric.over(y)]
  const change = metric.over === meanOver ? paired(x, y) : apart(first, second)
  const differs = change.low > 0 || change.high < 0
  return {
    suite: b.suite,
    problem: b.row.problem,
    row: b.row.row,
    metric: metric.info.name,
    before: first.value,
    now: second.value,
    change,
    cases: both.length,
    differs,
    worse: differs && badness(metric.info, second.value) > badness(metric.info, first.value),
    ...(a.row.words !== b.row.words && { settings: { before: a.row.words, now: b.row.words } }),
  }
}

/** The mean of the differences. Of numbers that are all the same the interval is a point. */
function paired(x: readonly (readonly number[])[], y: readonly (readonly number[])[]): Summary {
  const [before, now] = [averages(x), averages(y)]
  const differences = now.map((v, i) => v - (before[i] ?? 0))
  return differences.every((d) => d === 0)
    ? { value: 0, low: 0, high: 0 }
    : meanOver(differences.map((d) => [d]))
}

/** Of two summaries by their intervals: 0 is left out where they do not meet. */
const apart = (a: Summary, b: Summary): Summary => ({
  value: b.value - a.value,
  low: b.low - a.high,
  high: b.high - a.low,
})

import type { Cell, Measured } from '../measure/cell.ts'
import { average } from '../metrics/define.ts'
import { pairedDifference, studentTails } from '../metrics/statistics.ts'
import type { SampleMetric, Summary } from '../types.ts'

/** One thing that has to hold for a sampler of the posterior. */
export interface Finding {
  /** The name of its metric. */
  readonly metric: string
  /** What was found, in words that follow a colon. */
  readonly says: string
  /** Probability of something as far off, or farther, for exact draws. */
  readonly p: number
  readonly holds: boolean
}

/** Whether the samples of a method are as draws of the posteriors of a problem. */
export interface Check {
  readonly problem: string
  readonly cases: number
  /** Why cases are missing. */
  readonly refused: readonly string[]
  readonly findings: readonly Finding[]
  readonly holds: boolean
  /** In a sentence. */
  readonly says: string
}

/** Metrics of a check: of ranks and coverage, which need no floor, and distances, which stand beside that of exact draws. */
export const checkMetrics = {
  calibration: ['sbc', 'marginal90'],
  distances: ['sw', 'energy', 'mean-error'],
  /** Shown; they decide nothing by themselves. */
  shown: ['rank-spread', 'crps'],
} as const

/** The probability of a false alarm, of all problems and metrics together. */
const level = 0.01

type Good = Cell & Measured
const isGood = (cell: Cell): cell is Good => 'metrics' in cell

const numbersOf = (cells: readonly Good[], name: string): readonly (readonly number[])[] =>
  cells.map(({ metrics }) => metrics[name] ?? []).filter(({ length }) => length > 0)

const short = (value: number): string => String(Number(value.toPrecision(3)))
const chance = (p: number): string => (p < 1e-4 ? 'p < 0.0001' : `p = ${short(p)}`)

/** Two-sided p of a mean with its 95 % interval being the target's, by Student's t. */
function offTarget({ value, high }: Summary, target: number, cases: number): number {
  const error = (high - value) / 1.96
  if (!(error > 0)) return value === target ? 1 : 0
  return studentTails((value - target) / error, Math.max(1, cases - 1))
}

function ranks(
  metric: SampleMetric,
  cells: readonly Good[],
  spread: Summary | undefined,
): Omit<Finding, 'holds'> {
  const p = metric.over(numbersOf(cells, metric.info.name)).value
  const shape =
    spread === undefined
      ? ''
      : spread.low > 1
        ? `, the truth is too often at the ends: samples are too narrow (spread of its rank ${short(spread.value)}, exact 1)`
        : spread.high < 1
          ? `, the truth is too often in the middle: samples are too wide (spread of its rank ${short(spread.value)}, exact 1)`
          : ''
  return { metric: metric.info.name, p, says: `ranks of the truth among the samples, ${chance(p)}${shape}` }
}

function coverage(metric: SampleMetric, cells: readonly Good[]): Omit<Finding, 'holds'> {
  const found = metric.over(numbersOf(cells, metric.info.name))
  const target = metric.info.target ?? 0.9
  const p = offTarget(found, target, cells.length)
  const percent = (v: number) => `${(100 * v).toFixed(0)} %`
  return {
    ...{ metric: metric.info.name, p },
    says: `${percent(target)} intervals hold the truth in ${percent(found.value)} (${percent(found.low)} … ${percent(found.high)}), ${chance(p)}`,
  }
}

/** A distance against that of exact draws, case by case; only one that is larger counts. */
function distance(
  metric: SampleMetric,
  cells: readonly Good[],
  exact: readonly Good[],
): Omit<Finding, 'holds'> | undefined {
  const { name } = metric.info
  const pairs = cells.flatMap((cell) => {
    const floor = exact.find(({ seed }) => seed === cell.seed)?.metrics[name] ?? []
    const own = cell.metrics[name] ?? []
    return own.length > 0 && floor.length > 0 ? [[average(own), average(floor)] as const] : []
  })
  if (pairs.length === 0) return undefined
  const [own, floor] = [pairs.map(([a]) => a), pairs.map(([, b]) => b)]
  const { value, p } = pairedDifference(own, floor)
  const oneSided = value > 0 ? p / 2 : 1 - p / 2
  return {
    ...{ metric: name, p: oneSided },
    says: `${name} ${short(average(own))}, exact draws ${short(average(floor))}, ${chance(oneSided)}`,
  }
}

/**
 * Judges the samples of a method on the cases of a problem: by the ranks of the truth (simulation-based calibration), by the
 * coverage of intervals, and by distances beside those of exact draws. Exact draws fail by chance in one of a hundred checks.
 *
 * @param cells - Of the method, and of the row `exact`, on the same seeds.
 * @param tests - How many problems are checked together.
 */
export function checkOf(
  problem: string,
  { method, exact }: { readonly method: readonly Cell[]; readonly exact: readonly Cell[] },
  metrics: readonly SampleMetric[],
  tests = 1,
): Check {
  const [good, floors] = [method.filter(isGood), exact.filter(isGood)]
  const refused = [...new Set(method.flatMap((cell) => ('refused' in cell ? [cell.refused] : [])))]
  const there = (name: string) =>
    metrics.find(({ info }) => info.name === name && numbersOf(good, name).length > 0)
  const spread = there('rank-spread')
  const [sbc, covered] = checkMetrics.calibration.map(there)
  const found = [
    sbc && ranks(sbc, good, spread?.over(numbersOf(good, 'rank-spread'))),
    covered && coverage(covered, good),
    ...checkMetrics.distances.map((name) => {
      const metric = there(name)
      return metric && distance(metric, good, floors)
    }),
  ].filter((finding) => finding !== undefined)
  const findings = found.map((one): Finding => ({ ...one, holds: !(one.p < level / (found.length * tests)) }))
  const broken = findings.filter(({ holds }) => !holds)
  const holds = broken.length === 0 && refused.length === 0 && good.length > 0
  return { problem, cases: good.length, refused, findings, holds, says: inWords({ good, refused, broken }) }
}

function inWords({
  good,
  refused,
  broken,
}: {
  readonly good: readonly Good[]
  readonly refused: readonly string[]
  readonly broken: readonly Finding[]
}): string {
  if (good.length === 0) return `there are no samples: ${refused.join('; ')}`
  const missing = refused.length === 0 ? '' : `; in some cases there are no samples: ${refused.join('; ')}`
  return broken.length === 0
    ? `as draws of the posterior, as far as ${good.length} cases tell${missing}`
    : `not draws of the posterior: ${broken.map(({ says }) => says).join('; ')}${missing}`
}

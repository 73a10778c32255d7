import { randomKey } from '@tweedie/tensor'
import type { Points } from '../points.ts'
import type { Judged, SampleMetric, SampleMetricInfo } from '../types.ts'
import { average } from './define.ts'
import type { Change, TrialProblem } from './trials.ts'
import { changes, trialCase, trialDraws } from './trials.ts'

/** How large an experiment is. */
export interface PowerSize {
  /** Samples of each posterior. */
  readonly samples: number
  /** Cases of each repetition, each with a truth of its own. */
  readonly cases: number
  /** Repetitions with exact draws that the thresholds come from. */
  readonly exact: number
  /** Repetitions of each change. */
  readonly repetitions: number
}

/** How often a metric tells samples that are made wrong from exact ones, at the level 5 %. */
export interface MetricPower {
  readonly name: string
  /** It is the metric less its value for other exact draws of the same cases. */
  readonly paired: boolean
  /** The value of exact draws over all cases, mean and standard deviation over repetitions. */
  readonly floor: { readonly mean: number; readonly deviation: number }
  /** The part of the repetitions beyond the threshold; of exact draws 0.05 up to chance. */
  readonly power: Readonly<Record<Change, number>>
}

/** Scores at the truth: most of their noise is the truth's, and goes where exact draws of the same case are taken off. */
const scores: readonly string[] = ['crps', 'energy-score', 'gap-db']

interface Statistic {
  readonly metric: SampleMetric
  readonly paired: boolean
}

const statisticsOf = (metrics: readonly SampleMetric[]): readonly Statistic[] =>
  metrics.flatMap((metric) => [
    { metric, paired: false },
    ...(scores.includes(metric.info.name) ? [{ metric, paired: true }] : []),
  ])

/** The numbers of a case: of the samples, and of the draws that they are judged by. */
interface Numbers {
  readonly own: readonly number[]
  readonly exact: readonly number[]
}

const numbersOf = ({ metric, paired }: Statistic, samples: Points, judged: Judged): Numbers => ({
  own: metric.of(samples, judged),
  exact: paired ? metric.of(judged.draws, judged) : [],
})

function overCases({ metric, paired }: Statistic, cases: readonly Numbers[]): number {
  const { value } = metric.over(cases.map(({ own }) => own))
  return paired ? value - metric.over(cases.map(({ exact }) => exact)).value : value
}

/** Larger is worse: the distance to the target, the value, or its negative. */
function badness({ better, target }: SampleMetricInfo, value: number, usual: number): number {
  if (better === 'target') return Math.abs(value - (target ?? usual))
  return better === 'lower' ? value : -value
}

/** Values of the statistics over the cases of a repetition, by change: samples are made of the same draws for all changes. */
function repetition(
  problem: TrialProblem,
  statistics: readonly Statistic[],
  { samples, cases }: PowerSize,
  r: number,
  made: readonly Change[],
): number[][] {
  const all = made.map(() => statistics.map((): Numbers[] => []))
  for (let k = 0; k < cases; k++) {
    const posed = trialCase(problem, r * cases + k)
    const key = randomKey(r * cases + k).fold('power')
    const judged = { posed, draws: trialDraws(posed, key.fold('draws'), samples, 'exact') }
    made.forEach((change, c) => {
      const points = trialDraws(posed, key.fold('samples'), samples, change)
      statistics.forEach((statistic, s) => all[c]?.[s]?.push(numbersOf(statistic, points, judged)))
    })
  }
  return all.map((ofChange) => statistics.map((statistic, s) => overCases(statistic, ofChange[s] ?? [])))
}

/**
 * The power of metrics: of repetitions with samples made wrong (wider or narrower by 5 %, shifted by 5 % of a standard
 * deviation, a weight moved by 0.05), the part in which the metric over all cases lies beyond the 95 % point of repetitions with
 * exact draws. With `exact` = 100 the level is 0.05 ± 0.02. Metrics that the problem lacks something for, or that have no
 * numbers, are left out.
 *
 * @param onProgress - 0 … 1.
 * @example
 * ```ts
 * import { metricPower, varianceRatio } from '@tweedie/calibration'
 * const size = { samples: 500, cases: 8, exact: 20, repetitions: 3 }
 * const [found] = metricPower('gaussian', [varianceRatio], size)
 * found?.power.wider // => 1
 * ```
 */
export function metricPower(
  problem: TrialProblem,
  metrics: readonly SampleMetric[],
  size: PowerSize,
  onProgress?: (done: number) => void,
): readonly MetricPower[] {
  const posed = trialCase(problem, 0)
  const statistics = statisticsOf(metrics.filter((metric) => metric.lacks(posed) === undefined))
  const all = Array.from({ length: size.exact + size.repetitions }, (_, r) => {
    const values = repetition(problem, statistics, size, r, r < size.exact ? ['exact'] : changes)
    onProgress?.((r + 1) / (size.exact + size.repetitions))
    return values
  })
  const [exact, changed] = [all.slice(0, size.exact), all.slice(size.exact)]
  return statistics.flatMap(({ metric: { info }, paired }, s) => {
    const values = exact.map(([row = []]) => row[s] ?? Number.NaN)
    const usual = average(values)
    if (!Number.isFinite(usual)) return []
    const worst = values.map((value) => badness(info, value, usual)).sort((a, b) => a - b)
    const threshold = worst[Math.ceil(0.95 * worst.length) - 1] ?? Number.NaN
    const beyond = (c: number) =>
      average(changed.map((rows) => (badness(info, rows[c]?.[s] ?? Number.NaN, usual) > threshold ? 1 : 0)))
    const power = Object.fromEntries(changes.map((change, c) => [change, beyond(c)])) as Record<
      Change,
      number
    >
    const deviation = Math.sqrt(average(values.map((value) => (value - usual) ** 2)))
    return [{ name: info.name, paired, floor: { mean: usual, deviation }, power }]
  })
}

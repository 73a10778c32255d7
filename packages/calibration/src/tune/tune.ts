import type { AnyMethod, Settings } from '@tweedie/solvers'
import { formatSpec } from '@tweedie/solvers'
import { OptionError, randomKey } from '@tweedie/tensor'
import type { Cell } from '../measure/cell.ts'
import { measureCell, poseOnce } from '../measure/cell.ts'
import { badness } from '../measure/table.ts'
import { average, meanOver } from '../metrics/define.ts'
import type { PairedDifference } from '../metrics/statistics.ts'
import { pairedDifference } from '../metrics/statistics.ts'
import { methodRow } from '../rows/method.ts'
import { smallSettings } from '../rows/small-settings.ts'
import type { PosedProblem, SampleMetric, Suite, Summary } from '../types.ts'
import type { Rung, Standing } from './halving.ts'
import { halve, rungsOf } from './halving.ts'
import type { Space } from './space.ts'
import { drawSettings } from './space.ts'

/** The first seed of cases that candidates are compared on. Those of tests, and of `tweedie bench posterior`, are 0, 1, …. */
export const validationSeed = 1_000_000

/** What is asked of {@link tune}. */
export interface TuneAsked {
  readonly suite: Suite
  readonly problems: readonly PosedProblem[]
  readonly method: AnyMethod
  /** Settings that are given, and not tuned. */
  readonly fixed: Settings
  readonly space: Space
  /** What is made small, or large. */
  readonly by: SampleMetric
  /** What is told of the winner beside it. */
  readonly also: readonly SampleMetric[]
  readonly candidates: number
  /** One in so many goes on. */
  readonly keep: number
  /** Validation cases of the first rung, of each problem. */
  readonly seeds: number
  readonly testSeeds: number
  readonly samples: number
  readonly seed: number
}

/** How a run of {@link tune} is watched, stopped and gone on with. */
export interface TuneControl {
  /** Cells of an earlier run that was stopped. */
  readonly known?: readonly Cell[]
  readonly onCell?: ((cell: Cell) => void | Promise<void>) | undefined
  readonly signal?: AbortSignal | undefined
  /** @param done - 0 … 1. */
  onProgress?(done: number, label: string): void
}

/** What a metric says of the winner and of the settings before, on test cases. */
export interface TestScore {
  readonly problem: string
  readonly metric: string
  readonly tuned: Summary
  readonly before: Summary
  /** tuned − before, case by case; absent for metrics that are no mean over cases. */
  readonly difference?: PairedDifference
}

/** What came of it. */
export interface Tuned {
  /** All of the winner's settings. */
  readonly settings: Settings
  /** The settings before: what the suite runs the method with, and what was given. */
  readonly before: Settings
  readonly rungs: readonly { readonly rung: Rung; readonly standings: readonly Standing<Settings>[] }[]
  readonly test: readonly TestScore[]
}

const keyOf = (cell: Pick<Cell, 'problem' | 'words' | 'seed' | 'samples'>): string =>
  JSON.stringify([cell.problem, cell.words, cell.seed, cell.samples])

const numbersOf = (cell: Cell, metric: SampleMetric): readonly number[] =>
  'metrics' in cell ? (cell.metrics[metric.info.name] ?? []) : []

/** How bad a candidate is on a problem: ∞ where a case has no samples, or the metric nothing to say. */
function badnessOf(cells: readonly Cell[], metric: SampleMetric): number {
  const numbers = cells.map((cell) => numbersOf(cell, metric))
  return numbers.every(({ length }) => length > 0)
    ? badness(metric.info, metric.over(numbers).value)
    : Infinity
}

/** Measures candidates on seeds of problems, a case once for all of them, without those that are known. */
function measurer(asked: TuneAsked, control: TuneControl, total: number) {
  const { suite, method, samples } = asked
  const known = new Map(control.known?.map((cell) => [keyOf(cell), cell]))
  const most = smallSettings[method.info.name]?.most
  let done = 0
  return async (
    problem: PosedProblem,
    seeds: readonly number[],
    candidates: readonly Settings[],
    metrics: readonly SampleMetric[],
  ): Promise<readonly (readonly Cell[])[]> => {
    const found = candidates.map((): Cell[] => [])
    for (const seed of seeds) {
      using once = poseOnce(problem.pose(seed), seed)
      for (const [i, settings] of candidates.entries()) {
        const row = methodRow(method, { ...problem.settings?.(method.info.name), ...settings }, { most })
        const label = `${problem.name}, seed ${seed}: ${row.words}`
        control.onProgress?.(done / total, label)
        const key = keyOf({
          problem: problem.name,
          words: row.words,
          seed,
          samples: Math.min(samples, most ?? samples),
        })
        const earlier = known.get(key)
        const has =
          earlier && metrics.every(({ info }) => !('metrics' in earlier) || info.name in earlier.metrics)
        const cell =
          earlier && has
            ? earlier
            : await measureCell(row, once, {
                ...{
                  suite: suite.name,
                  version: suite.version ?? 1,
                  problem: problem.name,
                  samples,
                  metrics,
                },
                signal: control.signal,
                onProgress: (part) => control.onProgress?.((done + part) / total, label),
              })
        if (cell !== earlier) await control.onCell?.(cell)
        known.set(key, cell)
        found[i]?.push(cell)
        done++
      }
    }
    return found
  }
}

const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i)

/** Cells of a run: candidates × new cases of each rung, then two on the test cases. */
const cellsOf = ({ candidates, keep, seeds, testSeeds, problems }: TuneAsked): number =>
  problems.length *
  (rungsOf(candidates, keep, seeds).reduce((sum, rung) => sum + rung.candidates * rung.seeds, 0) +
    2 * testSeeds)

/**
 * Tunes the options of a method on a suite: candidates drawn from a space, the settings before first among them, by successive
 * halving over validation cases; then the winner beside the settings before, on test cases that the search has not seen. The
 * same seed gives the same result, whether it was stopped between or not.
 *
 * @throws {OptionError} where no candidate has samples of a problem. @throws {InterruptedError} once the signal is raised.
 * @example
 * ```ts
 * import { crps, findSuite, spaceOf, tune } from '@tweedie/calibration'
 * import { dps } from '@tweedie/solvers'
 * const suite = findSuite('gmm')
 * const fixed = { steps: 10 }
 * const space = spaceOf('dps', dps.info.options, fixed, { ranges: { scale: [0.01, 1] }, options: ['scale'] })
 * const { settings, test } = await tune({ suite, problems: suite.problems.slice(0, 1), method: dps, fixed, space, by: crps,
 *   also: [], candidates: 2, keep: 2, seeds: 1, testSeeds: 2, samples: 10, seed: 0 })
 * settings['steps'] // => 10
 * test.map(({ metric }) => metric) // => ['crps']
 * ```
 */
export async function tune(asked: TuneAsked, control: TuneControl = {}): Promise<Tuned> {
  const { suite, problems, method, fixed, space, by, also, seed } = asked
  const { name, options: specs } = method.info
  const before = { ...smallSettings[name]?.settings, ...suite.settings(name), ...fixed }
  const key = randomKey(seed).fold('tune')
  const candidates = range(0, asked.candidates).map(
    (i): Settings => (i === 0 ? before : { ...before, ...drawSettings(specs, space, key.fold(i)) }),
  )
  const measured = measurer(asked, control, cellsOf(asked))
  const rungs: Rung[] = []
  const standings = await halve(candidates, asked, async (left, rung) => {
    rungs.push(rung)
    const each = await sequentially(problems, (problem) =>
      measured(problem, range(validationSeed, rung.seeds), left, [by]),
    )
    return left.map((_, i) => each.map((cells) => badnessOf(cells[i] ?? [], by)))
  })
  const winner = standings.at(-1)?.[0]
  if (winner === undefined || winner.badness.includes(Infinity))
    throw new OptionError(
      'tune',
      `no candidate has samples of every problem; ${formatSpec(name, before)} was the first`,
    )
  const metrics = [by, ...also.filter(({ info }) => info.name !== by.info.name)]
  const test = await sequentially(problems, async (problem) => {
    const pair = [winner.candidate, before]
    const [tuned = [], former = []] = await measured(problem, range(0, asked.testSeeds), pair, metrics)
    return metrics.flatMap((metric) => testScore(problem.name, metric, tuned, former))
  })
  return {
    settings: winner.candidate,
    before,
    rungs: standings.map((all, i) => ({ rung: rungs[i] ?? { candidates: 0, seeds: 0 }, standings: all })),
    test: test.flat(),
  }
}

async function sequentially<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const found: R[] = []
  for (const item of items) found.push(await work(item))
  return found
}

/** What a metric says of two settings, on the cases that both have samples of. */
function testScore(
  problem: string,
  metric: SampleMetric,
  tuned: readonly Cell[],
  before: readonly Cell[],
): TestScore[] {
  const pairs = tuned.flatMap((cell, i) => {
    const former = before[i]
    const [a, b] = [numbersOf(cell, metric), former === undefined ? [] : numbersOf(former, metric)]
    return a.length > 0 && b.length > 0 ? [[a, b] as const] : []
  })
  if (pairs.length === 0) return []
  const [a, b] = [pairs.map(([own]) => own), pairs.map(([, former]) => former)]
  return [
    {
      ...{ problem, metric: metric.info.name, tuned: metric.over(a), before: metric.over(b) },
      ...(metric.over === meanOver && { difference: pairedDifference(a.map(average), b.map(average)) }),
    },
  ]
}

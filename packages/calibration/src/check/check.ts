import type { AnyMethod, Settings } from '@tweedie/solvers'
import type { Cell } from '../measure/cell.ts'
import { measure } from '../measure/run.ts'
import { sampleMetrics } from '../metrics/catalog.ts'
import { rowsOfMethod } from '../rows/of-method.ts'
import { exactDraws } from '../rows/references.ts'
import type { PosedProblem, SampleMetric, Suite } from '../types.ts'
import type { Check } from './verdict.ts'
import { checkMetrics, checkOf } from './verdict.ts'

/** What is asked of {@link checkCalibration}. */
export interface CheckAsked {
  readonly suite: Suite
  readonly problems: readonly PosedProblem[]
  /** The method; exact draws check themselves where it is left out. */
  readonly method?: AnyMethod | undefined
  readonly settings?: Settings
  /** Cases of each problem, and samples of each posterior. */
  readonly seeds: number
  readonly samples: number
  readonly signal?: AbortSignal | undefined
  /** @param done - 0 … 1. */
  onProgress?(done: number, label: string): void
}

/** The metrics of a check, those there are. */
const used = (): readonly SampleMetric[] => {
  const names: readonly string[] = [
    ...checkMetrics.calibration,
    ...checkMetrics.distances,
    ...checkMetrics.shown,
  ]
  return sampleMetrics.filter(({ info }) => names.includes(info.name))
}

/** Exact draws under another name, to be checked against themselves. */
const exactAgain = {
  ...exactDraws,
  name: 'exact again',
  draw: (...[posed, draw]: Parameters<typeof exactDraws.draw>) =>
    exactDraws.draw(posed, { ...draw, seed: draw.seed + 2 ** 31 }),
}

/**
 * Has a method sample the posteriors of a suite, and judges whether its samples are draws of them.
 * @throws {InterruptedError} once the signal is raised.
 * @example
 * ```ts
 * import { checkCalibration, findSuite } from '@tweedie/calibration'
 * const suite = findSuite('gmm')
 * const [check] = await checkCalibration({ suite, problems: suite.problems.slice(0, 1), seeds: 20, samples: 20 })
 * check.holds // => true
 * check.says // => 'as draws of the posterior, as far as 20 cases tell'
 * ```
 */
export async function checkCalibration(asked: CheckAsked): Promise<readonly Check[]> {
  const { suite, problems, method, settings = {}, seeds, samples } = asked
  const metrics = used()
  const plan = {
    ...{ suite, metrics, extent: { problems: problems.map(({ name }) => name), seeds, samples } },
    problems: problems.map((posed) => {
      const of = method ? rowsOfMethod({ entry: method, settings }, suite, posed) : [exactAgain]
      return { posed, rows: [exactDraws, ...of.slice(0, 1)] }
    }),
  }
  const cells: readonly Cell[] = await measure([plan], {
    signal: asked.signal,
    onProgress: (done, label) => asked.onProgress?.(done, label),
  })
  return problems.map(({ name }) => {
    const own = cells.filter(({ problem }) => problem === name)
    const [exact, others] = [
      own.filter(({ row }) => row === 'exact'),
      own.filter(({ row }) => row !== 'exact'),
    ]
    return checkOf(name, { method: others, exact }, metrics, problems.length)
  })
}

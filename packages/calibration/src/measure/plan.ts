import type { AnyMethod, Chosen } from '@tweedie/solvers'
import { methods } from '@tweedie/solvers'
import { OptionError } from '@tweedie/tensor'
import { sampleMetrics } from '../metrics/catalog.ts'
import { rowsOfMethod } from '../rows/of-method.ts'
import { exactDraws, exactScore, priorAlone } from '../rows/references.ts'
import { suites } from '../suites/catalog.ts'
import type { Extent, PosedProblem, Row, SampleMetric, Suite, Variant } from '../types.ts'

/** What is asked of a suite; what it says itself where left out. Plain data. */
export interface Asked {
  /** Its quick extent. */
  readonly quick?: boolean
  /** Names of problems. */
  readonly problems?: readonly string[]
  /**
   * Methods with settings, such as `dps` or `dps:zeta=1`, and variants of the suite, in place of all there are; with ` (one run)`
   * behind it that row alone of a method with particles. The references come with them.
   */
  readonly methods?: readonly string[]
  /** Names of metrics. */
  readonly metrics?: readonly string[]
  readonly seeds?: number
  readonly samples?: number
  /** The most seconds of a cell. */
  readonly limit?: number
}

/** How the name of a row ends whose samples are the particles of one run. */
const oneRun = / \(one run\)$/

/** What is run of a suite. */
export interface Plan {
  readonly suite: Suite
  readonly extent: Extent & { readonly problems: readonly string[] }
  readonly problems: readonly { readonly posed: PosedProblem; readonly rows: readonly Row[] }[]
  readonly metrics: readonly SampleMetric[]
}

/** Finds the method of a text. */
export type FindMethod = (text: string) => Chosen<AnyMethod> | Promise<Chosen<AnyMethod>>

/** The names of `wanted` out of `all`; all where nothing is wanted. @throws {OptionError} for one that is not there. */
function named<T>(
  option: string,
  all: readonly T[],
  nameOf: (item: T) => string,
  wanted: readonly string[] | undefined,
): readonly T[] {
  if (wanted === undefined) return all
  return wanted.map((name) => {
    const found = all.find((item) => nameOf(item) === name)
    if (found === undefined)
      throw new OptionError(option, `there is no '${name}'; there are ${all.map(nameOf).join('; ')}`)
    return found
  })
}

/**
 * The suite of a name.
 * @param among - The suites there are; in Node `allSuites` of `@tweedie/calibration/node` are more.
 * @throws {OptionError} listing those there are.
 */
export const findSuite = (name: string, among: readonly Suite[] = suites): Suite => {
  const found = among.find((suite) => suite.name === name)
  if (found !== undefined) return found
  throw new OptionError('suite', `no suite '${name}'; there are ${among.map((s) => s.name).join(', ')}`)
}

const countOf = (option: string, value: number): number => {
  if (Number.isSafeInteger(value) && value > 0) return value
  throw new OptionError(option, `must be a positive integer, got ${value}`)
}

/**
 * What is run of a suite: its problems, the rows of each, its metrics. Where no methods are asked for, every method of the
 * registry is a row, and every variant of the suite; those that do not fit are told in the results.
 *
 * @throws {OptionError} for a problem, a method or a metric that is none, and for a count that is no count.
 * @example
 * ```ts
 * import { findSuite, planSuite } from '@tweedie/calibration'
 * const plan = await planSuite(findSuite('gmm'), { quick: true, methods: ['dps:scale=0.1'], seeds: 2 })
 * plan.extent.seeds // => 2
 * plan.problems[0]!.rows.map(({ name }) => name) // => ['exact', 'exact-score', 'prior', 'dps']
 * ```
 */
export async function planSuite(
  suite: Suite,
  asked: Asked = {},
  find: FindMethod = (text) => methods.parse(text),
): Promise<Plan> {
  const own = asked.quick === true ? suite.quick : suite.full
  const problems = named('problems', suite.problems, ({ name }) => name, asked.problems ?? own.problems)
  const metrics = named('metrics', sampleMetrics, ({ info }) => info.name, asked.metrics ?? suite.metrics)
  const limit = asked.limit ?? own.limit
  const { variants = [] } = suite
  // A variant by its name, or by that of its method where all are run.
  const texts: readonly { readonly text: string; readonly variant?: Variant; readonly alone: boolean }[] = (
    asked.methods ?? methods.names
  ).flatMap((row) => {
    const text = row.replace(oneRun, '')
    const alone = text !== row
    return [
      ...(text in references || variants.some(({ name }) => name === text) ? [] : [{ text, alone }]),
      ...variants.flatMap((variant) =>
        variant.name === text || (asked.methods === undefined && variant.method === text)
          ? [{ text: variant.method, variant, alone }]
          : [],
      ),
    ]
  })
  const chosen = await Promise.all(texts.map(async ({ text, ...how }) => ({ one: await find(text), ...how })))
  const rows = asked.methods === undefined ? own.rows : undefined
  return {
    suite,
    extent: {
      problems: problems.map(({ name }) => name),
      seeds: countOf('seeds', asked.seeds ?? own.seeds),
      samples: countOf('samples', asked.samples ?? own.samples),
      ...(limit !== undefined && { limit }),
    },
    problems: problems.map((posed) => ({
      posed,
      rows: [
        ...Object.entries(references).map(([name, of]) =>
          of({ ...suite.settings(name), ...posed.settings?.(name) }),
        ),
        ...chosen.flatMap(({ one, variant, alone }) =>
          rowsOfMethod(one, suite, posed, variant).filter(({ name }) => !alone || oneRun.test(name)),
        ),
      ].filter((row) => rows === undefined || isAmong(rows, row)),
    })),
    metrics,
  }
}

/** Whether a row is one of those named: by its name, or by that of its method, whichever way its samples come. Exact draws always are. */
const isAmong = (names: readonly string[], { name }: Row): boolean =>
  name === 'exact' || names.includes(name) || names.includes(name.replace(oneRun, ''))

/** The rows that every table begins with. */
const references: Readonly<Record<string, (settings: object) => Row>> = {
  exact: () => exactDraws,
  'exact-score': exactScore,
  prior: priorAlone,
}

/** One cell to come. */
export interface Task {
  readonly plan: Plan
  readonly problem: PosedProblem
  readonly seed: number
  readonly row: Row
  /** Tasks of one case share this. */
  readonly caseOf: number
}

/** All cells of plans, case after case. */
export function tasksOf(plans: readonly Plan[]): Task[] {
  let cases = 0
  return plans.flatMap((plan) =>
    plan.problems.flatMap(({ posed, rows }) =>
      Array.from({ length: plan.extent.seeds }, (_, seed) => {
        const caseOf = cases++
        return rows.map((row): Task => ({ plan, problem: posed, seed, row, caseOf }))
      }).flat(),
    ),
  )
}

import type { Machine } from '@tweedie/runs'
import { FileFormatError } from '@tweedie/tensor'
import * as v from 'valibot'
import { count, number, reason, record } from '../json.ts'
import type { Cell, CellId, Measured, Refused } from './cell.ts'
import type { Plan, Task } from './plan.ts'

const format = 'tweedie calibration 1'

/** What a run of suites leaves, as plain data. */
export interface Results {
  readonly format: typeof format
  /** As it was typed. */
  readonly command: string
  /** ISO 8601, UTC. */
  readonly date: string
  /** Of all cells together, one after the other. */
  readonly seconds: number
  readonly machine: Machine
  readonly suites: readonly SuiteResults[]
}

/** The part of it that is one suite. */
export interface SuiteResults {
  readonly suite: string
  readonly version: number
  readonly extent: {
    readonly problems: readonly string[]
    readonly seeds: number
    readonly samples: number
    readonly limit?: number | undefined
  }
  readonly metrics: readonly string[]
  readonly rows: readonly RowResults[]
}

/** Cells of one row of a problem, a seed each: what they have in common stands once. */
export interface RowResults extends Pick<CellId, 'problem' | 'row' | 'words' | 'samples'> {
  readonly cells: readonly (Pick<Cell, 'seed' | 'took'> & (Measured | Refused))[]
}

/** JSON has no NaN and no ∞: null stands for them. */
const value = v.pipe(
  v.nullable(number),
  v.transform((given) => given ?? Number.NaN),
)

const CostSchema = v.object({
  nfe: count,
  vjps: count,
  operatorCalls: count,
  peakBytes: number,
  seconds: number,
})

const CellSchema = v.intersect([
  v.object({
    suite: v.string(),
    version: count,
    problem: v.string(),
    row: v.string(),
    words: v.string(),
    seed: count,
    samples: count,
    took: number,
  }),
  v.union([
    v.object({ metrics: record(v.array(value)), cost: CostSchema }),
    v.object({ refused: v.string(), stoppedAfter: v.optional(number) }),
  ]),
])

const MachineSchema = v.object({
  tweedie: v.string(),
  node: v.string(),
  platform: v.string(),
  cpu: v.string(),
  cores: number,
  device: v.string(),
})

const ExtentSchema = v.object({
  problems: v.array(v.string()),
  seeds: count,
  samples: count,
  limit: v.optional(number),
})

const RowSchema = v.object({
  problem: v.string(),
  row: v.string(),
  words: v.string(),
  samples: count,
  cells: v.array(
    v.union(
      [
        v.object({
          seed: count,
          took: number,
          metrics: record(v.array(value)),
          cost: CostSchema,
        }),
        v.object({ seed: count, took: number, refused: v.string(), stoppedAfter: v.optional(number) }),
      ],
      'holds neither metrics nor why there are none',
    ),
  ),
})

const SuiteSchema = v.object({
  suite: v.string(),
  version: count,
  extent: ExtentSchema,
  metrics: v.array(v.string()),
  rows: v.array(RowSchema),
})

// The types stand apart from this: those of valibot want lib `dom` or @types/node.
const ResultsSchema: v.GenericSchema<unknown, Results> = v.object({
  format: v.literal(format),
  command: v.string(),
  date: v.string(),
  seconds: number,
  machine: MachineSchema,
  suites: v.array(SuiteSchema),
})

/** What is told of a run beside its cells. */
export interface RunFacts {
  readonly command: string
  readonly date: string
  readonly machine: Machine
}

/** Results of the cells of plans. */
export function resultsOf(plans: readonly Plan[], cells: readonly Cell[], facts: RunFacts): Results {
  return {
    format,
    command: facts.command,
    date: facts.date,
    seconds: cells.reduce((sum, { took }) => sum + took, 0),
    machine: { ...facts.machine },
    suites: plans.map(({ suite, extent, metrics }) => ({
      suite: suite.name,
      version: suite.version ?? 1,
      extent: { ...extent, problems: [...extent.problems] },
      metrics: metrics.map(({ info }) => info.name),
      rows: rowsOf(cells.filter((cell) => cell.suite === suite.name)),
    })),
  }
}

function rowsOf(cells: readonly Cell[]): RowResults[] {
  const rows = new Map<string, RowResults & { cells: RowResults['cells'][number][] }>()
  for (const cell of cells) {
    const { problem, row, words, samples, seed, took } = cell
    const key = JSON.stringify([problem, words, samples])
    const group = rows.get(key) ?? { problem, row, words, samples, cells: [] }
    rows.set(key, group)
    group.cells.push(
      'refused' in cell
        ? { seed, took, refused: cell.refused, ...(cell.stoppedAfter && { stoppedAfter: cell.stoppedAfter }) }
        : { seed, took, metrics: cell.metrics, cost: cell.cost },
    )
  }
  return [...rows.values()]
}

/** Results as they stand in a file: a row a line. */
export function formatResults({ suites, ...facts }: Results): string {
  const head = JSON.stringify(facts, null, 1).replace(/\n}$/, '')
  const told = suites.map(({ rows, ...suite }) => {
    const lines = rows.map((row) => `  ${JSON.stringify(row)}`).join(',\n')
    return `${JSON.stringify(suite).slice(0, -1)},"rows":[\n${lines}]}`
  })
  return `${head},\n "suites": [${told.join(',\n')}]\n}\n`
}

/** Results with numbers of `digits` digits, to be kept in a repository. */
export const rounded = (results: Results, digits = 5): Results =>
  JSON.parse(JSON.stringify(results), (_, given) =>
    typeof given === 'number' && !Number.isInteger(given)
      ? Number(given.toPrecision(digits))
      : given === null
        ? Number.NaN
        : given,
  )

/**
 * The results that a text holds.
 * @param name - Of the file, for errors.
 * @throws {FileFormatError} where it holds something else.
 */
export function parseResults(text: string, name: string): Results {
  try {
    return v.parse(ResultsSchema, JSON.parse(text))
  } catch (error) {
    throw new FileFormatError(name, `holds no results of \`tweedie bench posterior\`: ${reason(error)}`)
  }
}

/** A cell of a line of JSON; undefined where the line is broken off or something else. */
export function parseCell(line: string): Cell | undefined {
  try {
    return v.parse(CellSchema, JSON.parse(line))
  } catch {
    return undefined
  }
}

/** What tells a cell from every other: the suite and its version, the problem, the settings in words, the seed, the samples. */
const idOf = ({ suite, version, problem, words, seed, samples }: CellId): string =>
  JSON.stringify([suite, version, problem, words, seed, samples])

/**
 * Looks up cells of an earlier run by the tasks of this one: those of other settings, another version of a suite, or without a
 * metric that is asked for now are not found.
 */
export function cellLookup(cells: readonly Cell[]): (task: Task) => Cell | undefined {
  const byId = new Map(cells.map((cell) => [idOf(cell), cell]))
  return ({ plan: { suite, extent, metrics }, problem, seed, row }) => {
    const cell = byId.get(
      idOf({
        suite: suite.name,
        version: suite.version ?? 1,
        problem: problem.name,
        row: row.name,
        words: row.words,
        seed,
        samples: Math.min(extent.samples, row.most ?? Infinity),
      }),
    )
    if (cell === undefined) return undefined
    if ('refused' in cell)
      return cell.stoppedAfter === undefined || cell.stoppedAfter === extent.limit ? cell : undefined
    const asked = metrics.map(({ info }) => info.name)
    const has = Object.keys(cell.metrics)
    return has.length === asked.length && asked.every((name) => has.includes(name)) ? cell : undefined
  }
}

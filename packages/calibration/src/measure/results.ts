import type { Machine } from '@tweedie/runs'
import { FileFormatError } from '@tweedie/tensor'
import { z } from 'zod'
import type { Cell, CellId } from './cell.ts'
import type { Plan, Task } from './plan.ts'

/** JSON has no NaN and no ∞: null stands for them. */
const value = z
  .number()
  .nullable()
  .transform((v) => v ?? Number.NaN)
const count = z.int().nonnegative()

const CostSchema = z.object({
  nfe: count,
  vjps: count,
  operatorCalls: count,
  peakBytes: z.number(),
  seconds: z.number(),
})

const CellSchema = z.intersection(
  z.object({
    suite: z.string(),
    version: count,
    problem: z.string(),
    row: z.string(),
    words: z.string(),
    seed: count,
    samples: count,
    took: z.number(),
  }),
  z.union([
    z.object({ metrics: z.record(z.string(), z.array(value)), cost: CostSchema }),
    z.object({ refused: z.string(), stoppedAfter: z.number().optional() }),
  ]),
)

const MachineSchema = z.object({
  tweedie: z.string(),
  node: z.string(),
  platform: z.string(),
  cpu: z.string(),
  cores: z.number(),
  device: z.string(),
})

const ExtentSchema = z.object({
  problems: z.array(z.string()),
  seeds: count,
  samples: count,
  limit: z.number().optional(),
})

const format = 'tweedie calibration 1'

/** Cells of one row of a problem: what they have in common stands once. */
const RowSchema = z.object({
  problem: z.string(),
  row: z.string(),
  words: z.string(),
  samples: count,
  cells: z.array(
    z.union([
      z.object({
        seed: count,
        took: z.number(),
        metrics: z.record(z.string(), z.array(value)),
        cost: CostSchema,
      }),
      z.object({ seed: count, took: z.number(), refused: z.string(), stoppedAfter: z.number().optional() }),
    ]),
  ),
})

const SuiteSchema = z.object({
  suite: z.string(),
  version: count,
  extent: ExtentSchema,
  metrics: z.array(z.string()),
  rows: z.array(RowSchema),
})

const ResultsSchema = z.object({
  format: z.literal(format),
  /** As it was typed. */
  command: z.string(),
  /** ISO 8601, UTC. */
  date: z.string(),
  /** Of all cells together, one after the other. */
  seconds: z.number(),
  machine: MachineSchema,
  suites: z.array(SuiteSchema),
})

/** What a run of suites leaves, as plain data. */
export type Results = z.infer<typeof ResultsSchema>
/** The part of it that is one suite. */
export type SuiteResults = z.infer<typeof SuiteSchema>
/** Cells of one row of a problem, a seed each. */
export type RowResults = z.infer<typeof RowSchema>

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
  const rows = new Map<string, RowResults>()
  for (const cell of cells) {
    const { problem, row, words, samples, seed, took } = cell
    const key = JSON.stringify([problem, words, samples])
    const group = rows.get(key) ?? { problem, row, words, samples, cells: [] }
    rows.set(key, group)
    group.cells.push(
      'refused' in cell
        ? { seed, took, refused: cell.refused, ...(cell.stoppedAfter && { stoppedAfter: cell.stoppedAfter }) }
        : { seed, took, metrics: mutable(cell.metrics), cost: cell.cost },
    )
  }
  return [...rows.values()]
}

const mutable = (metrics: Readonly<Record<string, readonly number[]>>) =>
  Object.fromEntries(Object.entries(metrics).map(([name, values]) => [name, [...values]]))

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
  JSON.parse(JSON.stringify(results), (_, v) =>
    typeof v === 'number' && !Number.isInteger(v)
      ? Number(v.toPrecision(digits))
      : v === null
        ? Number.NaN
        : v,
  )

/**
 * The results that a text holds.
 * @param name - Of the file, for errors.
 * @throws {FileFormatError} where it holds something else.
 */
export function parseResults(text: string, name: string): Results {
  try {
    return ResultsSchema.parse(JSON.parse(text))
  } catch (error) {
    throw new FileFormatError(name, `holds no results of \`tweedie bench posterior\`: ${reason(error)}`)
  }
}

/** A cell of a line of JSON; undefined where the line is broken off or something else. */
export function parseCell(line: string): Cell | undefined {
  try {
    return CellSchema.parse(JSON.parse(line))
  } catch {
    return undefined
  }
}

const reason = (error: unknown): string =>
  error instanceof z.ZodError ? z.prettifyError(error).split('\n').slice(0, 2).join(' ') : String(error)

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

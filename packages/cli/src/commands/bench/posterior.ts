import { readFile } from 'node:fs/promises'
import type { Asked, Comparison, Plan, ProblemTable, Results } from '@tweedie/calibration'
import {
  cellLookup,
  columnsOf,
  compareResults,
  findSuite,
  formatResults,
  localWorker,
  measure,
  notesOf,
  parseResults,
  resultsOf,
  short,
  tableMarkdown,
  tablesOf,
  tasksOf,
} from '@tweedie/calibration'
import type { Journal } from '@tweedie/calibration/node'
import { allSuites, openJournal, threadWorkers } from '@tweedie/calibration/node'
import { InterruptedError } from '@tweedie/runs'
import { describeMachine } from '@tweedie/runs/node'
import { absolute, checkFile, writeOneFile } from '../../files/write.ts'
import type { Io } from '../../io.ts'
import { naming } from '../../resolve.ts'
import { startProgress } from '../../terminal/progress.ts'
import { formatTable } from '../../terminal/table.ts'
import { version } from '../../version.ts'
import { resultsReadBy } from './earlier-results.ts'
import { plans } from './posterior-plans.ts'

/** The options of `tweedie bench posterior`. */
export interface PosteriorBenchOptions extends Asked {
  readonly list?: boolean
  readonly jobs: number
  readonly out?: string
  readonly markdown?: string
  readonly compare?: string
  readonly json?: boolean
}

/** Measures suites, and prints their tables. */
export async function benchPosterior(
  io: Io,
  names: readonly string[],
  options: PosteriorBenchOptions,
  argv: readonly string[],
): Promise<void> {
  const { list, jobs, json, out, markdown, compare, ...asked } = options
  const suites = names.length > 0 ? [...new Set(names)] : allSuites.map(({ name }) => name)
  for (const name of suites) await naming('SUITE', 'suite', () => findSuite(name, allSuites))
  if (list === true)
    return io.out(json === true ? `${JSON.stringify(listed(suites), null, 2)}\n` : listText(io, suites))
  const file = out === undefined ? undefined : absolute(io.cwd, out)
  const tables = markdown === undefined ? undefined : absolute(io.cwd, markdown)
  if (file !== undefined) await checkFile(file, isResults)
  if (tables !== undefined) await checkFile(tables, isTables, '--markdown')
  const earlier =
    compare === undefined
      ? undefined
      : parseResults(await readFile(absolute(io.cwd, compare), 'utf8'), compare)
  const data = { ...asked, suites, cwd: io.cwd }
  const planned = await naming('posterior', 'posterior', () => plans(data))
  const journal = file === undefined ? undefined : await openJournal(file)
  const results = await run(io, planned, { jobs, journal, data, quiet: json === true, argv })
  const text = formatResults(results)
  const found = results.suites.flatMap((suite) => tablesOf(suite, { suites: allSuites }))
  const comparison = earlier === undefined ? undefined : compareResults(earlier, results)
  if (file !== undefined) {
    await writeOneFile(file, Buffer.from(text), isResults)
    await journal?.remove()
  }
  if (tables !== undefined) {
    const pages = [tablesMark, ...found.map((table) => tableMarkdown(table))].join('\n\n')
    await writeOneFile(tables, Buffer.from(`${pages}\n`), isTables)
  }
  if (json === true) return io.out(text)
  io.out(found.map((table) => tableText(io, table)).join('\n'))
  if (comparison !== undefined) io.out(`\n${comparisonText(io, comparison)}`)
}

interface RunOptions {
  readonly jobs: number
  readonly journal: Journal | undefined
  readonly data: object
  readonly quiet: boolean
  readonly argv: readonly string[]
}

async function run(
  io: Io,
  planned: readonly Plan[],
  { jobs, journal, data, quiet, argv }: RunOptions,
): Promise<Results> {
  const { signal } = io
  const kept = cellLookup(journal?.cells ?? [])
  const tasks = tasksOf(planned)
  const there = tasks.filter((task) => kept(task) !== undefined).length
  if (there > 0) io.err(`going on: ${there} of ${tasks.length} cells are there already\n`)
  const progress = startProgress(io, { quiet })
  const module = new URL(
    `./posterior-plans${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`,
    import.meta.url,
  ).href
  const workers = jobs === 1 ? [localWorker(tasks, signal)] : threadWorkers(jobs, { module, data }, signal)
  try {
    const cells = await measure(planned, {
      workers,
      known: kept,
      onCell: journal?.add,
      signal,
      onProgress: (done, label) => progress.at(done, label),
    })
    const facts = {
      command: ['tweedie bench', ...argv.map(quoted)].join(' '),
      date: new Date().toISOString(),
      machine: describeMachine(version),
    }
    return resultsOf(planned, cells, facts)
  } catch (error) {
    if (error instanceof InterruptedError && journal !== undefined)
      throw new InterruptedError(
        'interrupted; the cells that were finished are kept, the same command goes on',
      )
    throw error
  } finally {
    progress.stop()
  }
}

/** A word of a command line as a shell takes it. */
const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`

const tableText = (io: Io, table: ProblemTable): string => {
  const { head, cells } = columnsOf(table)
  const columns = head.map((title, i) => ({
    title,
    value: (row: readonly string[]) => row[i] ?? '',
    right: i > 0,
  }))
  const notes = notesOf(table).map((note) => `  ${note}\n`)
  return `${table.suite} ${table.problem}: ${table.title}\n\n${formatTable(table.rows.map(cells), columns, io)}\n${notes.join('')}`
}

function comparisonText(io: Io, { differences, alone }: Comparison): string {
  const changed = differences.filter(({ differs }) => differs)
  const columns = [
    { title: 'problem', value: (d: Difference) => `${d.suite} ${d.problem}` },
    { title: 'row', value: (d: Difference) => d.row },
    { title: 'metric', value: (d: Difference) => d.metric },
    { title: 'before', value: (d: Difference) => short(d.before), right: true },
    { title: 'now', value: (d: Difference) => short(d.now), right: true },
    {
      title: 'change (95 %)',
      value: ({ change }: Difference) =>
        `${short(change.value)} [${short(change.low)}, ${short(change.high)}]`,
      right: true,
    },
    { title: 'cases', value: (d: Difference) => String(d.cases), right: true },
    { title: '', value: ({ worse }: Difference) => (worse ? 'worse' : '') },
  ]
  const settings = new Map(
    differences.flatMap(({ suite, problem, row, settings: s }) =>
      s === undefined ? [] : [[`${suite} ${problem} ${row}`, `${s.before} before, ${s.now} now`]],
    ),
  )
  return [
    `${changed.length} of ${differences.length} numbers differ beyond their 95 % intervals.\n`,
    ...(changed.length > 0 ? [`\n${formatTable(changed, columns, io)}`] : []),
    ...[...settings].map(([where, what]) => `${where}: ${what}\n`),
    ...alone.before.map((name) => `only before: ${name}\n`),
    ...alone.now.map((name) => `only now: ${name}\n`),
  ].join('')
}

type Difference = Comparison['differences'][number]

const listed = (names: readonly string[]) =>
  names.map((wanted) => {
    const { name, title, source, problems, metrics, full, quick } = findSuite(wanted, allSuites)
    return {
      name,
      title,
      source,
      problems: problems.map((p) => ({ name: p.name, title: p.title })),
      metrics,
      full,
      quick,
    }
  })

const listText = (io: Io, names: readonly string[]): string =>
  formatTable(
    listed(names),
    [
      { title: 'suite', value: ({ name }) => name },
      { title: 'what', value: ({ title, source }) => `${title} (${source})`, least: 20 },
      { title: 'problems', value: ({ problems }) => problems.map(({ name }) => name).join('; '), least: 16 },
      { title: 'metrics', value: ({ metrics }) => metrics.join(', '), least: 10 },
      { title: 'cases × samples', value: ({ full }) => `${full.seeds} × ${full.samples}`, right: true },
    ],
    io,
  )

const isResults = resultsReadBy(parseResults)

const tablesMark = '<!-- tables of `tweedie bench posterior` -->'
const isTables = (bytes: Uint8Array): boolean => Buffer.from(bytes).toString('utf8').startsWith(tablesMark)

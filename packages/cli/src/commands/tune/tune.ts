import type { PresetFile, SampleMetric, TestScore, TuneAsked, Tuned } from '@tweedie/calibration'
import {
  findSuite,
  formatPreset,
  parsePreset,
  sampleMetrics,
  short,
  spaceOf,
  tune,
  validationSeed,
} from '@tweedie/calibration'
import { openJournal } from '@tweedie/calibration/node'
import { InterruptedError } from '@tweedie/runs'
import { describeMachine } from '@tweedie/runs/node'
import { formatSpec } from '@tweedie/solvers'
import { OptionError } from '@tweedie/tensor'
import type { DeviceOptions } from '../../device.ts'
import { absolute, checkFile, writeOneFile } from '../../files/write.ts'
import type { Io } from '../../io.ts'
import { naming, resolveMethod, resolveSettings } from '../../resolve.ts'
import { withProgress } from '../../terminal/progress.ts'
import type { Paper } from '../../terminal/table.ts'
import { formatTable } from '../../terminal/table.ts'
import { version } from '../../version.ts'
import { problemsOf } from '../posterior/check.ts'

/** The options of `tweedie tune`, defaults filled in. */
export interface TuneOptions extends DeviceOptions {
  readonly method: string
  readonly suite: string
  readonly problems?: readonly string[]
  readonly by: string
  readonly options?: readonly string[]
  readonly range?: Readonly<Record<string, readonly [number, number]>>
  readonly set?: Readonly<Record<string, string>>
  readonly steps?: number
  readonly candidates: number
  readonly keep: number
  readonly seeds: number
  readonly testSeeds: number
  readonly samples: number
  readonly seed: number
  readonly name: string
  readonly out: string
  readonly json?: boolean
}

/** What is told of the winner on test cases, beside what it was tuned by. */
const told = ['crps', 'mean-error', 'sw', 'marginal90', 'rank-spread']

function metricOf(name: string): SampleMetric {
  const found = sampleMetrics.find(({ info }) => info.name === name)
  if (found !== undefined) return found
  throw new OptionError(
    '--by',
    `no metric '${name}'; there are ${sampleMetrics.map(({ info }) => info.name).join(', ')}`,
  )
}

/** Whether a file holds an earlier preset, which may be replaced. */
function isPreset(bytes: Uint8Array): boolean {
  try {
    parsePreset(Buffer.from(bytes).toString('utf8'), '')
    return true
  } catch {
    return false
  }
}

/** All that the search is asked, checked. @throws {OptionError} naming what does not fit. */
async function askedOf(io: Io, options: TuneOptions): Promise<TuneAsked> {
  const suite = await naming('--suite', 'suite', () => findSuite(options.suite))
  const problems = problemsOf(suite, options.problems)
  const { entry: method, settings } = await resolveMethod(io, options.method, '--method')
  const { name, options: specs } = method.info
  const given = {
    ...settings,
    ...options.set,
    ...(options.steps === undefined ? {} : { steps: options.steps }),
  }
  const filled = await resolveSettings(method, given, '--set')
  const fixed = Object.fromEntries(Object.keys(given).map((key) => [key, filled[key]]))
  const space = await naming('--options', 'options', () =>
    spaceOf(name, specs, fixed, { options: options.options, ranges: options.range }),
  )
  const { candidates, keep, seeds, testSeeds, samples, seed } = options
  const [by, also] = [metricOf(options.by), told.map(metricOf)]
  return {
    suite,
    problems,
    method,
    fixed,
    space,
    by,
    also,
    candidates,
    keep,
    seeds,
    testSeeds,
    samples,
    seed,
  }
}

/** Tunes a method, writes the preset, and prints how it does on test cases. */
export async function tuneMethod(io: Io, options: TuneOptions, argv: readonly string[]): Promise<void> {
  const { out, json } = options
  if (!out.toLowerCase().endsWith('.json')) throw new OptionError('--out', `'${out}' should end in .json`)
  const file = absolute(io.cwd, out)
  await checkFile(file, isPreset)
  const asked = await askedOf(io, options)
  const journal = await openJournal(file)
  if (journal.cells.length > 0) io.err(`going on: ${journal.cells.length} cells are there already\n`)
  const tuned = await withProgress(io, { quiet: json === true }, (onProgress) =>
    tune(asked, { known: journal.cells, onCell: journal.add, signal: io.signal, onProgress }),
  ).catch((error: unknown) => {
    throw error instanceof InterruptedError
      ? new InterruptedError('interrupted; the cells that were finished are kept, the same command goes on')
      : error
  })
  const preset = presetOf(asked, tuned, options, argv)
  const text = formatPreset(preset)
  await writeOneFile(file, Buffer.from(text), isPreset)
  await journal.remove()
  io.out(json === true ? text : tunedText(io, asked, tuned, out))
}

function presetOf(
  { suite, problems, method, fixed, space, by, candidates, keep, seeds, testSeeds, samples, seed }: TuneAsked,
  { settings, before, rungs, test }: Tuned,
  { name }: TuneOptions,
  argv: readonly string[],
): PresetFile {
  const names = problems.map((problem) => problem.name)
  return {
    ...{ method: method.info.name, name },
    settings,
    from: `tweedie tune on ${suite.name} (${names.join('; ')}) by ${by.info.name}`,
    record: {
      command: ['tweedie', ...argv].join(' '),
      date: new Date().toISOString(),
      machine: describeMachine(version),
      suite: { name: suite.name, version: suite.version ?? 1, problems: names },
      ...{ by: by.info.name, samples, seed, fixed, space, before },
      budget: { candidates, keep, seeds },
      seeds: {
        validation: [validationSeed, validationSeed + (rungs.at(-1)?.rung.seeds ?? 0) - 1],
        test: [0, testSeeds - 1],
      },
      trace: rungs.map(({ rung, standings }) => ({
        ...rung,
        standings: standings.map(({ candidate, badness, rank }) => ({ settings: candidate, badness, rank })),
      })),
      test,
    },
  }
}

/** What a number became, with half its interval where it has one. */
function change({ difference }: TestScore): string {
  if (difference === undefined) return ''
  const half = difference.high - difference.value
  return `${short(difference.value)} ± ${short(half)}, p = ${short(difference.p)}`
}

function tunedText(
  paper: Paper,
  { method, by, problems, suite, testSeeds }: TuneAsked,
  tuned: Tuned,
  out: string,
): string {
  const { name } = method.info
  const { settings, before, test, rungs } = tuned
  const table = formatTable(
    test,
    [
      { title: 'test', value: ({ problem }) => problem },
      { title: 'metric', value: ({ metric }) => metric },
      { title: 'before', right: true, value: (score) => short(score.before.value) },
      { title: 'tuned', right: true, value: (score) => short(score.tuned.value) },
      { title: 'tuned − before', right: true, value: change },
    ],
    paper,
  )
  const kept = formatSpec(name, settings) === formatSpec(name, before)
  const looked = rungs.map(({ rung }) => `${rung.candidates} × ${rung.seeds}`).join(', ')
  return `before  ${formatSpec(name, before)}
tuned   ${formatSpec(name, settings)}${kept ? ' (none was better)' : ''}

${table}
By ${by.info.name} on ${suite.name} (${problems.map((problem) => problem.name).join('; ')}), candidates × cases: ${looked}; tested on ${testSeeds} other cases.
Wrote ${out}; use it with --method ${name} --preset ${out}
`
}

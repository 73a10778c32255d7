import { readFile } from 'node:fs/promises'
import type { Clock, Comparison, Report, SuiteName } from '@tweedie/bench'
import {
  compareReports,
  comparisonMarkdown,
  networkCases,
  parseReport,
  profileCase,
  profileMarkdown,
  reportMarkdown,
  runBench,
} from '@tweedie/bench'
import { InterruptedError } from '@tweedie/runs'
import { breathe } from '@tweedie/solvers'
import { getDevice, OptionError } from '@tweedie/tensor'
import { RegressionError } from '../../errors.ts'
import { absolute, checkFile, writeOneFile } from '../../files/write.ts'
import type { Io } from '../../io.ts'
import { startProgress } from '../../terminal/progress.ts'

/** The options of `tweedie bench`. */
export interface BenchCommandOptions {
  /** true: all that are installed; else names. */
  readonly peers?: true | readonly string[]
  readonly devices?: readonly string[]
  readonly filter?: string
  readonly clock: Clock
  readonly seconds: number
  readonly threads?: number
  /** true: to stdout; else a file. */
  readonly json?: true | string
  readonly markdown?: string
  readonly compare?: string
  readonly threshold: number
  readonly profile?: boolean
  readonly roofline?: boolean
}

/** Times a suite and tells of it. */
export async function bench(
  io: Io,
  suite: SuiteName,
  options: BenchCommandOptions,
  argv: readonly string[],
): Promise<void> {
  const { json, markdown, compare, threshold, threads } = options
  if (options.profile === true) return profile(io, options)
  const jsonFile = typeof json === 'string' ? absolute(io.cwd, json) : undefined
  const markdownFile = markdown === undefined ? undefined : absolute(io.cwd, markdown)
  if (jsonFile !== undefined) await checkFile(jsonFile, isReport, '--json')
  if (markdownFile !== undefined) await checkFile(markdownFile, isTable, '--markdown')
  const earlier =
    compare === undefined
      ? undefined
      : parseReport(await readFile(absolute(io.cwd, compare), 'utf8'), compare)
  if (earlier !== undefined && earlier.suite !== suite)
    throw new OptionError('--compare', `${compare} is a report of the suite ${earlier.suite}, not ${suite}`)
  const progress = startProgress(io, { quiet: json === true })
  const restore = limitThreads(options.devices, threads)
  let report: Report
  try {
    report = await runBench(suite, {
      ...options,
      signal: io.signal,
      command: ['tweedie bench', ...argv].join(' '),
      onProgress: (done, total, name) => progress.at(done / total, name),
    })
  } finally {
    restore()
    progress.stop()
  }
  const table = `${reportMarkdown(report)}\n`
  const comparison: Comparison | undefined =
    earlier === undefined ? undefined : compareReports(earlier, report, threshold)
  const text = comparison === undefined ? table : `${table}\n${comparisonMarkdown(comparison)}\n`
  const serialised = `${JSON.stringify(report, null, 2)}\n`
  if (jsonFile !== undefined) await writeOneFile(jsonFile, Buffer.from(serialised), isReport)
  if (markdownFile !== undefined) await writeOneFile(markdownFile, Buffer.from(text), isTable)
  io.out(json === true ? serialised : text)
  if (report.interrupted)
    throw new InterruptedError('interrupted; the report holds what was measured until then')
  const regressed = comparison?.cases.filter((c) => c.regressed) ?? []
  if (regressed.length > 0) throw new RegressionError(regressed.length, threshold)
}

/** `bench unet --profile`: a table per case and device. */
async function profile(
  io: Io,
  { filter = '', devices = ['wasm'], threads }: BenchCommandOptions,
): Promise<void> {
  const restore = limitThreads(devices, threads)
  try {
    for (const device of devices) {
      for (const benchCase of networkCases.filter(({ name }) => name.includes(filter))) {
        await breathe()
        if (io.signal.aborted) throw new InterruptedError()
        io.out(`${profileMarkdown(`${benchCase.name}, ${device}`, await profileCase(benchCase, device))}\n\n`)
      }
    }
  } finally {
    restore()
  }
}

/** Limits the devices to `threads` threads; what it returns undoes that. */
function limitThreads(devices: readonly string[] | undefined, threads: number | undefined): () => void {
  if (threads === undefined) return () => undefined
  const undo = (devices ?? ['wasm']).map((name) => {
    const device = getDevice(name)
    const former = device.limitThreads?.(threads)
    return () => {
      if (former !== undefined) device.limitThreads?.(former)
    }
  })
  return () => {
    for (const step of undo) step()
  }
}

/** Whether a file holds an earlier report, which may be replaced. */
function isReport(bytes: Uint8Array): boolean {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'))
    return (
      typeof value === 'object' &&
      value !== null &&
      'command' in value &&
      String(value.command).startsWith('tweedie ')
    )
  } catch {
    return false
  }
}

/** Whether a file holds an earlier table. */
const isTable = (bytes: Uint8Array): boolean =>
  Buffer.from(bytes).toString('utf8').startsWith('| median, ± half the quartile range |')

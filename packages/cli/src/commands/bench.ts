import { readFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import type { Comparison, Report, SuiteName } from '@tweedie/bench'
import { getDevice, OptionError } from '@tweedie/tensor'
import { Command, Option } from 'commander'
import { InterruptedError, RegressionError } from '../errors.ts'
import type { Io } from '../io.ts'
import { breathe } from '../io.ts'
import { integer, list, number } from '../options.ts'
import { startProgress } from '../progress.ts'
import { absolute, checkFile, writeOneFile } from '../write.ts'

interface BenchCommandOptions {
  /** true: all that are installed; else names. */
  readonly peers?: true | readonly string[]
  readonly devices?: readonly string[]
  readonly filter?: string
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

const descriptions: Readonly<Record<SuiteName, string>> = {
  kernels: 'Times the kernels of every device on the shapes of a U-Net, forward and backward.',
  unet: 'Times whole networks: forward, forward with VJP, a training step.',
}

/** `tweedie bench`: one subcommand per suite of '@tweedie/bench', all with the same options. */
export function benchCommand(io: Io): Command {
  const bench = new Command('bench').description('Measures kernels and networks, beside other libraries.')
  bench.addCommand(
    suiteCommand(io, 'kernels').option(
      '--no-roofline',
      'do not measure first what bounds them on this machine',
    ),
  )
  bench.addCommand(
    suiteCommand(io, 'unet').option('--profile', 'print the share of every primitive instead of timing'),
  )
  return bench
}

function suiteCommand(io: Io, suite: SuiteName): Command {
  return new Command(suite)
    .description(descriptions[suite])
    .option(
      '--peers [names]',
      'also time other libraries in the same run (default: all that are there)',
      list,
    )
    .option('--devices <names>', 'devices, separated by commas (default: all but the reference)', list)
    .option('--filter <text>', 'only cases whose name contains this')
    .option('--seconds <s>', 'least time per case and engine', number(0.01, 600), 0.5)
    .option('--threads <n>', 'threads of our devices and of peers that can choose', integer(1, cpus().length))
    .addOption(new Option('--json [file]', 'print JSON, or write it to a file besides the table'))
    .option('--markdown <file>', 'write the table to a file')
    .option('--compare <file>', 'set against an earlier --json file; exit code 1 where a case regressed')
    .option('--threshold <ratio>', 'time over earlier time that counts as a regression', number(1, 100), 1.1)
    .action((options: BenchCommandOptions, command: Command) => run(io, suite, options, command))
}

async function run(io: Io, suite: SuiteName, options: BenchCommandOptions, command: Command): Promise<void> {
  const bench = await import('@tweedie/bench')
  const { json, markdown, compare, threshold, threads } = options
  if (options.profile === true) return profile(io, options)
  const jsonFile = typeof json === 'string' ? absolute(io.cwd, json) : undefined
  const markdownFile = markdown === undefined ? undefined : absolute(io.cwd, markdown)
  if (jsonFile !== undefined) await checkFile(jsonFile, isReport, '--json')
  if (markdownFile !== undefined) await checkFile(markdownFile, isTable, '--markdown')
  const earlier =
    compare === undefined
      ? undefined
      : bench.parseReport(await readFile(absolute(io.cwd, compare), 'utf8'), compare)
  if (earlier !== undefined && earlier.suite !== suite)
    throw new OptionError('--compare', `${compare} is a report of the suite ${earlier.suite}, not ${suite}`)
  const progress = startProgress(io, { quiet: json === true })
  const restore = limitThreads(options.devices, threads)
  let report: Report
  try {
    report = await bench.runBench(suite, {
      ...options,
      signal: io.signal,
      command: ['tweedie bench', ...(command.parent?.args ?? [])].join(' '),
      onProgress: (done, total, name) => progress.at(done / total, name),
    })
  } finally {
    restore()
    progress.stop()
  }
  const table = `${bench.reportMarkdown(report)}\n`
  const comparison: Comparison | undefined =
    earlier === undefined ? undefined : bench.compareReports(earlier, report, threshold)
  const text = comparison === undefined ? table : `${table}\n${bench.comparisonMarkdown(comparison)}\n`
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
  const { networkCases, profileCase, profileMarkdown } = await import('@tweedie/bench')
  const restore = limitThreads(devices, threads)
  try {
    for (const device of devices) {
      for (const benchCase of networkCases.filter(({ name }) => name.includes(filter))) {
        await breathe(io)
        io.out(`${profileMarkdown(`${benchCase.name}, ${device}`, await profileCase(benchCase, device))}\n\n`)
      }
    }
  } finally {
    restore()
  }
}

/** Holds the devices to so many threads; gives back how to undo it. */
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

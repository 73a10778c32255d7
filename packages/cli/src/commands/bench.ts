import { Command, Option } from 'commander'
import type { Io } from '../io.ts'
import { list, number } from '../options.ts'
import { startProgress } from '../progress.ts'
import { absolute, writeOneFile } from '../write.ts'

interface KernelOptions {
  readonly peers?: boolean
  readonly devices?: readonly string[]
  readonly filter?: string
  readonly seconds: number
  /** true: to stdout; else a file. */
  readonly json?: true | string
}

/** Suites that have no command yet are added here, one subcommand each; all of them live in '@tweedie/bench'. */
export function benchCommand(io: Io): Command {
  const kernels = new Command('kernels')
    .description('Times the kernels of every device on the shapes of a U-Net.')
    .option('--peers', 'also time tfjs-backend-wasm, in the same run')
    .option('--devices <names>', 'devices, separated by commas (default: all but the reference)', list)
    .option('--filter <text>', 'only cases whose name contains this')
    .option('--seconds <s>', 'least time per case and device', number(0.01, 600), 0.5)
    .addOption(new Option('--json [file]', 'print JSON, or write it to a file besides the table'))
    .action(async (options: KernelOptions, command: Command) => {
      const { benchKernels, kernelTable } = await import('@tweedie/bench')
      const { seconds, peers, devices, filter, json } = options
      const progress = startProgress(io, { quiet: json === true })
      const given = ['tweedie bench', ...(command.parent?.args ?? [])].join(' ')
      try {
        const report = await benchKernels(
          {
            seconds,
            signal: io.signal,
            peers: peers === true,
            onProgress: (done, total, name) => progress.at(done / total, name),
            ...(devices === undefined ? {} : { devices }),
            ...(filter === undefined ? {} : { filter }),
          },
          given,
        )
        progress.stop()
        const text = `${JSON.stringify(report, null, 2)}\n`
        if (json !== undefined && json !== true)
          await writeOneFile(absolute(io.cwd, json), Buffer.from(text), isReport)
        io.out(json === true ? text : `${kernelTable(report)}\n`)
      } finally {
        progress.stop()
      }
    })
  return new Command('bench').description('Measures kernels (more suites to come).').addCommand(kernels)
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

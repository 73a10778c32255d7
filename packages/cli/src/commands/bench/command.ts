import { cpus } from 'node:os'
import type { SuiteName } from '@tweedie/bench'
import { choice, integer, number } from '@tweedie/solvers'
import { Command, Option } from 'commander'
import { onDevice } from '../../device.ts'
import type { Io } from '../../io.ts'
import { backendOption, deviceOption, names, noiseOption, specOption } from '../../terminal/options.ts'
import type { BenchCommandOptions } from './bench.ts'
import { imagesBenchCommand } from './images-command.ts'
import type { BenchMethodsOptions } from './methods.ts'
import { posteriorBenchCommand } from './posterior-command.ts'

const descriptions: Readonly<Record<SuiteName, string>> = {
  kernels: 'Times the kernels of every device on the shapes of a U-Net, forward and backward.',
  unet: 'Times whole networks: forward, forward with VJP, a training step.',
  operators: 'Times operators on pictures of 256×256 pixels: what a step pays beside its network.',
  large:
    'Times networks of 93 and 553 million parameters on pictures of up to 256×256 pixels, with their memory, in minutes.',
  step: 'Times ×4 super-resolution on 256×256 pixels beside a U-Net of 93 million parameters, in minutes.',
}

/** `tweedie bench`: one subcommand per suite of '@tweedie/bench', all with the same options. */
export function benchCommand(io: Io): Command {
  const bench = new Command('bench').description(
    'Measures kernels, networks and operators, beside other libraries, and methods against posteriors that are known.',
  )
  bench.addCommand(
    suiteCommand(io, 'kernels').option(
      '--no-roofline',
      'do not measure first what bounds them on this machine',
    ),
  )
  bench.addCommand(
    suiteCommand(io, 'unet').option('--profile', 'print the share of every primitive instead of timing'),
  )
  bench.addCommand(suiteCommand(io, 'operators'))
  bench.addCommand(suiteCommand(io, 'step'))
  bench.addCommand(suiteCommand(io, 'large'))
  bench.addCommand(methodsBenchCommand(io))
  bench.addCommand(imagesBenchCommand(io))
  bench.addCommand(posteriorBenchCommand(io))
  return bench
}

/** `tweedie bench methods`: where the time of each method goes. */
const methodsBenchCommand = (io: Io): Command =>
  new Command('methods')
    .description(
      'Tells what share of its time each method spends in the prior, in the operator, and in all else.',
    )
    .addOption(specOption('--methods <names>', names('methods, separated by commas', { otherwise: 'all' })))
    .option('--preset <name>', 'the preset of this name of each method')
    .option('--operator <spec>', 'what is measured', 'sr:4')
    .addOption(noiseOption(0.05))
    .option('--prior <name>', 'prior, see `tweedie priors`', 'digits')
    .addOption(specOption('--batch <n>', integer('pictures at a time', { default: 4, min: 1, max: 64 })))
    .addOption(specOption('--steps <n>', integer('steps of each run', { default: 10, min: 1, max: 1000 })))
    .addOption(deviceOption())
    .addOption(backendOption())
    .option('--json', 'print JSON')
    .action(async (options: BenchMethodsOptions) => {
      const { benchMethods } = await import('./methods.ts')
      await onDevice(options, () => benchMethods(io, options))
    })

function suiteCommand(io: Io, suite: SuiteName): Command {
  return new Command(suite)
    .description(descriptions[suite])
    .addOption(
      specOption(
        '--peers [names]',
        names('also time other libraries in the same run', { otherwise: 'all that are there' }),
      ),
    )
    .addOption(
      specOption(
        '--devices <names>',
        names('devices, separated by commas', { otherwise: 'all but the reference' }),
      ),
    )
    .option('--filter <text>', 'only cases whose name contains this')
    .addOption(
      specOption(
        '--clock <which>',
        choice('time that passes, or time of the processor, of all threads: for machines that others use', [
          'wall',
          'cpu',
        ]),
      ),
    )
    .addOption(
      specOption(
        '--seconds <s>',
        number('least time per case and engine', { default: 0.5, min: 0.01, max: 600 }),
      ),
    )
    .addOption(
      specOption(
        '--threads <n>',
        integer('threads of our devices and of peers that can choose', { min: 1, max: cpus().length }),
      ),
    )
    .addOption(new Option('--json [file]', 'print JSON, or write it to a file besides the table'))
    .option('--markdown <file>', 'write the table to a file')
    .option('--compare <file>', 'set against an earlier --json file; exit code 1 where a case regressed')
    .addOption(
      specOption(
        '--threshold <ratio>',
        number('time over earlier time that counts as a regression', { default: 1.1, min: 1, max: 100 }),
      ),
    )
    .action(async (options: BenchCommandOptions, command: Command) => {
      const { bench } = await import('./bench.ts')
      await bench(io, suite, options, command.parent?.args ?? [])
    })
}

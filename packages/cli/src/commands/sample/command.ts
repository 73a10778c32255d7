import { spacings } from '@tweedie/solvers'
import { Command, Option } from 'commander'
import { onDevice } from '../../device.ts'
import type { Io } from '../../io.ts'
import { deviceOption, integer, number } from '../../terminal/options.ts'
import type { SampleOptions } from './sample.ts'

export function sampleCommand(io: Io): Command {
  return new Command('sample')
    .description('Draws pictures from a prior, without any measurement, into one PNG.')
    .requiredOption('--out <file.png>', 'where the pictures go, in a grid')
    .option('--prior <name>', 'prior, see `tweedie priors`', 'digits')
    .option('--n <n>', 'how many', integer(1, 256), 16)
    .option('--sampler <spec>', 'such as ddim, dpm++2m or heun:churn=40; see `tweedie samplers`', 'ddpm')
    .addOption(
      new Option('--spacing <name>', 'how the times are laid out').choices(spacings).default('linspace'),
    )
    .option('--eta <eta>', 'noise of the steps, 0 (ddim) to 1 (ddpm); overrides --sampler', number(0, 1))
    .option('--steps <n>', 'steps', integer(1, 1000), 100)
    .option('--seed <n>', 'seed of all randomness', integer(0), 0)
    .addOption(deviceOption())
    .option('--json', 'print what was done as JSON')
    .addHelpText('after', '\nAn existing file is replaced only if tweedie wrote it.')
    .action(async (options: SampleOptions) => {
      const { sample } = await import('./sample.ts')
      await onDevice(options.device, () => sample(io, options))
    })
}

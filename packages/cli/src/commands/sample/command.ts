import { choice, integer, number, spacings } from '@tweedie/solvers'
import { Command } from 'commander'
import { onDevice } from '../../device.ts'
import type { Io } from '../../io.ts'
import { deviceOption, specOption, weightsOption } from '../../terminal/options.ts'
import type { SampleOptions } from './sample.ts'

export function sampleCommand(io: Io): Command {
  return new Command('sample')
    .description('Draws pictures from a prior, without any measurement, into one PNG.')
    .requiredOption('--out <file.png>', 'where the pictures go, in a grid')
    .option('--prior <name>', 'prior, see `tweedie priors`', 'digits')
    .addOption(weightsOption())
    .addOption(specOption('--n <n>', integer('how many', { default: 16, min: 1, max: 256 })))
    .addOption(
      specOption('--class <label>', integer('of a prior that can be told one: a label 0, 1, …', { min: 0 })),
    )
    .addOption(
      specOption(
        '--guidance <w>',
        number('of --class: 1 is the class, more is farther from all others (classifier-free)', {
          min: 0,
          max: 100,
          otherwise: '1',
        }),
      ),
    )
    .option('--sampler <spec>', 'such as ddim, dpm++2m or heun:churn=40; see `tweedie samplers`', 'ddpm')
    .addOption(specOption('--spacing <name>', choice('how the times are laid out', spacings, 'linspace')))
    .addOption(
      specOption(
        '--eta <eta>',
        number('noise of the steps, 0 (ddim) to 1 (ddpm); overrides --sampler', { min: 0, max: 1 }),
      ),
    )
    .addOption(specOption('--steps <n>', integer('steps', { default: 100, min: 1, max: 1000 })))
    .addOption(specOption('--seed <n>', integer('seed of all randomness', { default: 0, min: 0 })))
    .addOption(deviceOption())
    .option('--json', 'print what was done as JSON')
    .addHelpText('after', '\nAn existing file is replaced only if tweedie wrote it.')
    .action(async (options: SampleOptions) => {
      const { sample } = await import('./sample.ts')
      await onDevice(options.device, () => sample(io, options))
    })
}

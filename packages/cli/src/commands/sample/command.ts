import { integer, number, spacings } from '@tweedie/solvers'
import { Command, InvalidArgumentError, Option } from 'commander'
import { onDevice } from '../../device.ts'
import type { Io } from '../../io.ts'
import {
  backendOption,
  classifierOptions,
  deviceOption,
  priorOptions,
  specOption,
  weightsOption,
} from '../../terminal/options.ts'
import { readLimit } from './limit.ts'
import type { SampleOptions } from './options.ts'

export function sampleCommand(io: Io): Command {
  const [ensemble, variant, key, scheduler] = priorOptions()
  const [classifier, classifierScale] = classifierOptions()
  return new Command('sample')
    .description('Draws pictures from a prior, without any measurement, into one PNG.')
    .requiredOption('--out <file.png>', 'where the pictures go, in a grid')
    .option('--prior <name>', 'prior, see `tweedie priors`', 'digits')
    .addOption(variant)
    .addOption(key)
    .addOption(scheduler)
    .addOption(weightsOption())
    .addOption(ensemble)
    .addOption(specOption('--n <n>', integer('how many', { default: 16, min: 1, max: 256 })))
    .addOption(
      specOption(
        '--class <label>',
        integer('of a prior that can be told one, or of --classifier: a label 0, 1, …', { min: 0 }),
      ),
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
    .addOption(classifier)
    .addOption(classifierScale)
    .option('--sampler <spec>', 'such as ddim, dpm++2m or heun:churn=40; see `tweedie samplers`', 'ddpm')
    .addOption(
      new Option(
        '--spacing <name>',
        "how the times are laid out (default: as the prior's pipeline does, or linspace)",
      ).choices(spacings),
    )
    .addOption(
      specOption(
        '--steps-offset <n>',
        integer("added to the times of 'leading'", { min: 0, otherwise: "the pipeline's own" }),
      ),
    )
    .addOption(
      new Option(
        '--last-step <where>',
        "where the last step of ddim goes: to the clean image, or the noise of t = 0 (default: the pipeline's own)",
      ).choices(['clean', 'index-0']),
    )
    .addOption(
      new Option(
        '--variance <kind>',
        "of the steps of ddpm, for a prior with a pipeline (default: the pipeline's own)",
      ).choices(['small', 'large', 'learned', 'learned-range']),
    )
    .addOption(
      new Option(
        '--clip <limit>',
        "range of x̂₀: none, 1 for [−1, 1], or dynamic:0.995,1 for a quantile and the most it may be (default: the prior's own)",
      ).argParser((text) => {
        const limit = readLimit(text)
        if (limit !== undefined) return limit
        throw new InvalidArgumentError('It must be none, a number above 0, or such as dynamic:0.995,1.')
      }),
    )
    .addOption(
      specOption(
        '--eta <eta>',
        number('noise of the steps, 0 (ddim) to 1 (ddpm); overrides --sampler', { min: 0, max: 1 }),
      ),
    )
    .addOption(specOption('--steps <n>', integer('steps', { default: 100, min: 1, max: 1000 })))
    .addOption(specOption('--seed <n>', integer('seed of all randomness', { default: 0, min: 0 })))
    .addOption(deviceOption())
    .addOption(backendOption())
    .option('--json', 'print what was done as JSON')
    .addHelpText(
      'after',
      `
A prior of a diffusers folder is sampled as its pipeline does by --sampler ddpm and ddim: its times, its steps and its
limit of x̂₀, told in a note; --spacing, --steps-offset, --last-step, --variance and --clip are in the place of its own.

An existing file is replaced only if tweedie wrote it.`,
    )
    .action(async (options: SampleOptions) => {
      const { sample } = await import('./sample.ts')
      await onDevice(options, () => sample(io, options))
    })
}

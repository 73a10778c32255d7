import type { OptionSpec } from '@tweedie/solvers'
import { integer } from '@tweedie/solvers'
import { Command } from 'commander'
import type { Io } from '../../io.ts'
import { specOption } from '../../terminal/options.ts'
import type { SaveInterval, TrainCliOptions } from './train.ts'

/** `500` is steps, `60s` and `5m` are time. */
export const saveInterval: OptionSpec<SaveInterval> = {
  doc: 'steps (500) or time (60s, 5m) between saved states',
  range: '500 (steps), 60s or 5m, or the like',
  control: { kind: 'text' },
  parse: (text) => {
    const [, digits, unit] = /^(\d{1,9})(s|m|)$/.exec(text) ?? []
    if (digits === undefined) return undefined
    const value = Number(digits)
    return unit === '' ? { steps: value } : { seconds: unit === 'm' ? 60 * value : value }
  },
  accepts: (value): value is SaveInterval =>
    typeof value === 'object' && value !== null && Object.values(value).every((v) => v > 0),
}

export function trainCommand(io: Io): Command {
  return new Command('train')
    .description('Trains a prior, or an autoencoder, on pictures; can be interrupted and continued.')
    .requiredOption(
      '--data <dir>',
      "folder of images in MNIST's form (train- and t10k-images-idx3-ubyte, .gz or not; any size, grey or colour)",
    )
    .requiredOption('--config <file>', 'JSON: { "model": …, "steps": …, "batch": … }; see the shipped priors')
    .requiredOption('--out <dir>', 'folder for the state, the log and in the end the model')
    .option('--autoencoder <dir>', 'a trained autoencoder: the prior is one of its latents')
    .option('--resume', 'go on with the training in --out')
    .option(
      '--allow-other-rounding',
      'go on although the device or machine rounds otherwise; the bits are then not those of one go',
    )
    .addOption(specOption('--save-every <interval>', saveInterval).default({ seconds: 180 }, '3m'))
    .option('--no-test-set', 'without test images: the record then has no test loss')
    .addOption(
      specOption(
        '--workers <n>',
        integer('threads; the result does not depend on them', { default: 1, min: 1, max: 64 }),
      ),
    )
    .option('--name <name>', 'name of the prior in its record')
    .option('--json', 'print the record as JSON')
    .addHelpText(
      'after',
      `
Ctrl-C saves the state first; the same command with --resume goes on, to the same result bit for bit.
--data is an IDX file of [N, H, W] unsigned bytes, or [N, C, H, W] or [N, H, W, C] (train-images-idx4-ubyte) for colour.
The "model" of --config is a config.json of any network known here, or has the fields of the "architecture" it names.
"predicts" in it is epsilon (the default), x0, v, flow or edm.
"noiseLevels" ({ "min", "max" }, and "logMean" and "logStd" of log σ) trains a denoiser that is told σ, and predicts edm.
"weighting" of errors by noise level is output (the default), x0, epsilon or min-snr; "greyPart" shows colour in grey at times.
A model of the architecture autoencoder learns to give pictures back; --autoencoder then trains a prior on its latents.
Models with classes read the labels beside the images (train-labels-idx1-ubyte); with "labelDrop" the last class is none.
One training at a time has --out: train.lock in it says which.`,
    )
    .action(async (options: TrainCliOptions, command: Command) => {
      const { train } = await import('./train.ts')
      await train(io, options, command.parent?.args ?? [])
    })
}

import type { OptionSpec } from '@tweedie/solvers'
import { integer } from '@tweedie/solvers'
import { Command, InvalidArgumentError, Option } from 'commander'
import type { Io } from '../../io.ts'
import { specOption } from '../../terminal/options.ts'
import { dataSpecs } from './data-options.ts'
import type { SaveInterval, TrainCliOptions } from './train.ts'

const interval = (text: string): SaveInterval | undefined => {
  const [, digits, unit] = /^(\d{1,9})(s|m|)$/.exec(text) ?? []
  if (digits === undefined) return undefined
  const value = Number(digits)
  return unit === '' ? { steps: value } : { seconds: unit === 'm' ? 60 * value : value }
}

const isInterval = (value: unknown): value is SaveInterval =>
  typeof value === 'object' && value !== null && Object.values(value).every((v) => v > 0)

/** `500` is steps, `60s` and `5m` are time. */
export const saveInterval: OptionSpec<SaveInterval> = {
  doc: 'steps (500) or time (60s, 5m) between saved states',
  range: '500 (steps), 60s or 5m, or the like',
  control: { kind: 'text' },
  parse: interval,
  accepts: isInterval,
}

/** The same, or `never`. */
export const samplesInterval: OptionSpec<SaveInterval | 'never'> = {
  doc: 'steps (500) or time (10m) between pictures of samples in --out/samples, or never',
  range: '500 (steps), 60s, 5m or never, or the like',
  control: { kind: 'text' },
  parse: (text) => (text === 'never' ? text : interval(text)),
  accepts: (value): value is SaveInterval | 'never' => value === 'never' || isInterval(value),
}

/** `--set learningRate=1e-3`: a field of the configuration, in JSON or as a word; gathered over repeats. */
const fieldsOption = (): Option =>
  new Option(
    '--set <name=value>',
    'a field in the place of that of --config, such as steps=2000 or model.sampleSize=64; may be repeated',
  ).argParser((text, former: Readonly<Record<string, unknown>> = {}) => {
    const [, name, value] = /^([A-Za-z_][\w.]*)=(.+)$/.exec(text) ?? []
    if (name === undefined || value === undefined)
      throw new InvalidArgumentError('It must look like learningRate=0.001.')
    return { ...former, [name]: jsonOrWord(value) }
  })

function jsonOrWord(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

export function trainCommand(io: Io): Command {
  return new Command('train')
    .description('Trains a prior, or an autoencoder, on pictures; can be interrupted and continued.')
    .requiredOption(
      '--config <file>',
      'JSON: { "model": …, "steps": …, "batch": … }; docs/training.md has all fields, the shipped priors examples',
    )
    .requiredOption('--out <dir>', 'folder for the state, the log, samples and in the end the model')
    .option(
      '--data <path>',
      'a folder of pictures (any sizes, in folders or not), an npz or npy file, or IDX files in the form of MNIST (default: "data" of --config)',
    )
    .addOption(fieldsOption())
    .addOption(specOption('--crop <side>', dataSpecs.crop))
    .addOption(specOption('--resize <side>', dataSpecs.resize))
    .option('--flip', dataSpecs.flip.doc)
    .option('--turn', dataSpecs.turn.doc)
    .addOption(specOption('--hold-out <n>', dataSpecs.holdOut))
    .option('--no-test-set', 'without images to evaluate on: there is no held-out loss then')
    .addOption(specOption('--range <low..high>', dataSpecs.range))
    .option('--skip-broken', dataSpecs.skipBroken.doc)
    .option('--drop-duplicates', dataSpecs.dropDuplicates.doc)
    .addOption(specOption('--memory <bytes>', dataSpecs.memory))
    .option('--autoencoder <dir>', 'a trained autoencoder: the prior is one of its latents')
    .option(
      '--init-from <path>',
      'a checkpoint to begin with: a folder with a network, a file of weights, or a prior that ships, such as digits',
    )
    .option('--dry-run', 'check everything, take the time of two steps, write nothing')
    .option('--resume', 'go on with the training in --out')
    .option(
      '--allow-other-rounding',
      'go on although the device or machine rounds otherwise; the bits are then not those of one go',
    )
    .addOption(specOption('--save-every <interval>', saveInterval).default({ seconds: 180 }, '3m'))
    .addOption(specOption('--samples-every <interval>', samplesInterval).default({ seconds: 600 }, '10m'))
    .addOption(
      specOption(
        '--held-out-every <n>',
        integer('steps between evaluations on the way', { min: 1, otherwise: 'twenty in all' }),
      ),
    )
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
From a folder of photos to a prior, in one command:
  tweedie train --config photos.json --data ~/photos --flip --hold-out 5% --out mine
  tweedie restore photo.png --operator sr:4 --prior mine
--dry-run of it says first what it would cost. Ctrl-C saves the state; the same command with --resume goes on, to the same result
bit for bit, with any number of --workers.
The "model" of --config is a config.json of any network known here, or has the fields of the "architecture" it names; "data" and
"initFrom" in it stand for --data, with its options, and --init-from. "predicts" is epsilon (the default), x0, v, flow, velocity or edm; "path": "straight" is that of flow matching.
"noiseLevels" ({ "min", "max" }, and "logMean" and "logStd" of log σ) trains a denoiser that is told σ, and predicts edm.
"weighting" of errors by noise level is output (the default), x0, epsilon or min-snr; "greyPart" shows colour in grey at times.
Arrays are [N, H, W], [N, C, H, W] or [N, H, W, C]; an npz file has train_images, val_images and test_images, or images.
A model of the architecture autoencoder learns to give pictures back; --autoencoder then trains a prior on its latents.
Models with classes read labels: train-labels-idx1-ubyte, train_labels, or the folders that pictures lie in; with "labelDrop" the
last class is none.
One training at a time has --out: train.lock in it says which.`,
    )
    .action(async (options: TrainCliOptions, command: Command) => {
      const { train } = await import('./train.ts')
      await train(io, options, command.parent?.args ?? [])
    })
}

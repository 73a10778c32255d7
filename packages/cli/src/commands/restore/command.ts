import type { PriorChoices } from '@tweedie/runs/node'
import { choice, integer } from '@tweedie/solvers'
import { OptionError } from '@tweedie/tensor'
import { Command, InvalidArgumentError, Option } from 'commander'
import type { ClassifierFlags } from '../../classifier.ts'
import { onDevice } from '../../device.ts'
import type { Io } from '../../io.ts'
import { standardMethod } from '../../preset-text.ts'
import {
  backendOption,
  classifierOptions,
  deviceOption,
  noiseOption,
  priorOptions,
  settingsOption,
  specOption,
  weightsOption,
} from '../../terminal/options.ts'
import type { RestoreOptions } from './perform.ts'

/** The options as they were typed: a method is not there by itself. */
type AskedOptions = Omit<RestoreOptions, 'method' | 'classifier'> & {
  readonly method?: string
  readonly resume?: string
  readonly input?: readonly string[]
} & PriorChoices &
  ClassifierFlags

/** @throws {InvalidArgumentError} unless it is 8 or 16. */
function readDepth(text: string): 8 | 16 {
  if (text === '8') return 8
  if (text === '16') return 16
  throw new InvalidArgumentError('It must be 8 or 16.')
}

export function restoreCommand(io: Io): Command {
  const [ensemble, variant, key, scheduler] = priorOptions()
  const [classifier, classifierScale] = classifierOptions()
  return new Command('restore')
    .description('Restores a picture of yours: measures it (or takes it as measured), then solves for it.')
    .argument('[image]', 'a picture (PNG, JPEG, WebP, TIFF, BMP, GIF), or its numbers (npy, npz)')
    .option(
      '--input <path...>',
      'restore many pictures: a folder, patterns such as "photos/**/*.jpg", or files; in the place of [image]',
    )
    .option('--operator <spec>', 'what was measured, such as inpaint:box=14; see `tweedie operators`')
    .option(
      '--method <spec>',
      `method, such as dps or dps:eta=1; see \`tweedie methods\` (default: that of the preset, or ${standardMethod})`,
    )
    .option(
      '--preset <method/name>',
      'settings of a method for a task, such as dps/ffhq-sr4 (see `tweedie methods NAME`), or a file of `tweedie tune`',
    )
    .addOption(noiseOption(0.05))
    .option('--prior <name>', 'prior, see `tweedie priors`', 'digits')
    .addOption(variant)
    .addOption(key)
    .addOption(scheduler)
    .addOption(weightsOption())
    .addOption(ensemble)
    .addOption(classifier)
    .addOption(specOption('--class <label>', integer('of --classifier: a label 0, 1, …', { min: 0 })))
    .addOption(classifierScale)
    .addOption(
      specOption('--steps <n>', integer('steps', { min: 1, max: 1000, otherwise: "the method's own" })),
    )
    .addOption(settingsOption())
    .addOption(
      specOption('--samples <n>', integer('how many restorations to draw', { default: 1, min: 1, max: 64 })),
    )
    .addOption(
      specOption('--seed <n>', integer('seed of the noise and of the method', { default: 0, min: 0 })),
    )
    .addOption(
      specOption(
        '--tile <px>',
        integer('give the network windows of this side, seam-free, instead of the whole picture', {
          min: 8,
          max: 4096,
          otherwise: 'the whole picture where memory holds it',
        }),
      ),
    )
    .addOption(
      specOption(
        '--overlap <px>',
        integer('pixels that neighbouring windows share', {
          min: 0,
          max: 2048,
          otherwise: 'an eighth of the tile',
        }),
      ),
    )
    .addOption(
      specOption(
        '--fit <how>',
        choice('a side that the network cannot take: continue it by reflection, or crop', ['pad', 'crop']),
      ),
    )
    .addOption(
      specOption(
        '--channels <how>',
        choice('a picture of other channels than the prior: convert it, or keep it and adapt the prior', [
          'convert',
          'keep',
        ]),
      ),
    )
    .addOption(
      new Option(
        '--depth <bits>',
        'bits of the PNGs (default: 16 for a picture of more than 8, else 8)',
      ).argParser(readDepth),
    )
    .option(
      '--measured',
      'the file is the measurement itself, a picture or numbers of any range: do not degrade it',
    )
    .option('--resumable', 'on Ctrl-C keep the state in --out, instead of leaving nothing')
    .option(
      '--resume <dir>',
      'go on with a run that was interrupted with --resumable; takes no other options',
    )
    .option('--out <dir>', 'folder for the report, pictures and run.json', 'out/restore')
    .addOption(deviceOption())
    .addOption(backendOption())
    .option('--json', 'print the run as JSON')
    .addHelpText(
      'after',
      `
Without --measured the picture is taken as the truth: it is measured with noise, restored and compared with.
An array (npy, or npz with one array or one named y or x) is taken as it is, in the range where black is −1 and
white is 1; a measurement has the shape that the operator yields, and may lie outside. Values that are not finite are
refused.

A network is run at the picture's own size: where its sides are no multiples of what the network halves to, it is given the
picture continued by reflection, or --fit crop takes the middle. Where memory would not hold it, or with --tile, it is given
windows that are blended without seams. With --measured the picture has the size that measures so.

With --input each picture of a folder is written under its name as soon as it is done; one that fails is named, the others go
on, and the exit code is 1. The same command goes on after a kill, and with what was added.

With σ_y known, the residual χ² = ‖y − A(x)‖²/σ_y² is told beside the range that noise alone gives it: too large, and the
measurement is not met; too small, and the noise is fitted as well. It needs no truth. With --samples 16 there are
their mean and their standard deviation too.

Examples:
  tweedie restore digit.png --operator inpaint:box=14
  tweedie restore digit.png --operator inpaint:mask=hole.png    what is light in hole.png is seen
  tweedie restore --measured y.npy --operator sr:4 --noise 0.02
  tweedie restore face.png --operator sr:4,filter=bicubic --preset dps/ffhq-sr4 --prior ./ffhq
  tweedie restore photo.jpg --operator denoise --prior ./mine --tile 256
  tweedie restore --input photos --operator denoise --prior ./mine --out restored

Writes restored.png (or restored-1.png …, mean.png and std.png), measurement.png, the numbers of each unclipped as
restored.npy … and measurement.npy (float32 [C, H, W]; std.npy is not scaled), contact-sheet.png, report.html and
run.json. An earlier run in the folder is replaced when the new one is complete; a folder that holds anything else is
refused. With --resumable an interrupted run can be continued, to the same result bit for bit.`,
    )
    .action(async (image: string | undefined, asked: AskedOptions, command: Command) => {
      const { resume: folder, ensemble, variant, key, scheduler, ...said } = asked
      const { classifier: file, class: label, classifierScale, ...given } = said
      const { preset } = given
      const { methodOfPreset } = await import('../../resolve.ts')
      const method = preset === undefined ? undefined : await methodOfPreset(io, preset)
      const { priorText } = await import('@tweedie/runs/node')
      if (label !== undefined && file === undefined)
        throw new OptionError('--class', 'is of a classifier: give --classifier too')
      const { chosenClassifier } = await import('../../classifier.ts')
      const classifier = chosenClassifier(asked)
      const options = {
        ...given,
        ...(classifier && { classifier }),
        prior: priorText(asked.prior, { ensemble, variant, key, scheduler }),
        method: asked.method ?? method ?? standardMethod,
      }
      if (folder !== undefined) {
        const free = new Set(['resume', 'json', 'device', 'backend'])
        const extra = command.options.find(
          (option) =>
            !free.has(option.attributeName()) &&
            command.getOptionValueSource(option.attributeName()) === 'cli',
        )
        if (image !== undefined)
          throw new OptionError('--resume', `takes no image; the run in ${folder} has one`)
        if (extra !== undefined)
          throw new OptionError('--resume', `takes no ${extra.long}; the run keeps the options it has`)
        const { resume } = await import('./resume.ts')
        return onDevice(options, () => resume(io, folder, options))
      }
      const { input } = asked
      if (image === undefined && input === undefined) command.error("missing required argument 'image'")
      if (options.operator === undefined) command.error("required option '--operator <spec>' not specified")
      if (input !== undefined) {
        if (image !== undefined)
          throw new OptionError('--input', `is in the place of an image; got '${image}' as well`)
        if (options.resumable === true)
          throw new OptionError('--resumable', 'is for one picture; of many, each is kept when it is done')
        const { restoreFolder } = await import('./folder/folder.ts')
        const many = { ...options, input }
        return onDevice(options, () => restoreFolder(io, many, command.parent?.args ?? []))
      }
      if (image === undefined) return
      const { restore } = await import('./restore.ts')
      await onDevice(options, () => restore(io, image, options, command.parent?.args ?? []))
    })
}

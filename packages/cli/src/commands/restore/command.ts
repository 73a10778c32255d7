import { integer } from '@tweedie/solvers'
import { OptionError } from '@tweedie/tensor'
import { Command } from 'commander'
import { onDevice } from '../../device.ts'
import type { Io } from '../../io.ts'
import { standardMethod } from '../../preset-text.ts'
import {
  deviceOption,
  noiseOption,
  settingsOption,
  specOption,
  weightsOption,
} from '../../terminal/options.ts'
import type { RestoreOptions } from './perform.ts'

/** The options as they were typed: a method is not there by itself. */
type AskedOptions = Omit<RestoreOptions, 'method'> & { readonly method?: string; readonly resume?: string }

export function restoreCommand(io: Io): Command {
  return new Command('restore')
    .description('Restores a picture of yours: measures it (or takes it as measured), then solves for it.')
    .argument(
      '[image]',
      "a picture (PNG, JPEG, WebP, TIFF, BMP) of the prior's size, or its numbers (npy, npz)",
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
    .addOption(weightsOption())
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
    .option('--json', 'print the run as JSON')
    .addHelpText(
      'after',
      `
Without --measured the picture is taken as the truth: it is measured with noise, restored and compared with.
An array (npy, or npz with one array or one named y or x) is taken as it is, in the range where black is −1 and
white is 1; a measurement has the shape that the operator yields, and may lie outside. Values that are not finite are
refused.

With σ_y known, the residual χ² = ‖y − A(x)‖²/σ_y² is told beside the range that noise alone gives it: too large, and the
measurement is not met; too small, and the noise is fitted as well. It needs no truth. With --samples 16 there are
their mean and their standard deviation too.

Examples:
  tweedie restore digit.png --operator inpaint:box=14
  tweedie restore digit.png --operator inpaint:mask=hole.png    what is light in hole.png is seen
  tweedie restore --measured y.npy --operator sr:4 --noise 0.02
  tweedie restore digit.png --operator sr:4,filter=bicubic --preset dps/ffhq-sr4

Writes restored.png (or restored-1.png …, mean.png and std.png), measurement.png, the numbers of each unclipped as
restored.npy … and measurement.npy (float32 [C, H, W]; std.npy is not scaled), contact-sheet.png, report.html and
run.json. An earlier run in the folder is replaced when the new one is complete; a folder that holds anything else is
refused. With --resumable an interrupted run can be continued, to the same result bit for bit.`,
    )
    .action(async (image: string | undefined, asked: AskedOptions, command: Command) => {
      const { resume: folder, preset } = asked
      const { methodOfPreset } = await import('../../resolve.ts')
      const method = preset === undefined ? undefined : await methodOfPreset(io, preset)
      const options = { ...asked, method: asked.method ?? method ?? standardMethod }
      if (folder !== undefined) {
        const free = new Set(['resume', 'json', 'device'])
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
        return onDevice(options.device, () => resume(io, folder, options))
      }
      if (image === undefined) command.error("missing required argument 'image'")
      if (options.operator === undefined) command.error("required option '--operator <spec>' not specified")
      const { restore } = await import('./restore.ts')
      await onDevice(options.device, () => restore(io, image, options, command.parent?.args ?? []))
    })
}

import { Command } from 'commander'
import { onDevice } from '../../device.ts'
import type { Io } from '../../io.ts'
import { backendOption, deviceOption } from '../../terminal/options.ts'
import type { UnetOptions } from './unet.ts'

export function unetCommand(io: Io): Command {
  return new Command('unet')
    .description(
      'Runs a network once, on images x and times t: its output, and the product of a vector with its Jacobian.',
    )
    .argument('<model>', 'a folder with config.json and weights, or a file of weights')
    .requiredOption('--x <file>', 'images [N, C, H, W], npy or npz (there: x)')
    .requiredOption('--t <t>', 'a time, or a file of one or N of them (in npz: t)')
    .requiredOption('--out <file>', 'what to write: .npy (the output), or .npz (out, and vjp)')
    .option(
      '--class <label>',
      'of a network that is told classes: labels such as 3 or 3,5, or a file (in npz: y)',
    )
    .option(
      '--cotangent <file>',
      'a vector like the output (in npz: cotangent), for its product with the Jacobian in x',
    )
    .option('--vjp <file.npy>', 'where that product goes, if not into the npz')
    .option('--config <file>', 'the configuration, where it does not lie beside the weights as config.json')
    .option('--key <key>', 'which weights of the file, such as ema or state_dict')
    .addOption(deviceOption())
    .addOption(backendOption())
    .option('--force', 'replace files that are there already')
    .option('--json', 'print what was done as JSON')
    .addHelpText(
      'after',
      `
All is checked before the weights are read. The output is the network's own: no schedule, no clipping, all of its channels.

Examples:
  tweedie unet model/ --x io.npz --t io.npz --out out.npz
  tweedie unet model.pt --x x.npy --t 500 --class 3 --cotangent v.npy --out eps.npy --vjp g.npy`,
    )
    .action(async (model: string, options: UnetOptions) => {
      const { unet } = await import('./unet.ts')
      await onDevice(options, () => unet(io, model, options))
    })
}

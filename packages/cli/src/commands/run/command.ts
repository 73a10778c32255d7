import { Command } from 'commander'
import { onDevice } from '../../device.ts'
import type { Io } from '../../io.ts'
import { backendOption, deviceOption } from '../../terminal/options.ts'
import type { RunOptions } from './run.ts'

export function runCommand(io: Io): Command {
  return new Command('run')
    .description(
      'Makes the run of a run.json that the Studio has saved, and checks that its bits are the same.',
    )
    .argument('<run.json>', 'a run of the Studio')
    .option(
      '--out <file>',
      'where the samples go, [N, …] in float32: .npy, or .npz with weights',
      'samples.npy',
    )
    .option('--force', 'replace it where it is there already')
    .addOption(deviceOption())
    .addOption(backendOption())
    .option('--json', 'print what was done as JSON')
    .addHelpText(
      'after',
      `
The file says all of a run: problem, method, settings, samples, seed. On the device wasm the samples are those of the page, bit
for bit, on any number of threads; where the file has their SHA-256, the command fails unless they have it too.

Example:
  tweedie run run.json --out samples.npy`,
    )
    .action(async (file: string, options: RunOptions) => {
      const { run } = await import('./run.ts')
      await onDevice(options, () => run(io, file, options))
    })
}

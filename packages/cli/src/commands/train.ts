import { Command } from 'commander'
import type { Io } from '../io.ts'
import { integer } from '../options.ts'

/** The options of `tweedie train`. */
export interface TrainCliOptions {
  readonly data: string
  readonly config: string
  readonly out: string
  readonly resume?: boolean
  readonly workers: number
  readonly name?: string
  readonly json?: boolean
}

export function trainCommand(io: Io): Command {
  return new Command('train')
    .description('Trains a prior on pictures; can be interrupted and continued.')
    .requiredOption('--data <dir>', 'folder with the four IDX files of MNIST (or a set in the same form)')
    .requiredOption('--config <file>', 'JSON: { "model": …, "steps": …, "batch": … }; see the shipped priors')
    .requiredOption('--out <dir>', 'folder for the state, the log and in the end the model')
    .option('--resume', 'go on with the training in --out')
    .option('--workers <n>', 'threads; the result does not depend on them', integer(1, 64), 1)
    .option('--name <name>', 'name of the prior in its record')
    .option('--json', 'print the record as JSON')
    .addHelpText(
      'after',
      '\nCtrl-C saves the state first; the same command with --resume goes on, to the same result bit for bit.',
    )
    .action(async (options: TrainCliOptions, command: Command) => {
      const { train } = await import('../train.ts')
      await train(io, options, command.parent?.args ?? [])
    })
}

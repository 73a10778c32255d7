import { integer, interval, readText } from '@tweedie/solvers'
import { Command, InvalidArgumentError, Option } from 'commander'
import { onDevice } from '../../device.ts'
import type { Io } from '../../io.ts'
import { backendOption, deviceOption, names, settingsOption, specOption } from '../../terminal/options.ts'
import type { TuneOptions } from './tune.ts'

type Ranges = Readonly<Record<string, readonly [number, number]>>

const between = interval('range', 'none')

const isRange = (value: unknown): value is readonly [number, number] => between.accepts(value)

const rangeOption = (): Option =>
  new Option('--range <name=low..high>', 'tune this option in this range; may be repeated').argParser(
    (text, former: Ranges = {}) => {
      const [, name, words] = /^([A-Za-z]\w*)=(.+)$/.exec(text) ?? []
      const value = words === undefined ? undefined : readText(between, words)
      if (name === undefined || !isRange(value))
        throw new InvalidArgumentError('It must look like scale=0.01..3.')
      return { ...former, [name]: value }
    },
  )

const list = (doc: string, otherwise: string, separator: string) => ({
  ...names(doc, { otherwise }),
  parse: (text: string) => [...new Set(text.split(separator).map((name) => name.trim()))],
})

export function tuneCommand(io: Io): Command {
  return new Command('tune')
    .description(
      "Finds settings of a method on posteriors that are known, and tests them on cases the search hasn't seen.",
    )
    .requiredOption('--method <spec>', 'a method, such as dps or ./mine.ts; what its text sets is not tuned')
    .option('--suite <name>', 'see `tweedie bench posterior --list`', 'gmm')
    .addOption(
      specOption(
        '--problems <names>',
        list('problems of the suite, separated by ;', 'the first of its quick ones', ';'),
      ),
    )
    .option('--by <metric>', 'what is made best: crps, energy-score, sw, mean-error …', 'crps')
    .addOption(
      specOption(
        '--options <names>',
        list(
          'options to tune, separated by commas',
          'its numbers, choices and flags; not integers, which change its cost',
          ',',
        ),
      ),
    )
    .addOption(rangeOption())
    .addOption(settingsOption())
    .addOption(
      specOption('--steps <n>', integer('steps', { min: 1, max: 100_000, otherwise: "the method's own" })),
    )
    .addOption(
      specOption(
        '--candidates <n>',
        integer('settings to begin with, those before among them', { default: 27, min: 2, max: 10_000 }),
      ),
    )
    .addOption(
      specOption(
        '--keep <n>',
        integer('one in so many goes on, with as many times the cases', { default: 3, min: 2, max: 100 }),
      ),
    )
    .addOption(
      specOption(
        '--seeds <n>',
        integer('cases of the first rung, of each problem', { default: 2, min: 1, max: 10_000 }),
      ),
    )
    .addOption(
      specOption(
        '--test-seeds <n>',
        integer('cases of the test, of each problem', { default: 20, min: 2, max: 100_000 }),
      ),
    )
    .addOption(
      specOption(
        '--samples <n>',
        integer('samples of each posterior', { default: 50, min: 2, max: 100_000 }),
      ),
    )
    .addOption(specOption('--seed <n>', integer('seed of the candidates', { default: 0, min: 0 })))
    .option('--name <name>', 'of the preset', 'tuned')
    .option('--out <file.json>', 'where the preset goes; an interrupted run goes on from there', 'tuned.json')
    .addOption(deviceOption())
    .addOption(backendOption())
    .option('--json', 'print the preset with its record')
    .addHelpText(
      'after',
      `
Candidates are drawn from the ranges of the options: between their limits, or a factor of 30 about their defaults; on a log
scale where a range is positive and wide. The best third goes on with three times the cases, until few are left
(successive halving). Cases of the search and of the test have other seeds. Tuning by mean-error finds samplers that are
too narrow: by crps or energy-score, which are proper scores of all of a posterior, it does not (docs/tuning.md).

Examples:
  tweedie tune --method dps --suite gmm --by crps --out dps-gmm.json
  tweedie tune --method dps:steps=100 --range scale=0.01..3
  tweedie posterior --problem P.json --method dps --preset dps-gmm.json --out s.npy`,
    )
    .action(async (options: TuneOptions, command: Command) => {
      const { tuneMethod } = await import('./tune.ts')
      await onDevice(options, () => tuneMethod(io, options, command.parent?.args ?? []))
    })
}

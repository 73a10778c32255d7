import { cpus } from 'node:os'
import { integer, number } from '@tweedie/solvers'
import { Command } from 'commander'
import type { Io } from '../../io.ts'
import { names, specOption } from '../../terminal/options.ts'
import type { PosteriorBenchOptions } from './posterior.ts'

/** Methods with their options, separated by commas: a part such as `eta=0.5` belongs to the method before it. */
export function methodTexts(text: string): string[] {
  const found: string[] = []
  for (const part of text.split(',')) {
    const last = found.at(-1) ?? ''
    if (last.includes(':') && /^\s*\w+=/.test(part)) found[found.length - 1] = `${last},${part}`
    else found.push(part.trim())
  }
  return found
}

const methodsOption = specOption('--methods <names>', {
  ...names('methods with their options, such as dps,ddrm:eta=0.5 or ./mine.ts, separated by commas', {
    otherwise: 'all there are',
  }),
  parse: methodTexts,
})

/** `tweedie bench posterior`. */
export const posteriorBenchCommand = (io: Io): Command =>
  new Command('posterior')
    .description(
      'Has methods sample posteriors that are known, and tells how far their samples are from them, beside exact draws and published numbers.',
    )
    .argument('[suites...]', 'suites, see --list; all where none is named')
    .option('--list', 'list the suites, with their problems and metrics')
    .option('--quick', 'minutes instead of hours: what each suite calls its quick extent')
    .addOption(
      specOption('--problems <names>', { ...names('problems of the suites, separated by ;'), parse: split }),
    )
    .addOption(methodsOption)
    .addOption(
      specOption('--metrics <names>', names('metrics, separated by commas', { otherwise: "the suite's" })),
    )
    .addOption(specOption('--seeds <n>', integer('cases of each problem', { min: 1 })))
    .addOption(specOption('--samples <n>', integer('samples of each posterior', { min: 1 })))
    .addOption(specOption('--limit <s>', number('the most seconds of a method for a case', { above: 0 })))
    .addOption(
      specOption(
        '--jobs <n>',
        integer('threads, each with a case', { default: 1, min: 1, max: 4 * cpus().length }),
      ),
    )
    .option('--out <file>', 'write the results as JSON; an interrupted run goes on from there')
    .option('--markdown <file>', 'write the tables to a file')
    .option('--compare <file>', 'set against an earlier --out file, paired by seed')
    .option('--json', 'print JSON')
    .action(async (suites: string[], options: PosteriorBenchOptions, command: Command) => {
      const { benchPosterior } = await import('./posterior.ts')
      await benchPosterior(io, suites, options, command.parent?.args ?? [])
    })

function split(text: string): string[] {
  return [...new Set(text.split(';').map((name) => name.trim()))]
}

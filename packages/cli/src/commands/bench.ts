import { OptionError } from '@tweedie/tensor'
import { Command } from 'commander'
import type { Io } from '../io.ts'

/** What '@tweedie/bench' has to export for this command: the command line after `tweedie bench`. */
interface Bench {
  runBench(argv: readonly string[], io: Pick<Io, 'cwd' | 'out' | 'err' | 'signal'>): Promise<void>
}

export function benchCommand(io: Io): Command {
  return new Command('bench')
    .description('Measures: kernels, unet, posterior or images. The suites live in @tweedie/bench.')
    .argument('<suite>', 'kernels, unet, posterior or images')
    .argument('[options...]', 'options of the suite, such as --peers or --json FILE')
    .allowUnknownOption()
    .passThroughOptions(false)
    .action(async (suite: string, rest: readonly string[]) => {
      const bench: Partial<Bench> = await import('@tweedie/bench')
      if (bench.runBench === undefined) throw new OptionError('bench', `no suite '${suite}' in this build of @tweedie/bench yet`)
      await bench.runBench([suite, ...rest], io)
    })
}

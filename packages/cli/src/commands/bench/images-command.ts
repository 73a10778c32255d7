import { choice, integer } from '@tweedie/solvers'
import { Command } from 'commander'
import { onDevice } from '../../device.ts'
import type { Io } from '../../io.ts'
import { backendOption, deviceOption, names, noiseOption, specOption } from '../../terminal/options.ts'
import type { ImagesBenchOptions } from './images.ts'
import { truthSources } from './images-truth.ts'
import { methodTexts } from './posterior-command.ts'

const texts = (doc: string, standard: readonly string[]) => ({
  ...names(doc, { default: standard }),
  parse: (text: string) => [...new Set(methodTexts(text))],
})

/** `tweedie bench images`: methods × operators, scored on pictures whose truth is known. */
export const imagesBenchCommand = (io: Io): Command =>
  new Command('images')
    .description(
      'Restores pictures whose truth is known by several methods, and tells which is better, picture by picture.',
    )
    .addOption(
      specOption(
        '--methods <specs>',
        texts(
          'methods with their options, such as dps:steps=100,ddrm or ./mine.ts, separated by commas; all: every one',
          ['dps', 'ddrm', 'red-diff'],
        ),
      ),
    )
    .addOption(
      specOption(
        '--operators <specs>',
        texts('what is measured', ['inpaint:box=14', 'sr:4', 'blur:size=9,std=1.5']),
      ),
    )
    .addOption(noiseOption(0.05))
    .option('--prior <name>', 'prior, see `tweedie priors`', 'digits')
    .option('--preset <name>', 'the preset of this name of each method')
    .addOption(
      specOption(
        '--truth <source>',
        choice(
          'the pictures: held-out digits, squares of held-out photographs, or draws of the prior; auto: what the prior is of',
          truthSources,
        ),
      ),
    )
    .addOption(
      specOption('--pictures <n>', integer('pictures of each seed', { default: 8, min: 1, max: 64 })),
    )
    .addOption(
      specOption(
        '--seeds <n>',
        integer('seeds 0, 1, …: of pictures, noise and methods', { default: 3, min: 1, max: 1000 }),
      ),
    )
    .addOption(deviceOption())
    .addOption(backendOption())
    .option('--out <file>', 'write the results as JSON; an interrupted run goes on from there')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Scores are means over all pictures with their 95 % intervals; χ² is ‖y − A(x)‖²/σ_y² beside the range that noise gives it.
"behind" is the PSNR less that of the best method, paired: all methods restore the same measurements. p is
that of a difference as large, were its sign of each picture a coin's. The cost is that of one run on all pictures of a seed.

Examples:
  tweedie bench images --seeds 5 --out results.json
  tweedie bench images --methods dps:steps=150,scale=1.2,./mine.ts --operators sr:4 --noise poisson:peak=60
  tweedie bench images --prior photos@64 --noise 0.02 --methods diffpir,ddrm --operators inpaint:random=0.5`,
    )
    .action(async (options: ImagesBenchOptions, command: Command) => {
      const { benchImages } = await import('./images.ts')
      await onDevice(options, () => benchImages(io, options, command.parent?.args ?? []))
    })

import { integer } from '@tweedie/solvers'
import { OptionError } from '@tweedie/tensor'
import { Command } from 'commander'
import { onDevice } from '../../device.ts'
import type { Io } from '../../io.ts'
import { backendOption, deviceOption, names, settingsOption, specOption } from '../../terminal/options.ts'
import type { CheckPosteriorOptions } from './check.ts'
import type { PosteriorOptions } from './posterior.ts'

/** The options as they were typed, of both uses. */
type AskedOptions = Omit<PosteriorOptions & CheckPosteriorOptions, 'problem' | 'out' | 'samples'> & {
  readonly problem?: string
  readonly out?: string
  readonly samples?: number
  readonly check?: boolean
}

export function posteriorCommand(io: Io): Command {
  return new Command('posterior')
    .description(
      'Samples the posterior of a problem of your own, or checks a method on posteriors that are known.',
    )
    .option('--problem <file>', 'the prior, the operator, the noise and y: JSON, or a TypeScript module')
    .requiredOption('--method <spec>', 'a method, such as dps or ./mine.ts, or exact: the closed form')
    .option('--out <file.npy>', 'where the samples go, [N, d] in float64')
    .addOption(
      specOption(
        '--samples <n>',
        integer('how many', { min: 1, max: 10_000_000, otherwise: '100; 50 with --check' }),
      ),
    )
    .option('--check', 'check the calibration of the method on a suite instead; exit code 1 where it fails')
    .option('--suite <name>', 'of --check, see `tweedie bench posterior --list`', 'gmm')
    .addOption(
      specOption('--problems <names>', {
        ...names('of --check: problems of the suite, separated by ;', {
          otherwise: 'the first of its quick ones',
        }),
        parse: (text) => [...new Set(text.split(';').map((name) => name.trim()))],
      }),
    )
    .addOption(
      specOption(
        '--seeds <n>',
        integer('of --check: cases of each problem', { default: 60, min: 10, max: 100_000 }),
      ),
    )
    .addOption(
      specOption(
        '--batch <n>',
        integer('how many at a time; the samples are the same', { min: 1, otherwise: 'as many as is good' }),
      ),
    )
    .option(
      '--preset <method/name>',
      'settings of a method, such as dps/ffhq-sr4, or those of a file of `tweedie tune`',
    )
    .addOption(
      specOption('--steps <n>', integer('steps', { min: 1, max: 100_000, otherwise: "the method's own" })),
    )
    .addOption(settingsOption())
    .addOption(specOption('--seed <n>', integer('seed of all randomness', { default: 0, min: 0 })))
    .addOption(deviceOption())
    .addOption(backendOption())
    .option('--compare', 'tell how far the samples are from the exact posterior (default: up to 256 numbers)')
    .option('--no-compare', 'do not')
    .option('--json', 'print what was done, and how the samples are, as JSON')
    .addHelpText(
      'after',
      `
A problem in JSON; arrays may stand in it, or be npy files beside it:

  { "prior": { "mixture": { "weights": [1, 2], "means": "means.npy", "covariances": "covariances.npy" } },
    "schedule": "vp-linear", "operator": { "matrix": "A.npy" }, "noise": { "gaussian": 0.3 }, "y": "y.npy" }

prior     mixture: weights [K] (of any sum), means [K, d], covariances: a number, [K], [d, d] or [K, d, d], or variances
          [K, d]; or gaussian: mean [d], covariance: a number, [d] variances, or [d, d]
schedule  as \`tweedie schedules\` lists them, such as vp-linear:T=500; vp-linear where it is left out
operator  { "matrix": [m, d] }, "identity", or one of \`tweedie operators\`, such as "inpaint:box=4" with "shape"
shape     of a sample, such as [1, 8, 8]; [d] where it is left out
noise     σ_y, { "gaussian": σ_y }, "none", or one of \`tweedie noises\`, such as { "poisson": { "peak": 30 } }
y         what was measured
dtype     of y, float32 or float64, which methods follow; float64 where it is left out

A module exports { prior, operator, noise, y }, by these names or together by default; each as above, or a value that
@tweedie/solvers made. The samples are the same for the same seed, whatever --batch and the number of threads. A file that
is there is replaced only if tweedie wrote it.

Methods whose defaults are meant for pictures have other ones for problems of a few numbers, which are told; --set and
--preset come before them.

--check draws cases of a suite, truth and measurement, has the method sample each posterior, and tests whether the ranks
of the truth are uniform (simulation-based calibration), whether 90 % intervals hold it in 90 %, and whether distances to the
exact posterior are those of exact draws: one false alarm in a hundred checks.

Examples:
  tweedie posterior --check --method ./mine.ts --suite gmm
  tweedie posterior --problem P.json --method exact --samples 1000 --out exact.npy
  tweedie posterior --problem P.json --method mcg-diff --set particles=64 --samples 1000 --out s.npy`,
    )
    .action(async (asked: AskedOptions, command: Command) => {
      const typed = (name: string) => command.getOptionValueSource(name) === 'cli'
      if (asked.check === true) {
        const extra = ['problem', 'out', 'batch', 'seed'].find(typed)
        if (extra !== undefined) throw new OptionError('--check', `takes no --${extra}`)
        const { checkPosterior } = await import('./check.ts')
        return onDevice(asked, () => checkPosterior(io, { ...asked, samples: asked.samples ?? 50 }))
      }
      const { problem, out } = asked
      const extra = ['suite', 'problems', 'seeds'].find(typed)
      if (extra !== undefined) throw new OptionError(`--${extra}`, 'is of --check')
      if (problem === undefined) command.error("required option '--problem <file>' not specified")
      if (out === undefined) command.error("required option '--out <file.npy>' not specified")
      const { posterior } = await import('./posterior.ts')
      await onDevice(asked, () => posterior(io, { ...asked, problem, out, samples: asked.samples ?? 100 }))
    })
}

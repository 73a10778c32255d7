import { integer } from '@tweedie/solvers'
import { Command } from 'commander'
import { onDevice } from '../../device.ts'
import type { Io } from '../../io.ts'
import { deviceOption, settingsOption, specOption } from '../../terminal/options.ts'
import type { PosteriorOptions } from './posterior.ts'

export function posteriorCommand(io: Io): Command {
  return new Command('posterior')
    .description('Samples the posterior of a problem of your own, and tells how far they are from the exact one.')
    .requiredOption('--problem <file>', 'the prior, the operator, the noise and y: JSON, or a TypeScript module')
    .requiredOption('--method <spec>', 'a method, such as dps or ./mine.ts, or exact: the closed form')
    .requiredOption('--out <file.npy>', 'where the samples go, [N, d] in float64')
    .addOption(specOption('--samples <n>', integer('how many', { default: 100, min: 1, max: 10_000_000 })))
    .addOption(
      specOption(
        '--batch <n>',
        integer('how many at a time; the samples are the same', { min: 1, otherwise: 'as many as is good' }),
      ),
    )
    .option('--preset <method/name>', 'settings of a method, such as dps/ffhq-sr4, or those of a file of `tweedie tune`')
    .addOption(specOption('--steps <n>', integer('steps', { min: 1, max: 100_000, otherwise: "the method's own" })))
    .addOption(settingsOption())
    .addOption(specOption('--seed <n>', integer('seed of all randomness', { default: 0, min: 0 })))
    .addOption(deviceOption())
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

A module exports { prior, operator, noise, y }, by these names or together by default; each as above, or a value that
@tweedie/solvers made. The samples are the same for the same seed, whatever --batch and the number of threads. A file that
is there is replaced only if tweedie wrote it.

Examples:
  tweedie posterior --problem P.json --method exact --samples 1000 --out exact.npy
  tweedie posterior --problem P.json --method mcg-diff --set particles=64 --samples 1000 --out s.npy`,
    )
    .action(async (options: PosteriorOptions) => {
      const { posterior } = await import('./posterior.ts')
      await onDevice(options.device, () => posterior(io, options))
    })
}

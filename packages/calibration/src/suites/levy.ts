import { increments } from '../levy/increments.ts'
import { operators } from '../levy/operators.ts'
import { posed } from '../levy/pose.ts'
import { published } from '../levy/published.ts'
import type { Suite } from '../types.ts'

/** Signals of Lévy processes under four measurements. */
export const levy: Suite = {
  name: 'levy',
  title: 'Signals of Lévy processes',
  source:
    'arXiv 2509.12821: six laws of increments, four operators, 25 dB. Changed: the Gibbs denoiser of the protocol has 30 + 100 sweeps, not 100 + 300; methods take 100 steps with it',
  problems: increments.flatMap((law) => operators.map((operator) => posed(law, operator))),
  full: { seeds: 20, samples: 50 },
  quick: {
    problems: [...operators.map(({ name }) => `gauss,${name}`), 'bernoulli-laplace,identity'],
    seeds: 3,
    samples: 50,
  },
  metrics: [
    'gap-db',
    'gap-db-pooled',
    'crps',
    'hpd90',
    'hpd90-softmax',
    'whitened',
    'whitened-measured',
    'whitened-unmeasured',
    'variance-ratio',
  ],
  settings: () => undefined,
  published,
}

import { increments } from '../levy/increments.ts'
import { operators } from '../levy/operators.ts'
import { posed } from '../levy/pose.ts'
import { published } from '../levy/published.ts'
import type { Suite } from '../types.ts'
import { fewSteps } from './few-steps.ts'

/** Signals of Lévy processes under four measurements. */
export const levy: Suite = {
  name: 'levy',
  title: 'Signals of Lévy processes',
  source:
    'arXiv 2509.12821: six laws of increments, four operators, 25 dB. Changed: the Gibbs denoiser of the protocol has 30 + 100 sweeps, not 100 + 300; DPS and DiffPIR take 100 steps with it, as other methods do at most',
  problems: increments.flatMap((law) => operators.map((operator) => posed(law, operator))),
  full: { seeds: 2, samples: 50, limit: 6 },
  quick: {
    problems: ['gauss,identity', 'gauss,sampling', 'bernoulli-laplace,identity'],
    seeds: 2,
    samples: 50,
    rows: ['exact', 'exact-score', 'dps', 'ddrm', 'pigdm', 'diffpir'],
    limit: 10,
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
  settings: (method) => fewSteps(method, 100),
  published,
}

import type { Known } from './entry.test.helper.ts'
import { first } from './first.test.helper.ts'

const { spacing, steps, ...redDiff } = first['red-diff']?.defaults ?? {}

/** Methods that are made of RED-diff. */
export const variational: Readonly<Record<string, Known>> = {
  rlsd: {
    defaults: {
      ...redDiff,
      steps: [1000, 'as red-diff'],
      spacing: ['linspace', 'as red-diff'],
      particles: [4, 'the repository: constrained_sampling/_configs/algo/rsd_stable.yaml, n_particles'],
      gamma: [1, 'ours: the weight of the KL flow; theirs, 0 or 30, is for features of a network'],
      bandwidth: [undefined, 'the median rule of arXiv 1608.04471 §5'],
      compare: ['noisy', 'the repository: constrained_sampling/algos/rsd.py, latent_pred_t'],
      startSpread: [0.1, 'ours: the repository starts at N(0, I)'],
      features: [undefined, 'ours: no network of features is shipped'],
    },
    draws: { start: ['start'], step: ['epsilon', 'epsilon0'], options: { sigmaX0: 0.1 } },
  },
  'blind-red-diff': {
    defaults: {
      ...redDiff,
      steps: [1000, 'as red-diff'],
      spacing: ['linspace', 'as red-diff'],
      phiRate: [0.02, 'ours: no public code'],
      l2: [0, 'ours'],
      smoothness: [undefined, 'ours'],
      initial: [undefined, 'ours: what the operator begins with'],
    },
    draws: { start: [], step: ['epsilon', 'epsilon0'], options: { sigmaX0: 0.1 } },
  },
}

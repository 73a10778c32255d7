import type { Settings } from '../../options/index.ts'
import type { Known } from './entry.test.helper.ts'

const repository = 'the repository: configs/dpi_config.py'
const example = 'the repository: the example of README.md'

/** What both have of a flow. */
const shared: Known['defaults'] = {
  steps: [1000, 'ours: with `updates` as many as theirs'],
  spacing: ['linspace', 'only its length counts'],
  gradientClip: [1, `${repository}, grad_clip`],
  lambdaData: [1, repository],
  lambdaPrior: [1, repository],
  lambdaEntropy: [1, repository],
  annealRate: [undefined, `${repository}: anneal_data False`],
  annealPivot: [12000, `${repository}: data_annealing_pivot`],
  blocks: [4, 'ours; 32 in the repository'],
  width: [undefined, 'n/8, as in the repository: seqfrac 4'],
  sigmaMin: [0.01, 't = 10⁻³ of the VP SDE'],
}
const small: Settings = { samples: 2, updates: 1, blocks: 1, width: 2 }
const ode: Settings = { solver: 'euler', odeSteps: 1, probes: 1 }
/** A flow of four numbers that is trained to its end; a cut at norm 1 would shrink what the prior says, see the pages. */
const trained: Settings = { updates: 1, blocks: 2, width: 8 }
/** Options with which another matters; values that matter. Adam takes no notice of a cut that its ε is small beside. */
const beside: NonNullable<Known['beside']> = { annealPivot: { annealRate: 0.1 } }
const other: Settings = { annealPivot: 20, gradientClip: 1e-8, sigmaMin: 0.3 }

/** Methods that train a normalising flow for each measurement. */
export const flows: Readonly<Record<string, Known>> = {
  'score-prior': {
    defaults: {
      ...shared,
      updates: [10, `${example}: n_iters 10000`],
      samples: [32, `${example}: batch_size`],
      learningRate: [2e-4, `${example}: learning_rate`],
      warmUp: [0.5, `${repository}: warmup 5000 of the 10000`],
      solver: ['adaptive', `${repository}: Dopri5, PIDController`],
      odeSteps: [10, 'ours'],
      rtol: [1e-3, `${repository}: rtol`],
      atol: [1e-5, `${repository}: atol`],
      trace: ['rademacher', 'the repository: probability_flow.py'],
      probes: [16, `${repository}: n_trace_estimates`],
    },
    draws: {
      start: ['flow', 'start'],
      step: ['latent', 'probes', 'draw'],
      options: { ...small, ...ode },
    },
    beside: {
      ...beside,
      rtol: { solver: 'adaptive', steps: 2 },
      atol: { solver: 'adaptive', steps: 2 },
      odeSteps: { solver: 'heun', odeSteps: 3, steps: 2 },
    },
    other: { ...other, atol: 0.1, rtol: 0.1 },
    small: { ...small, ...ode, learningRate: 1e-2 },
    exact: {
      ...{ ...trained, steps: 250, samples: 8, learningRate: 0.01, warmUp: 0.1, gradientClip: 100 },
      ...{ solver: 'heun', odeSteps: 10, probes: 2 },
    },
    lighter: { ...small, ...ode, steps: 8 },
  },
  'efficient-score-prior': {
    defaults: {
      ...shared,
      updates: [20, `${repository}: n_iters 20000`],
      samples: [64, `${repository}: batch_size`],
      learningRate: [1e-5, `${repository}: learning_rate`],
      warmUp: [0.25, `${repository}: warmup 5000 of the 20000`],
      times: [1, `${repository}: dsm_nt`],
      timeLaw: ['importance', 'the repository: probability_bound.py'],
      sharing: [1, 'the repository: a time for each draw'],
    },
    draws: {
      start: ['flow', 'start'],
      step: ['latent', 'times', 'noise', 'end', 'draw'],
      options: small,
    },
    beside,
    other: { ...other, sharing: 2 },
    small: { ...small, learningRate: 1e-2, sharing: 2 },
    exact: {
      ...{ ...trained, steps: 400, samples: 16, learningRate: 5e-3, warmUp: 0.2, gradientClip: 1000 },
      ...{ sharing: 4, sigmaMin: 0.1 },
    },
    lighter: { ...small, steps: 8 },
  },
}

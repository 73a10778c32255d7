import type { Known } from './entry.test.helper.ts'

const annealing = {
  steps: [200, 'the repository: configs/inpainting.py, annealing num_steps'],
  spacing: ['linspace', 'only its length counts'],
  estimate: ['tweedie', 'arXiv 2503.03007: TU'],
  sigmaMax: [10, 'the repository: configs/inpainting.py, annealing sigma_max'],
  sigmaMin: [0.01, 'the repository: configs/inpainting.py, annealing sigma_min'],
  odeSteps: [5, 'the repository: configs/inpainting.py, diffusion num_steps'],
  odeMin: [0.01, 'the repository: configs/inpainting.py, diffusion sigma_min'],
  iterations: [40, 'the repository: configs/phase_retrieval.py, max_its'],
} as const

/** Settings of the decoupled engine, split Gibbs sampling by denoising, and optimisation of the network's input. */
export const decoupled: Readonly<Record<string, Known>> = {
  'rto-tu': {
    defaults: {
      ...annealing,
      draw: ['exact', 'arXiv 2503.03007: RTO'],
      innerSteps: [100, 'the repository: configs/inpainting.py, Lang num_steps'],
      learningRate: [5e-5, 'the repository: configs/inpainting.py, Lang lr'],
      momentum: [0.9, 'as DAPS'],
    },
    draws: { start: ['start'], step: ['coupling', 'measured', 'step'] },
    small: { sigmaMin: 0.2 },
    exact: {},
    lighter: { innerSteps: 4, iterations: 3 },
    beside: {
      odeSteps: { estimate: 'ode', sigmaMin: 0.2 },
      odeMin: { estimate: 'ode', sigmaMin: 0.2 },
      learningRate: { draw: 'langevin', innerSteps: 4 },
      momentum: { draw: 'hmc', innerSteps: 4 },
    },
    // The prior of the tests has levels from 0.05.
    other: { sigmaMin: 0.3, odeMin: 0.1 },
  },
  'map-tu': {
    defaults: annealing,
    draws: { start: ['start'], step: ['step'] },
    small: { sigmaMin: 0.2 },
    exact: {},
    lighter: { iterations: 3 },
    beside: {
      odeSteps: { estimate: 'ode', sigmaMin: 0.2 },
      odeMin: { estimate: 'ode', sigmaMin: 0.2 },
    },
    other: { sigmaMin: 0.3, odeMin: 0.1 },
  },
  dpnp: {
    defaults: {
      steps: [40, 'zacmar/dps-benchmark: dps.py, K'],
      spacing: ['linspace', 'only its length counts'],
      eta0: [1, 'zacmar/dps-benchmark: dps.py, eta_initial where it is not tuned'],
      etaMin: [0.1, 'zacmar/dps-benchmark: dps.py, eta_final'],
      hold: [0.2, 'zacmar/dps-benchmark: dps.py, K_initial = K // 5'],
      priorSteps: [30, 'ours; every index below η there'],
      variance: ['large', 'zacmar/dps-benchmark: dps.py, dds_ddpm'],
      data: ['auto', 'arXiv 2403.17042: exact where A is linear, else MALA'],
      stepSize: [1e-3, 'ours'],
      malaSteps: [100, 'ours'],
    },
    draws: { start: ['start'], step: ['coupling', 'measured', 'prior'], options: { priorSteps: 2 } },
    small: { priorSteps: 2, etaMin: 0.4 },
    exact: { priorSteps: 15 },
    beside: { stepSize: { data: 'mala' }, malaSteps: { data: 'mala' } },
    lighter: { priorSteps: 2, malaSteps: 4 },
    other: { etaMin: 0.3 },
  },
  sitcom: {
    defaults: {
      steps: [20, 'the repository: SITCOM_with_noise.py, n_step'],
      spacing: ['leading', "the repository's DDIM scheduler"],
      innerSteps: [30, 'the repository: SITCOM_with_noise.py, num_steps'],
      learningRate: [0.02, 'the repository: SITCOM_with_noise.py, learning_rate'],
      lambda: [0, 'the repository: its loss has no such term'],
      stop: ['discrepancy', 'the repository: SITCOM_with_noise.py; its report is the best by the truth'],
      slack: [0.001, 'the repository: SITCOM_with_noise.py, noiselevel + 0.001'],
      clip: [undefined, 'ours; [−1, 1] in the repository'],
    },
    draws: { start: ['start'], step: ['step'], options: { innerSteps: 2 } },
    small: { innerSteps: 2, stop: 'none' },
    exact: { innerSteps: 60, learningRate: 0.1 },
    lighter: { innerSteps: 4 },
    beside: { slack: { steps: 20, innerSteps: 60, learningRate: 0.1 } },
    other: { slack: 0.2 },
  },
}

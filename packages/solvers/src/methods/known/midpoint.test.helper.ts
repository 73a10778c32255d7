import type { Known } from './entry.test.helper.ts'

const ffhq = 'the repository: mgps.yaml, ffhq'
const mgdm = 'the repository: configs/experiments/sampler/mgdm.yaml'
const script = "the authors' script demo_imges.py"

/** Methods that ask the measurement between x_t and the clean end. */
export const midpoint: Readonly<Record<string, Known>> = {
  ddsmc: {
    defaults: {
      steps: [200, 'InverseBench: ddsmc.yaml, num_steps'],
      spacing: ['linspace', 'ours; its grids are of levels'],
      particles: [16, 'InverseBench: ddsmc.yaml, num_particles'],
      resampler: ['multinomial', 'the repository and InverseBench'],
      threshold: [1, 'the repository resamples in every step'],
      eta: [0.5, 'InverseBench: ddsmc.yaml, eta'],
      estimate: ['tweedie', 'the repository: use_ode False; InverseBench: recon_fn'],
      odeSteps: [10, 'InverseBench: ddsmc.yaml, num_steps of the flow'],
      spread: ['share', 'the repository: DDSMCDDPM, rho_t'],
      spreadFactor: [0.5, 'the repository: DDSMCDDPM, rho_t'],
      width: ['kernel', 'the repository: DDSMCImage; DDSMCDDPM has level'],
      last: ['draw', 'ours; the repository has mean'],
      rankTolerance: [1e-4, 'ours'],
    },
    draws: { start: ['start'], step: ['step', 'resample', 'pick'], options: { particles: 4 } },
    small: { particles: 4 },
    exact: { steps: 50, eta: 1 },
    lighter: { particles: 3 },
    beside: { odeSteps: { estimate: 'ode' } },
  },
  mgps: {
    defaults: {
      steps: [300, 'the repository: mgps.yaml, nsteps'],
      spacing: ['linspace', 'the repository: torch.linspace(0, 999, n_steps)'],
      alpha: [0.5, 'the repository: mgps.yaml, alpha'],
      fit: ['adam', 'the repository: mgps.yaml, optimizer'],
      fitSteps: [2, ffhq],
      longSteps: [20, ffhq],
      longFirst: [5, `${ffhq}, i >= n_steps - 5, where i counts down`],
      longEvery: [10, ffhq],
      quietLast: [20, ffhq],
      learningRate: [0.03, 'the repository: mgps.yaml, lr'],
      warm: [0.3, 'the repository: mgps.yaml, threshold 700 of 1000'],
    },
    draws: {
      start: ['start'],
      step: ['fit', 'midpoint', 'step'],
      clean: ['fit', 'midpoint'],
      some: { 0: ['second fit', 'second'], 1: ['second fit', 'second'], 2: ['second fit', 'second'] },
    },
    small: { longSteps: 3, fitSteps: 1 },
    exact: { steps: 50, alpha: 0.8, fitSteps: 10, learningRate: 0.1, warm: 0 },
    lighter: { fitSteps: 1, longSteps: 2 },
  },
  mgdm: {
    defaults: {
      steps: [100, `${mgdm}, nsteps`],
      spacing: ['linspace', 'the repository: torch.linspace(0, 999, n_steps)'],
      repeats: [1, `${mgdm}, n_reps`],
      tau: ['mix', `${mgdm}, tau_sampling`],
      mixed: [0.7, `${mgdm}, threshold 70 of 100`],
      minTau: [0.01, `${mgdm}, min_tau 10 of 1000`],
      denoiseSteps: [19, `${mgdm}, n_denoising_steps, 20 times`],
      eta: [1, `${mgdm}, eta`],
      fit: ['adam', 'the repository: mgdm.py'],
      fitSteps: [3, `${mgdm}, gradient_steps_fn`],
      longSteps: [20, `${mgdm}, gradient_steps_fn`],
      longPart: [0.1, `${mgdm}, gradient_steps_fn, i >= n_steps - 10`],
      learningRate: [0.03, `${mgdm}, lr_fn`],
      firstRate: [0.01, `${mgdm}, lr_fn`],
      firstPart: [0.11, `${mgdm}, lr_fn, i <= 10 of 100`],
    },
    draws: {
      start: ['start'],
      step: ['round', 'step'],
      options: { denoiseSteps: 2, fitSteps: 1, longSteps: 1 },
    },
    small: { denoiseSteps: 2, fitSteps: 1, longSteps: 2 },
    exact: {
      steps: 30,
      repeats: 2,
      denoiseSteps: 8,
      fitSteps: 5,
      longSteps: 10,
      learningRate: 0.1,
      firstRate: 0.1,
    },
    lighter: { denoiseSteps: 2, fitSteps: 1, longSteps: 2 },
    other: { minTau: 0.3 }, // the prior of the tests has 40 times
  },
  dcps: {
    defaults: {
      steps: [300, script],
      spacing: ['linspace', script],
      blocks: [3, `${script}, L = 4`],
      langevinSteps: [5, script],
      langevinStep: [1e-3, script],
      fitSteps: [2, script],
      optimizer: ['normalised', `${script}, SGD`],
      learningRate: [1.5, script],
      eta: [1, 'the repository: dcps.py'],
    },
    draws: {
      start: ['start'],
      step: ['fit', 'step'],
      clean: ['fit'],
      some: { 0: ['langevin'], 4: ['langevin'], 7: ['langevin'] },
    },
    small: { learningRate: 0.05 },
    exact: { steps: 100, learningRate: 0.05 },
    lighter: {},
  },
}

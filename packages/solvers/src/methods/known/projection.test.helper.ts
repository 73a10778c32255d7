import type { Known } from './entry.test.helper.ts'

/** Methods that put the noised measurement in the place of what x says of it, and their forebears. */
export const projection: Readonly<Record<string, Known>> = {
  repaint: {
    defaults: {
      steps: [250, 'arXiv 2201.09865 §5 and confs/face_example.yml of the repository: t_T'],
      spacing: ['guided', "the repository's guided-diffusion: timestep_respacing 250"],
      jump: [10, 'the repository: jump_length'],
      repeats: [10, 'the repository: jump_n_sample'],
      variance: ['large', 'guided-diffusion, where none is learned'],
    },
    draws: {
      start: ['start'],
      step: ['step', 'measured'],
      clean: ['measured'],
      some: { 9: ['up'] }, // nine steps down, and up again
      options: { jump: 9, repeats: 2 },
    },
    small: { jump: 9, repeats: 2 },
    path: (grid) => grid + 9 * Math.floor((grid - 1) / 9),
  },
  ilvr: {
    defaults: {
      steps: [100, "the repository's README: timestep_respacing 100"],
      spacing: ['guided', "the repository's guided-diffusion"],
      range: [undefined, "a fifth: 20 of 100 in the repository's README"],
      variance: ['small', 'DDPM; theirs is learned'],
    },
    draws: { start: ['start'], step: ['step', 'measured'], clean: ['measured'], options: { range: -1 } },
  },
  mcg: {
    defaults: {
      steps: [1000, 'arXiv 2206.00941 §4: N = 1000'],
      spacing: ['guided', "the repository's guided-diffusion"],
      scale: [1, 'the repository: weight of CT; inpainting has no other'],
      scaleSteps: [undefined, 'ours'],
      weight: ['pinv', 'the repository, CT; for a mask the identity is the same'],
      variance: ['small', 'DDPM; theirs is learned'],
    },
    draws: { start: ['start'], step: ['step', 'measured'], clean: ['measured'], options: { scale: 0.1 } },
    small: { scale: 0.1 },
  },
  'score-sde': {
    defaults: {
      steps: [1000, 'the repository: num_scales'],
      spacing: ['log-snr', 'geometric levels of the VE SDE, arXiv 2011.13456'],
      lambda: [1, 'the repository, magnetic resonance: coeff'],
      snr: [0.517, 'the repository, magnetic resonance: snr'],
      corrections: [1, 'the repository: n_steps_each'],
    },
    draws: {
      start: ['start'],
      step: ['measured for the corrector', 'correction 0', 'measured for the predictor', 'step'],
    },
  },
  'score-ald': {
    defaults: {
      steps: [1000, 'ours: as many as common priors have; 1155 in the repository'],
      spacing: ['linspace', 'only its ends count'],
      guidance: ['paper', 'arXiv 2108.01368, eq. 3'],
      rate: [3e-5 / 0.0066 ** 2, 'InverseBench: step_lr 3e-5, for σ_L = 0.0066'],
      gamma: [1, 'deepinv: γ_t = σ_t'],
      dataWeight: [0.3, 'InverseBench: mse'],
      inner: [3, 'the repository: n_steps_each'],
      sigmaMax: [1.2318, 'the repository: level 1156 of 2311 from 232 to 0.0066'],
      sigmaMin: [0.0066, 'the repository: sigma_end'],
    },
    beside: { dataWeight: { guidance: 'rescaled' } },
    other: { sigmaMin: 0.3 }, // the prior of the tests has no level below 0.05
    draws: { start: ['start'], step: ['langevin 0', 'langevin 1', 'langevin 2'] },
  },
  'kadkhodaie-simoncelli': {
    defaults: {
      steps: [1000, 'ours: the most; theirs has no limit'],
      spacing: ['linspace', 'only its length counts'],
      sigma0: [2, 'the repository: sig_0 = 1 in the range [0, 1]'],
      sigmaL: [0.02, 'the repository: sig_L = 0.01 in the range [0, 1]'],
      h0: [0.01, 'the repository'],
      beta: [0.01, 'the repository'],
    },
    beside: { sigmaL: { h0: 1, sigma0: 60 } }, // in forty steps of an ill-conditioned problem
    other: { sigmaL: 20 },
    draws: { start: ['start'], step: ['step'], options: { sigmaL: 0 } },
    small: { sigmaL: 0 }, // runs to its last step
  },
}

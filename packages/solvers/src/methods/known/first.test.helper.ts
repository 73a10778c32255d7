import type { Known } from './entry.test.helper.ts'

/** DPS, DDRM and RED-diff. */
export const first: Readonly<Record<string, Known>> = {
  dps: {
    defaults: {
      steps: [1000, 'arXiv 2209.14687, Algorithm 1 and configurations of the repository'],
      spacing: ['guided', "the repository's guided-diffusion: timestep_respacing 1000"],
      guidance: ['norm', 'Algorithm 1'],
      eta: [1, "ancestral: the repository's sampler is ddpm"],
      variance: ['small', 'DDPM; theirs is learned'],
      scaleSteps: [undefined, 'ours'],
      scale: [undefined, '0.3 at 1000 steps, in the configurations of super-resolution and deblurring'],
      clip: [undefined, 'left to the prior'],
    },
    draws: { start: ['start'], step: ['step'], options: { scale: 0.01 } },
    small: { scale: 0.1 },
  },
  ddrm: {
    defaults: {
      steps: [20, 'arXiv 2201.11793 §5'],
      spacing: ['ddim', 'the repository: range(0, T, T // steps)'],
      eta: [0.85, 'arXiv 2201.11793 §5'],
      etaB: [1, 'arXiv 2201.11793 §5'],
      rankTolerance: [1e-4, 'ours'],
    },
    draws: { start: ['start'], step: ['step'] },
  },
  'red-diff': {
    defaults: {
      steps: [1000, 'the repository'],
      spacing: ['linspace', 'ours; at 1000 steps the same as theirs'],
      learningRate: [0.1, 'the repository'],
      beta1: [0.9, 'the repository'],
      beta2: [0.99, 'the repository'],
      lambda: [0.25, 'the repository'],
      dataWeight: [1, 'the repository'],
      weighting: ['linear', 'arXiv 2305.04391, Algorithm 1'],
      reduction: ['mean', 'the repository'],
      sigmaX0: [0, 'arXiv 2305.04391, Algorithm 1: σ → 0'],
      init: ['auto', 'ours: A⁺y, ridge under noise'],
      rankTolerance: [0, 'ours'],
    },
    draws: { start: [], step: ['epsilon', 'epsilon0'], options: { sigmaX0: 0.1 } },
  },
}

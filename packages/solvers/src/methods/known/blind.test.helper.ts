import type { Known } from './entry.test.helper.ts'

/** Methods that look for something unknown of the measurement. */
export const blind: Readonly<Record<string, Known>> = {
  'blind-dps': {
    defaults: {
      steps: [1000, 'the repository: diffusion_config.yaml'],
      spacing: ['guided', "the repository's guided-diffusion"],
      scale: [undefined, '0.3 at 1000 steps: motion_deblur_config.yaml, and the paper'],
      scaleSteps: [undefined, 'ours'],
      ramp: ['constant', 'arXiv 2211.10656, Algorithm 1; the repository has √ᾱ_t'],
      sparsity: [1, 'the repository: run_deblur.sh, --reg_ord=1 --reg_scale=1.0'],
      eta: [1, "ancestral: the repository's sampler is ddpm"],
      variance: ['small', 'DDPM; theirs is learned'],
      clip: [undefined, 'left to the prior'],
      kernelPrior: [undefined, 'ours: no network of kernels is shipped'],
      kernelSpread: [0.1, 'ours'],
      known: [undefined, 'ours'],
    },
    draws: {
      start: ['start', 'kernel start'],
      step: ['step', 'kernel'],
      clean: ['kernel'],
      options: { scale: 0.01 },
    },
    small: { scale: 0.1 },
  },
  'gibbs-ddrm': {
    defaults: {
      steps: [100, 'the repository: ffhq_256_deblur.yml, timesteps'],
      spacing: ['ddim', 'the repository: range(0, T, T // steps)'],
      etaA: [0, 'the repository: ffhq_256_deblur.yml'],
      etaB: [0.9, 'the repository: ffhq_256_deblur.yml'],
      etaC: [0.8, 'the repository: ffhq_256_deblur.yml'],
      etaD: [0.8, 'the repository: ffhq_256_deblur.yml'],
      share: [0.7, 'the repository: Hupdate_start'],
      repeats: [3, 'the repository: iter_Hupdate'],
      langevinSteps: [500, 'the repository: iter_optim'],
      stepSize: [undefined, 'lr_Hupdate 1e-11 for 3×256×256 numbers and σ_y = 0.04, scaled'],
      laplace: [undefined, 'reg_H_gamma 1000 for kernels of 64×64, scaled'],
      keepLast: [false, 'the repository: resample_after_Hupdate true'],
      rankTolerance: [0.05, 'the repository: ZERO of svd_replacement.py'],
      initial: [undefined, 'the repository begins with a Gaussian: kernel_corruption gauss_init'],
      known: [undefined, 'ours'],
    },
    draws: {
      start: ['start'],
      step: ['step', 'phi 0', 'step 0', 'phi 1', 'step 1', 'phi 2', 'step 2'],
      clean: ['phi 0', 'step 0', 'phi 1', 'step 1', 'phi 2', 'step 2'],
      options: { share: 1, langevinSteps: 2, stepSize: 1e-4 },
    },
    small: { langevinSteps: 3, stepSize: 1e-4 },
    lighter: { langevinSteps: 2, stepSize: 1e-4 },
  },
}

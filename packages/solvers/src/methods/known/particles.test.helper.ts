import type { Known } from './entry.test.helper.ts'

const threshold = [1, 'the repository resamples in every step'] as const

/** Methods of sequential Monte Carlo. */
export const particles: Readonly<Record<string, Known>> = {
  tds: {
    defaults: {
      steps: [100, 'the repository: mnist_model_and_diffusion_conf.yml, timestep_respacing'],
      spacing: ['guided', "the repository's guided-diffusion"],
      particles: [4, 'the repository: image_confs/base_sampler_conf.yml'],
      resampler: ['systematic', 'the repository: image_confs/base_sampler_conf.yml'],
      threshold,
      spread: ['auto', 'the repository: pred_xstart_var_type 1, noise-level; none for other noise is ours'],
      dataVariance: [1, 'the repository: tausq_ of pred_xstart_var_type 2'],
      variance: ['large', 'guided-diffusion, where none is learned'],
      clip: [undefined, 'ours; [−1, 1] in the repository'],
    },
    beside: { dataVariance: { spread: 'pigdm' } },
    draws: { start: ['start'], step: ['step', 'resample', 'pick'] },
  },
  'fps-smc': {
    defaults: {
      steps: [1000, 'the repository: configs/diffusion_config.yaml'],
      spacing: ['guided', "the repository's guided-diffusion"],
      particles: [5, 'the repository: sample_condition.py, particle_size'],
      resampler: ['multinomial', 'the repository'],
      threshold,
      c: [0.95, 'the repository: sample_condition.py, c_rate'],
      kernel: ['marginal', 'the repository: posterior_variance'],
      rankTolerance: [1e-4, 'ours'],
    },
    draws: { start: ['start', 'path start'], step: ['step', 'path', 'resample', 'pick'], clean: ['path'] },
    lighter: { particles: 3 },
  },
  'mcg-diff': {
    defaults: {
      steps: [100, 'the repository: scripts/configs/diffusion/ddim_100.yaml'],
      spacing: ['linspace', 'only its length counts'],
      particles: [64, 'the repository: scripts/configs/mcg_diff/default.yaml, N_particles'],
      resampler: ['multinomial', 'the repository: Categorical'],
      threshold,
      eta: [1, 'the repository: mcg_diff'],
      kappa: [1e-4, 'the repository: scripts/configs/mcg_diff/default.yaml, gaussian_var'],
      last: ['condition', 'ours; the repository has likelihood'],
      rankTolerance: [1e-4, 'ours'],
    },
    draws: { start: ['start'], step: ['step', 'resample', 'pick'], options: { particles: 4 } },
    small: { particles: 4 },
    lighter: { particles: 3 },
  },
  'smc-diff': {
    defaults: {
      steps: [100, 'as TDS in the repository of TDS'],
      spacing: ['guided', 'as TDS'],
      particles: [4, 'as TDS in the repository of TDS'],
      resampler: ['systematic', 'as TDS in the repository of TDS'],
      threshold,
      variance: ['large', 'guided-diffusion, where none is learned'],
    },
    draws: { start: ['start', 'path start'], step: ['step', 'path', 'resample', 'pick'], clean: ['path'] },
  },
}

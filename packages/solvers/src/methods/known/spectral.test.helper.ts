import type { Known } from './entry.test.helper.ts'

/** The methods that work in the range and the null space of a linear operator. */
export const spectral: Readonly<Record<string, Known>> = {
  ddnm: {
    defaults: {
      steps: [100, 'arXiv 2212.00490 §4 and configs/celeba_hq.yml of the repository'],
      spacing: ['ddim', 'the repository: multiples of T // steps'],
      eta: [0.85, 'evaluation.sh of the repository'],
      travelLength: [1, 'configs/celeba_hq.yml of the repository'],
      travelRepeats: [1, 'configs/celeba_hq.yml of the repository'],
    },
    draws: { start: ['start'], step: ['step'] },
    beside: { travelLength: { travelRepeats: 2 } },
  },
  'ddnm-plus': {
    defaults: {
      steps: [100, 'arXiv 2212.00490 §4 and configs of the repository'],
      spacing: ['ddim', 'the repository: multiples of T // steps'],
      form: ['auto', 'ours: spectral, as in appendix I, where there is an SVD'],
      eta: [0.85, 'evaluation.sh of the repository'],
      travelLength: [1, 'configs of the repository'],
      travelRepeats: [1, 'configs of the repository'],
      rankTolerance: [1e-4, 'ours; 1e-3, absolute, in the repository'],
    },
    draws: { start: ['start'], step: ['step'] },
    beside: { travelLength: { travelRepeats: 2 } },
  },
  diffpir: {
    defaults: {
      steps: [100, 'main_ddpir_deblur.py of the repository: iter_num'],
      spacing: ['diffpir', 'the repository: skip_type quad'],
      lambda: [1.75, 'main_ddpir_deblur.py as it runs, 7 with σ_n for [0, 1]: 7/4 for [−1, 1]'],
      zeta: [0.3, 'main_ddpir_deblur.py as it runs'],
      data: ['auto', 'ours: the exact step where there is one'],
      gamma: [0.01, 'main_ddpir_sisr.py'],
      iterations: [undefined, 'theirs is exact'],
      init: ['auto', 'ours: theirs is the upsampled y'],
    },
    draws: { start: ['start'], step: ['step'] },
    beside: { gamma: { data: 'back-projection' } },
    small: { spacing: 'linspace' }, // its own grid has fewer than 1000 different indices of 1000
  },
  dds: {
    defaults: {
      steps: [50, 'main.py of the repository: T_sampling'],
      spacing: ['ddim', 'the repository: range(0, 1000, skip)'],
      iterations: [5, 'main.py of the repository: CG_iter'],
      gamma: [1, 'main.py of the repository'],
      eta: [0.85, 'main.py of the repository'],
    },
    draws: { start: ['start'], step: ['step'] },
    other: { iterations: 1 }, // two solve the problem of rank 2
  },
  snips: {
    defaults: {
      steps: [500, 'configs/celeba.yml of the repository: num_classes'],
      spacing: ['log-snr', 'the repository: sigma_dist geometric'],
      stepSize: [0.033, 'configs/celeba.yml: step_lr 3.3e-6 over sigma_end² = 1e-4'],
      innerSteps: [5, 'configs/celeba.yml: n_steps_each'],
      rankTolerance: [1e-4, 'ours; 1e-3, absolute, in the repository'],
    },
    draws: { start: ['start'], step: ['step'], options: { innerSteps: 1 } },
    small: { innerSteps: 1, stepSize: 0.5 },
    other: { innerSteps: 2 },
  },
  ddpg: {
    defaults: {
      steps: [100, 'configs/celeba_hq.yml of the repository: T_sampling'],
      spacing: ['ddim', 'the repository: multiples of T // steps'],
      gamma: [8, 'main.py of the repository'],
      etaTilde: [0.7, 'main.py of the repository'],
      zeta: [0.5, 'main.py of the repository'],
      lsScale: [1, 'main.py of the repository: scale_ls'],
      step: ['decaying', 'main.py of the repository: step_size_mode 1'],
      idpg: [false, 'main.py of the repository: inject_noise 1'],
      iterations: [undefined, 'theirs is exact'],
    },
    draws: { start: ['start'], step: ['step'] },
  },
  'ddrm-jpeg': {
    defaults: {
      steps: [66, 'README of the repository: 20 of init_timestep 300, every 15th index of 1000'],
      spacing: ['ddim', 'the repository: range(0, 300, 15)'],
      eta: [1, 'README of the repository'],
      etaB: [0.4, 'README of the repository'],
      startAt: [0.3, 'README of the repository: init_timestep 300'],
    },
    draws: { start: ['start'], step: ['step'], options: { startAt: 1 } },
    small: { startAt: 1 },
  },
}

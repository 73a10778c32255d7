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
}

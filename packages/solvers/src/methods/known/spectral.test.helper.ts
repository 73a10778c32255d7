import type { Known } from './known.test.helper.ts'

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
}

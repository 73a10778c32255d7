import type { Known } from './known.test.helper.ts'

const clip = [undefined, 'left to the prior'] as const

/** Methods that guide by a gradient through the denoiser, or by one beside it. */
export const gradient: Readonly<Record<string, Known>> = {
  pigdm: {
    defaults: {
      steps: [100, 'Song et al. 2023 §4: 100 evaluations'],
      spacing: ['linspace', 'ours; uniform in the paper'],
      eta: [1, 'Song et al. 2023, Algorithm 1 with η = 1'],
      scale: [1, 'Song et al. 2023, Algorithm 1'],
      coefficient: ['paper', 'Song et al. 2023, Algorithm 1'],
      variance: [1, 'Song et al. 2023: data of variance 1'],
      solver: ['auto', 'ours'],
      iterations: [undefined, 'until conjugate gradients converge'],
      rankTolerance: [0, 'ours'],
      clip,
    },
    draws: { start: ['start'], step: ['step'] },
  },
  tmpd: {
    defaults: {
      steps: [1000, 'arXiv 2310.06721 §5'],
      spacing: ['linspace', 'ours; at 1000 steps the same as theirs'],
      covariance: ['rows', 'arXiv 2310.06721 §3, for images'],
      probes: [1, 'ours'],
      eta: [1, 'ancestral, as the repository for VP'],
      clip,
    },
    matters: { probes: { covariance: 'diagonal' } },
    draws: { start: ['start'], step: ['step', 'probes'], options: { covariance: 'diagonal' } },
  },
  mmps: {
    defaults: {
      steps: [256, 'ours'],
      spacing: ['linspace', 'ours'],
      iterations: [3, 'arXiv 2405.13712 §4.2: one to three'],
      tolerance: [undefined, 'that of conjugate gradients'],
      eta: [1, 'ours: ancestral'],
      clip,
    },
    draws: { start: ['start'], step: ['step'] },
  },
}

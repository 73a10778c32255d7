import type { Known } from './entry.test.helper.ts'

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
    beside: { probes: { covariance: 'diagonal' } },
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
  'lgd-mc': {
    defaults: {
      steps: [1000, 'ours'],
      spacing: ['linspace', 'ours; at 1000 steps every one'],
      samples: [10, 'InverseBench, algo/lgd.py: num_samples'],
      spread: [1, 'Song et al. 2023 §4'],
      variance: [1, 'Song et al. 2023 §4: r_t = σ_t/√(1 + σ_t²)'],
      scale: [1, 'Song et al. 2023: the score itself'],
      eta: [1, 'ours: ancestral'],
      clip,
    },
    draws: { start: ['start'], step: ['step', 'points'], options: { scale: 0.1 } },
    small: { scale: 0.05 },
  },
  dmps: {
    defaults: {
      steps: [1000, 'the repository: configs/diffusion_config.yaml'],
      spacing: ['guided', "the repository's guided-diffusion: timestep_respacing 1000"],
      scale: [1.75, 'the repository: configs'],
      evalAt: ['before', 'arXiv 2211.12343, Algorithm 1; the repository has after'],
      eta: [1, 'the repository: sampler ddpm'],
      variance: ['small', 'DDPM; theirs is learned'],
      solver: ['auto', 'ours'],
      iterations: [undefined, 'until conjugate gradients converge'],
      rankTolerance: [0, 'ours'],
      clip,
    },
    draws: { start: ['start'], step: ['step'] },
  },
  dsg: {
    defaults: {
      steps: [100, 'the repository: run_DSG.sh, DDIM=100'],
      spacing: ['guided', "the repository's guided-diffusion: timestep_respacing 100"],
      rate: [0.2, 'the repository: run_DSG.sh, for inpainting'],
      interval: [1, 'the repository: run_DSG.sh'],
      eta: [1, 'the repository: gaussian_diffusion.py, DDIM'],
      clip,
    },
    draws: { start: ['start'], step: ['step'] },
  },
  mpgd: {
    defaults: {
      steps: [100, 'the repository: scripts'],
      spacing: ['guided-ddim', 'the repository: timestep_respacing ddim100'],
      scale: [undefined, '4 at 100 steps, in the script of super-resolution without projection'],
      scaleSteps: [undefined, 'ours'],
      eta: [0.5, 'the repository: mgpd_diffusion_config.yaml'],
      clip,
    },
    draws: { start: ['start'], step: ['step'], options: { scale: 0.1 } },
    small: { scale: 0.1 },
  },
}

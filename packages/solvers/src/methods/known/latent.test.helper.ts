import type { Known } from './entry.test.helper.ts'

const psldCode = "PSLD's repository: scripts/inverse.py"
const noEta = [0, `${psldCode}, ddim_eta`] as const
const aClass = { class: 'first' }
const tregCode = 'the repository: solver/latent_diffusion.py'

/** Methods on latents. */
export const latent: Readonly<Record<string, Known>> = {
  'latent-dps': {
    defaults: {
      steps: [1000, `${psldCode}, ddim_steps`],
      spacing: ['ddim', "PSLD's repository: the uniform grid of latent diffusion"],
      scale: [undefined, `1 at 1000 steps: ${psldCode}, omega`],
      scaleSteps: [undefined, 'ours'],
      eta: noEta,
    },
    draws: { start: ['start'], step: ['step'], options: { eta: 1, scale: 0.01 } },
    small: { scale: 0.1, eta: 0.5 },
  },
  psld: {
    defaults: {
      steps: [1000, `${psldCode}, ddim_steps`],
      spacing: ['ddim', "PSLD's repository: the uniform grid of latent diffusion"],
      omega: [undefined, `1 at 1000 steps: ${psldCode}, omega`],
      gamma: [undefined, `0.1 at 1000 steps: ${psldCode}, gamma`],
      scaleSteps: [undefined, 'ours'],
      eta: noEta,
    },
    draws: { start: ['start'], step: ['step'], options: { eta: 1, omega: 0.01, gamma: 0.01 } },
    small: { omega: 0.1, gamma: 0.02, eta: 0.5 },
  },
  'mpgd-ae': {
    defaults: {
      steps: [100, 'the repository: scripts'],
      spacing: ['guided-ddim', 'the repository: timestep_respacing ddim100'],
      form: ['ae', 'arXiv 2311.16424, Algorithm 2'],
      scale: [undefined, '5 at 100 steps and 10 at 50: ae_ffhq_super_resolution.sh'],
      scaleSteps: [undefined, 'ours'],
      gain: [undefined, 'the repository: condition_methods.py, 0.0075 and 0.01'],
      between: [undefined, 'the repository: condition_methods.py, 0.3 < t < 0.5'],
      eta: [0.5, 'the repository: mgpd_diffusion_config.yaml'],
    },
    draws: { start: ['start'], step: ['step'], options: { scale: 0.1 } },
    small: { scale: 0.1, gain: 1 },
  },
  resample: {
    defaults: {
      steps: [500, 'the repository: sample_condition.py, ddim_steps'],
      spacing: ['ddim', 'the repository: the uniform grid of latent diffusion'],
      scale: [0.5, 'the repository: ddim.py, scale=a_t*.5'],
      period: [10, 'the repository: ddim.py, index % 10'],
      gamma: [40, 'the repository: ddim.py, sigma; arXiv 2307.08123: 40'],
      pixelRate: [0.01, 'the repository: pixel_optimization'],
      pixelSteps: [2000, 'the repository: pixel_optimization'],
      latentRate: [0.005, 'the repository: latent_optimization'],
      latentSteps: [500, 'the repository: latent_optimization'],
      weightDecay: [0.01, "AdamW's in PyTorch, which the repository leaves"],
      tolerance: [undefined, 'ours: the noise level; 0.001 in the repository'],
      eta: [0, 'the repository: sample_condition.py, ddim_eta'],
    },
    beside: {
      pixelRate: { tolerance: 0, latentSteps: 1 },
      latentRate: { tolerance: 0, pixelSteps: 1 },
      weightDecay: { tolerance: 0, pixelSteps: 1 },
      pixelSteps: { tolerance: 0, latentSteps: 1, pixelSteps: 7 },
      latentSteps: { tolerance: 0, pixelSteps: 1, latentSteps: 3 },
    },
    other: { pixelSteps: 3, latentSteps: 2 },
    lighter: { pixelSteps: 20, latentSteps: 5 },
    draws: {
      start: ['start'],
      step: ['step'],
      some: Object.fromEntries([2, 3, 4, 5, 6, 7, 8].map((i) => [i, ['resample']])),
      options: { eta: 1, period: 1, scale: 0.01, pixelSteps: 2, latentSteps: 2 },
    },
    small: { period: 2, scale: 0.1, pixelSteps: 20, latentSteps: 10, eta: 0.5 },
  },
  stsl: {
    defaults: {
      steps: [100, 'ours: the code is not public'],
      spacing: ['ddim', 'ours'],
      scale: [undefined, 'ours: 0.02 at 1000 steps of one gradient; 0.05 in tmpdjax, configs/gmm.py'],
      scaleSteps: [undefined, 'ours'],
      spread: [0.02, 'tmpdjax, configs/gmm.py, stsl_scale_hyperparameter; there not times ζ'],
      probe: [1, 'arXiv 2312.00852: ε of unit variance'],
      inner: [3, 'ours'],
      eta: [0, 'ours'],
    },
    draws: {
      start: ['start'],
      step: ['step', 'probe 0', 'probe 1', 'probe 2'],
      options: { eta: 1, scale: 0.01 },
    },
    small: { scale: 0.05, eta: 0.5 },
  },
  p2l: {
    defaults: {
      steps: [200, "TReg's repository: configs/solver/p2l.yaml"],
      spacing: ['ddim', "TReg's repository: the uniform grid of diffusers"],
      class: [undefined, 'arXiv 2310.01110: from the empty prompt'],
      rate: [1e-4, "TReg's repository: P2LSolver"],
      scale: [undefined, "1 at 200 steps: TReg's repository, P2LSolver"],
      scaleSteps: [undefined, 'ours'],
      period: [10, 'ours'],
      lambda: [1e-4, "TReg's repository: cg_lamb"],
      eta: [0, "TReg's repository: P2LSolver"],
    },
    draws: { start: ['start'], step: ['step'], options: { eta: 1, scale: 0.01, ...aClass } },
    small: { scale: 0.1, period: 3, eta: 0.5, rate: 0.01, ...aClass },
  },
  treg: {
    defaults: {
      steps: [200, 'the repository: configs/solver/treg.yaml'],
      spacing: ['ddim', 'the repository: the uniform grid of diffusers'],
      class: [undefined, 'ours: it has no prompt of its own'],
      guidance: [7.5, `${tregCode}, cfg_guidance; 4 in solve.py, 5 in the README`],
      period: [3, `${tregCode}: step % 3`],
      share: [0.85, `${tregCode}: step < 170 of 200`],
      lambda: [1e-4, `${tregCode}, cg_lamb`],
      iterations: [5, `${tregCode}, CG m=5`],
      negation: ['auto', 'ours: use_AN in the repository, which its README sets'],
      rate: [1e-3, `${tregCode}, null_lr`],
      negations: [10, `${tregCode}, num_iter`],
    },
    beside: { guidance: aClass, rate: aClass, negations: aClass },
    other: { iterations: 1, share: 0.2 },
    draws: {
      start: ['start'],
      step: [],
      some: { 0: ['resample'], 3: ['resample'], 6: ['resample'] },
      options: aClass,
    },
    small: { ...aClass, guidance: 1.5 },
  },
  'dream-sampler': {
    defaults: {
      steps: [200, 'the repository: run_inpaint.py, NFE'],
      spacing: ['ddim', 'the repository: the uniform grid of diffusers'],
      class: [undefined, 'ours: it has no prompt of its own'],
      guidance: [5, 'the repository: run_inpaint.py, cfg_guidance; its loop does not read it'],
      mask: [undefined, 'ours: a text mask in the repository'],
      start: ['inversion', 'arXiv 2403.11415 §4'],
      lambda: [1e-4, 'the repository: cg_lamb'],
      iterations: [10, 'the repository: CG of 10'],
    },
    beside: { guidance: aClass },
    other: { iterations: 1 },
    draws: { start: ['start'], step: ['step'], clean: ['step'], options: { ...aClass, start: 'noise' } },
    small: { ...aClass, guidance: 1 },
  },
  'score-ilo': {
    defaults: {
      steps: [300, 'the repository: configs/solve_inverse.yaml, steps'],
      spacing: ['linspace', 'only its length counts'],
      rate: [0.05, 'the repository: configs/solve_inverse.yaml, lr'],
      pull: [0.1, 'the repository: latent_temperature, gen_temperature'],
      noise: [0.025, 'the repository: latent_noise_temp, gen_noise_temp'],
      level: [0.1, 'ours'],
    },
    other: { level: 0.4 },
    draws: { start: ['start'], step: ['step'] },
  },
}

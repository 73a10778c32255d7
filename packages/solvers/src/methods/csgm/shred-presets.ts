import type { Preset } from '../preset.ts'

const common = { samplerSteps: 10, samplerSpacing: 'leading', clip: [-1, 1], detach: true } as const
const from =
  'hamadichihaoui/BIRD: ddim_inversion_utils.py (no gradient through the network, clip_sample true), delta_t 100'

/** The repository's configurations. */
export const shredPresets: readonly Preset[] = [
  {
    name: 'celeba-inpainting',
    settings: { steps: 200, learningRate: 0.01, ...common },
    from: `${from}; configs/inpainting.yml (Optimization_steps 200, lr 0.01)`,
  },
  {
    name: 'celeba-denoising',
    settings: { steps: 200, learningRate: 0.01, ...common },
    from: `${from}; configs/denoising.yml (Optimization_steps 200, lr 0.01)`,
  },
  {
    name: 'celeba-sr8',
    operator: 'sr:8',
    settings: { steps: 100, learningRate: 0.001, ...common },
    from: `${from}; configs/super_resolution.yml (Optimization_steps 100, lr 0.001, downsampling_ratio 8)`,
  },
]

import type { Preset } from '../preset.ts'

/** The authors' settings, the same for all of their tasks. */
export const fpsSmcPresets: readonly Preset[] = [
  {
    name: 'ffhq',
    noise: 'gaussian:0.05',
    settings: { steps: 1000, particles: 5, c: 0.95, kernel: 'marginal' },
    from: 'ZehaoDou-official/FPS-SMC-2023: sample_condition.py (c_rate 0.95, particle_size 5), configs/diffusion_config.yaml',
  },
]

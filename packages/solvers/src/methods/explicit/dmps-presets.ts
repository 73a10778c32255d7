import type { Preset } from '../preset.ts'

/** The authors' configuration for super-resolution. */
export const dmpsPresets: readonly Preset[] = [
  {
    name: 'ffhq-sr4',
    operator: 'sr:4',
    noise: 'gaussian:0.05',
    settings: { steps: 1000, scale: 1.75, clip: [-1, 1], variance: 'learned-range' },
    from: 'mengxiangming/dmps: configs/sr4_config.yaml (scale 1.75, σ 0.05 in [−1, 1]), configs/diffusion_config.yaml (ddpm, 1000, learned_range, clip_denoised). Theirs is bicubic',
  },
]

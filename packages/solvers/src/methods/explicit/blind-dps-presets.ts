import type { Preset } from '../preset.ts'

/** The authors' configuration for motion blur. */
export const blindDpsPresets: readonly Preset[] = [
  {
    name: 'ffhq-motion',
    operator: 'blind-blur:size=65,kernel=motion,length=33',
    noise: 'gaussian:0.02',
    settings: {
      ...{ steps: 1000, scale: 1, ramp: 'alpha', sparsity: 1 },
      ...{ clip: [-1, 1], variance: 'learned-range' },
    },
    from:
      'repository BlindDPS/blind-dps: motion_deblur_config.yaml (kernels 64×64, σ 0.02 in [−1, 1]; ours have an odd ' +
      'size), run_deblur.sh (reg_ord 1, reg_scale 1.0), √ᾱ_t of gaussian_diffusion.py, which overrides scale 0.3, and diffusion_config.yaml (learned_range, clip_denoised)',
  },
]

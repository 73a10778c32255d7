import type { Preset } from '../preset.ts'

/** The authors' configuration for digits. */
export const tdsPresets: readonly Preset[] = [
  {
    name: 'mnist-inpainting',
    operator: 'inpaint',
    noise: 'none',
    settings: { steps: 100, particles: 4, resampler: 'systematic', spread: 'noise-level', clip: [-1, 1] },
    from:
      'blt2114/twisted_diffusion_sampler, image_exp/image_confs: base_sampler_conf.yml (4 particles, systematic), ' +
      'mnist_model_and_diffusion_conf.yml (timestep_respacing 100, clip_twisted), pred_xstart_var_type 1',
  },
]

import type { Preset } from '../preset.ts'

/** That of the authors' script. */
export const dreamSamplerPresets: readonly Preset[] = [
  {
    name: 'released',
    noise: 'gaussian:0.01',
    settings: { steps: 200, guidance: 1, lambda: 1e-4, iterations: 10, period: 3, share: 0.85 },
    from: 'DreamSampler/dream-sampler: run_inpaint.py: NFE 200, no_dps every third step of the first 170, noise 0.01; solver/latent_diffusion.py, dream_inpaint: CG of 10, cg_lamb 1e-4, ẑ_c without cfg_guidance',
  },
]

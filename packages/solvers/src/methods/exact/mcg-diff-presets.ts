import type { Preset } from '../preset.ts'

const from = 'gabrielvc/mcg_diff, scripts/configs: diffusion/ddim_100.yaml (100 steps, η 1) and mcg_diff'

/** The authors' configurations for pictures; how they end is ours. */
export const mcgDiffPresets: readonly Preset[] = [
  {
    name: 'images',
    settings: { steps: 100, eta: 1, particles: 64, kappa: 1e-4 },
    from: `${from}/default.yaml (N_particles 64, gaussian_var 1e-4)`,
  },
  {
    name: 'colorization',
    settings: { steps: 100, eta: 1, particles: 1024, kappa: 1e-4 },
    from: `${from}/colorization.yaml (N_particles 1024)`,
  },
  {
    name: 'outpainting',
    settings: { steps: 100, eta: 1, particles: 10000, kappa: 1e-4 },
    from: `${from}/outpainting.yaml (N_particles 10000)`,
  },
]

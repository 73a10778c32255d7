import type { Preset } from '../preset.ts'

/** The authors' configuration for MRI. */
export const scoreAldPresets: readonly Preset[] = [
  {
    name: 'mri',
    settings: { steps: 1155, inner: 3, sigmaMax: 1.2318, sigmaMin: 0.0066, guidance: 'rescaled' },
    from: 'main.py of the repository: sigma_begin 232, sigma_end 0.0066, num_classes 2311, start_iter 1155, n_steps_each 3',
  },
]

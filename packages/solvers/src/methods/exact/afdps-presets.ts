import type { Preset } from '../preset.ts'

const from = 'erichou1/AFDPS fb6a503:'
const code =
  'configs/algorithm/afdps.yaml: EDM levels from 80 to 0.002, never resampled, the best particle taken'

/** The authors' for three forward models of physics; two of them evaluate the likelihood at x̂₀ there, which is not exact. */
export const afdpsPresets: readonly Preset[] = [
  {
    name: 'navier-stokes',
    settings: { steps: 400, particles: 32, gamma: 1.8, threshold: 0 },
    from: `${from} navier_stokes/${code}; γ of every fourth pixel (4.8 of every second, 0.65 of every eighth); r at x̂₀ there`,
  },
  {
    name: 'inverse-scattering',
    settings: { steps: 200, particles: 512, gamma: 1, threshold: 0 },
    from: `${from} inverse_scattering/${code}; its ablation guidance_mode fixed, the main one is ΠGDM's guidance`,
  },
  {
    name: 'waveform-inversion',
    settings: { steps: 200, particles: 16, gamma: 1, threshold: 0 },
    from: `${from} full_waveform_inversion/${code}; r at x̂₀ there`,
  },
]

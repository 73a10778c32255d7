import type { Preset } from '../preset.ts'

const from = 'zacharyhorvitz/Fk-Diffusion-Steering 9413005: text_to_image/'
const settings = { steps: 100, particles: 4, lambda: 10, eta: 1 } as const

/** The authors' for pictures by text, of which λ is for ImageReward. */
export const fkSteeringPresets: readonly Preset[] = [
  {
    name: 'sdxl-max',
    settings: { ...settings, potential: 'max', interval: 20, from: 20, to: 80 },
    from: `${from}launch.sh: SDXL, resample_frequency 20 from 20 to 80`,
  },
  {
    name: 'sd2-difference',
    settings: { ...settings, potential: 'difference', interval: 5, from: 5, to: 30 },
    from: `${from}launch_eval_runs.py, its defaults: Stable Diffusion 2.1, resample_frequency 5 from 5 to 30`,
  },
]

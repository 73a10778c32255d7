import type { Preset } from '../preset.ts'

const authors = 'loveisbasa/DPG e468e1d'
const sde =
  'guided_diffusion/condition_methods.py (PGSampling) and gaussian_diffusion.py: −ε̂ gains scale·d/‖d‖'
const settings = { steps: 1000, scale: 200, samples: 500, momentum: 0, adds: 'noise', clip: [-1, 1] } as const

/** The authors' for 1000 steps of DDPM, and those of InverseBench. */
export const dpgPresets: readonly Preset[] = [
  {
    name: 'ffhq-motion',
    operator: 'motion-blur:size=61,intensity=0.5,boundary=reflect',
    noise: 'gaussian:0.05',
    settings: { ...settings, leastRadius: 0.05 },
    from: `${authors}: configs/motion_deblur_ffhq.yaml; ${sde}. The last two of its steps go without`,
  },
  {
    name: 'imagenet-deblur',
    operator: 'blur:size=61,std=3,boundary=reflect',
    noise: 'gaussian:0.05',
    settings,
    from: `${authors}: configs/gaussian_deblur_imagenet.yaml, the part for ddpm; ${sde}`,
  },
  {
    name: 'imagenet-sr4',
    operator: 'sr:4,filter=bicubic',
    noise: 'gaussian:0.05',
    settings: { ...settings, scale: 160, leastRadius: 0.05 },
    from: `${authors}: configs/super_resolution_imagenet.yaml, the part for ddpm; ${sde}`,
  },
  {
    name: 'inversebench',
    settings: { steps: 1000, scale: 180, samples: 5000, momentum: 0.1, adds: 'score' },
    from: 'devzhk/InverseBench b113d67: configs/algorithm/dpg.yaml, algo/dpg.py; for Navier–Stokes',
  },
]

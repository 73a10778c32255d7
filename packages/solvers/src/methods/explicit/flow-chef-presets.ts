import type { Preset } from '../preset.ts'

const from =
  'FlowChef/FlowChef: inverseproblems/pixel_models/rfpp/inverseproblems_flowchef.sh (64×64, gradient_scale 500'
const settings = { steps: 200, scale: 500, loss: 'mean', compare: 'measurement' } as const

/** The authors' settings for pictures of 64×64. Their mean is over all pixels where there is a mask, of the hidden ones too. */
export const flowChefPresets: readonly Preset[] = [
  {
    name: 'box',
    operator: 'inpaint:box=20',
    noise: 'gaussian:0.05',
    settings,
    from: `${from}, N 200, mask_size 20, noise_sigma 0.05)`,
  },
  {
    name: 'sr4',
    operator: 'sr:4',
    noise: 'gaussian:0.05',
    settings,
    from: `${from}, N 200, scale_factor 4, noise_sigma 0.05), inverse_operators.py (averages)`,
  },
  {
    name: 'deblur',
    operator: 'blur:size=11,std=1',
    noise: 'gaussian:0.05',
    settings,
    from: `${from}, N 200, kernel_size 11, blur_sigma 1.0, noise_sigma 0.05)`,
  },
  {
    name: 'box-clean',
    operator: 'inpaint:box=20',
    noise: 'none',
    settings: { ...settings, steps: 100 },
    from: `${from}, N 100, mask_size 20, noise_sigma 0.0)`,
  },
]

import type { Preset } from '../preset.ts'

/** The authors' script for blind deblurring. */
export const blindShredPresets: readonly Preset[] = [
  {
    name: 'celeba-deblurring',
    operator: 'blind-blur:size=41,kernel=motion',
    settings: {
      steps: 100,
      learningRate: 0.003,
      kernelRate: 2e-4,
      hidden: 1000,
      samplerSteps: 10,
      samplerSpacing: 'leading',
      clip: [-1, 1],
      detach: true,
    },
    from: 'hamadichihaoui/BIRD at 713dab7: blind_deblurring.py, utils.py (fcn, get_noise), configs/blind_deblurring.yml (Optimization_steps 100, lr_img 0.003, lr_blur 0.0002, delta_t 100, kernel_size 41)',
  },
]

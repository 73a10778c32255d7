import type { Preset } from '../preset.ts'

/** The authors' script for blind deblurring, with the stop by variance in place of theirs by the truth. */
export const blindDmplugPresets: readonly Preset[] = [
  {
    name: 'motion',
    operator: 'blind-blur:size=65,kernel=motion,length=33',
    noise: 'gaussian:0.01',
    settings: {
      steps: 10_000,
      learningRate: 0.01,
      kernelRate: 0.1,
      samplerSteps: 3,
      samplerSpacing: 'leading',
      clip: [-1, 1],
    },
    from: 'sun-umn/DMPlug: bid.py (epochs 10000, --lr 0.01, --lrk 0.1, --custom_steps 3, output clamped), configs/tasks/motion_deblur_config.yaml (kernels of 64, σ 0.01); ours are odd',
  },
]

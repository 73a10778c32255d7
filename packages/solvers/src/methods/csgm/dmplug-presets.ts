import type { Preset } from '../preset.ts'

const settings = { learningRate: 0.01, samplerSteps: 3, samplerSpacing: 'leading', clip: [-1, 1] } as const
const from =
  'sun-umn/DMPlug: sr_inp_nonlinear.py (--lr 0.01, --custom_steps 3, output clamped), ddim_sampler.py (clip_sample true)'

/** The authors' scripts, with the stop by variance in place of theirs by the truth. */
export const dmplugPresets: readonly Preset[] = [
  {
    name: 'sr4',
    operator: 'sr:factor=4,filter=bicubic',
    noise: 'gaussian:0.01',
    settings: { steps: 5000, ...settings },
    from: `${from}; epochs 5000, configs/tasks/super_resolution_config.yaml (scale_factor 4, σ 0.01)`,
  },
  {
    name: 'inpainting',
    operator: 'inpaint:random=0.7',
    noise: 'gaussian:0.01',
    settings: { steps: 5000, ...settings },
    from: `${from}; epochs 5000, configs/tasks/inpainting_config.yaml (random, 0.7, σ 0.01)`,
  },
  {
    name: 'nonlinear',
    noise: 'gaussian:0.01',
    settings: { steps: 10000, ...settings },
    from: `${from}; epochs 10000 for nonlinear deblurring, configs/tasks/nonlinear_deblur_config.yaml (σ 0.01)`,
  },
]

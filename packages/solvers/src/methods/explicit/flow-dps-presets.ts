import type { Preset } from '../preset.ts'

const from =
  'FlowDPS-Inverse/FlowDPS 8361843: solve.py (28 steps, step_size 15, σ 0.03), sd3_sampler.py (3 iterations, shift 4'
const task = (compare: 'pinv' | 'adjoint') =>
  ({ steps: 28, scale: 15, innerSteps: 3, loss: 'norm', compare, shift: 4 }) as const
const latents = 'steps of 15 are of latents of Stable Diffusion 3, through its decoder'

/** The authors' for pictures of 768×768 by Stable Diffusion 3. */
export const flowDpsPresets: readonly Preset[] = [
  {
    name: 'sd3-sr12',
    noise: 'gaussian:0.03',
    settings: task('pinv'),
    from: `${from}, means of 12×12, A⁺ of both sides); ${latents}`,
  },
  {
    name: 'sd3-deblur',
    noise: 'gaussian:0.03',
    settings: task('adjoint'),
    from: `${from}, Aᵀ of both sides); ${latents}`,
  },
]

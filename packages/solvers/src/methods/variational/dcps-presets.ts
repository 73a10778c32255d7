import type { Preset } from '../preset.ts'

/** The authors' settings. */
export const dcpsPresets: readonly Preset[] = [
  {
    name: 'ffhq',
    noise: 'gaussian:0.01',
    settings: { steps: 300, blocks: 3, langevinSteps: 5, langevinStep: 1e-3, fitSteps: 2, learningRate: 1.5 },
    from: 'github.com/Badr-MOUFAD/dcps, demo_imges.py (n_steps 300, L = 4, langevin_steps 5, gamma 1e-3, SGD, gradient_steps 2, learning_rate 1.5, std 0.01)',
  },
]

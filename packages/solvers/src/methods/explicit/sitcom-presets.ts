import type { Preset } from '../preset.ts'

const script =
  'github.com/sjames40/SITCOM README.md and SITCOM_with_noise.py: n_step 20, num_steps 30, learning_rate 0.02, noiselevel 0.05, x̂₀ clamped; '

/** The tasks of the authors' configurations: name, operator of ours, file. */
const tasks = [
  ['sr4', 'sr:4,filter=bicubic', 'super_resolution_config.yaml'],
  ['deblur', 'blur:size=61,std=3,boundary=reflect', 'gaussian_deblur_config.yaml'],
  ['motion-deblur', 'motion-blur:size=61,intensity=0.5,boundary=reflect', 'motion_deblur_config.yaml'],
  ['phase-retrieval', 'phase-retrieval:2', 'phase_retrieval_config.yaml'],
] as const

/** SITCOM's settings for images of 256² in [−1, 1]. */
export const sitcomPresets: readonly Preset[] = tasks.map(([name, operator, file]) => ({
  name: `ffhq-${name}`,
  operator,
  noise: 'gaussian:0.05',
  settings: { steps: 20, innerSteps: 30, learningRate: 0.02, clip: [-1, 1] },
  from: `${script}configs/${file}`,
}))

import type { Preset } from '../preset.ts'

/** The authors' configuration for CelebA at 64×64. */
export const snipsPresets: readonly Preset[] = ['sr:2', 'sr:4', 'blur:size=5,std=10,boundary=zero'].map(
  (operator, i) => ({
    name: `celeba64-${['sr2', 'sr4', 'deblur-gauss'][i]}`,
    operator,
    noise: 'gaussian:0.2',
    settings: { steps: 500, spacing: 'log-snr', innerSteps: 5, stepSize: 0.033 },
    from:
      'github.com/bahjat-kawar/snips_torch configs/celeba.yml: num_classes 500, n_steps_each 5, step_lr 3.3e-6 over ' +
      'sigma_end² = 1e-4; main.py: sigma_0 0.1, its default, for [0, 1], doubled',
  }),
)

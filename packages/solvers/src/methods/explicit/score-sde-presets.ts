import type { Preset } from '../preset.ts'

/** The authors' commands, for MRI and for CT. */
export const scoreSdePresets: readonly Preset[] = (
  [
    ['brats-mri', 1, 0.517],
    ['lidc-ct', 0.841, 0.246],
    ['ldct-ct', 0.72, 0.4],
  ] as const
).map(([name, lambda, snr]) => ({
  name,
  settings: { steps: 1000, lambda, snr, corrections: 1 },
  from: 'coeff and snr in the commands of the repository; N = 1000 there',
}))

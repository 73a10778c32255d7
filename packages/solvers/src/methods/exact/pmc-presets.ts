import type { Preset } from '../preset.ts'

const repository = 'github.com/sunyumark/PnP-MonteCarlo configs/'

/** One task of the authors, fixed and annealed, by the score at x (red) and after the data step (pnp). */
const task = (
  { name, folder, noise }: { readonly name: string; readonly folder: string; readonly noise: string },
  {
    stepSize,
    sigmaMin,
    weight,
    repeats,
  }: Record<'stepSize' | 'sigmaMin' | 'weight', number> & {
    readonly repeats: { readonly annealing: number; readonly fixed: number }
  },
): readonly Preset[] =>
  (['red', 'pnp'] as const).flatMap((form) =>
    (['annealing', 'fixed'] as const).map((how) => ({
      name: `${name}-${form}${how === 'fixed' ? '-fixed' : ''}`,
      noise,
      settings: {
        steps: 1000,
        repeats: repeats[how],
        form,
        stepSize,
        weight,
        sigmaMin,
        ...(how === 'fixed' ? { sigmaMax: sigmaMin, decay: 1 } : { sigmaMax: 348, decay: 0.99 }),
      },
      from:
        `${repository}${folder.replace('FORM', form)}_${how}.yaml: gamma ${stepSize}, alpha ${weight}, min_sigma ${sigmaMin}, ` +
        `tmax ${1000 * repeats[how]}, for images in [−1, 1] as here`,
    })),
  )

/** PMC's settings for images of 256². */
export const pmcPresets: readonly Preset[] = [
  ...task(
    { name: 'cs0.1', folder: 'compressed_sensing/pmcFORM_cs_ratio=0.1', noise: 'gaussian:0.01' },
    { stepSize: 1e-5, sigmaMin: 0.015, weight: 4444, repeats: { annealing: 4, fixed: 10 } },
  ),
  ...task(
    { name: 'cs0.3', folder: 'compressed_sensing/pmcFORM_cs_ratio=0.3', noise: 'gaussian:0.01' },
    { stepSize: 1e-5, sigmaMin: 0.009, weight: 12345, repeats: { annealing: 3, fixed: 10 } },
  ),
  ...task(
    { name: 'mri32', folder: 'radial_mri/pmcFORM_mri_lines=32', noise: 'gaussian:0.00707' },
    { stepSize: 5e-6, sigmaMin: 0.01, weight: 10000, repeats: { annealing: 5, fixed: 10 } },
  ),
]

import type { Preset } from '../preset.ts'

const repository = 'github.com/HJ-harry/DDS '
const same =
  'main.py: T_sampling 50, CG_iter 5, gamma 1, eta 0.85, uniform1d, acc_factor 4, center_fraction 0.08; sigma_y is 0.01 as theirs, in the units of their data'

/** The authors' scripts, for MRI and for CT. */
export const ddsPresets: readonly Preset[] = [
  {
    name: 'fastmri-multicoil',
    operator: 'multicoil-mri:acceleration=4,centre=0.08,image=complex',
    noise: 'gaussian:0.01',
    settings: { steps: 50, spacing: 'ddim', iterations: 5, gamma: 1, eta: 0.85 },
    from: `${repository}eval_MRI_multi.sh (their coil maps come with the data) and ${same}`,
  },
  {
    name: 'aapm-sparse-view-ct',
    operator: 'tomography:angles=8',
    noise: 'gaussian:0.01',
    settings: { steps: 50, spacing: 'ddim', iterations: 5, gamma: 1, eta: 0.85 },
    from: `${repository}eval_SVCT_2d.sh (8 views) and ${same}`,
  },
]

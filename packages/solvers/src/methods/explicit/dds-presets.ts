import type { Preset } from '../preset.ts'

const repository = 'github.com/HJ-harry/DDS '
const same =
  'main.py: T_sampling 50, CG_iter 5, gamma 1, eta 0.85; sigma_y is 0.01 as theirs, in the units of their data'

/** The authors' scripts, for MRI and for CT. */
export const ddsPresets: readonly Preset[] = [
  {
    name: 'fastmri-multicoil',
    noise: 'gaussian:0.01',
    settings: { steps: 50, spacing: 'ddim', iterations: 5, gamma: 1, eta: 0.85 },
    from: `${repository}eval_MRI_multi.sh (uniform1d, acceleration 4) and ${same}`,
  },
  {
    name: 'aapm-sparse-view-ct',
    noise: 'gaussian:0.01',
    settings: { steps: 50, spacing: 'ddim', iterations: 5, gamma: 1, eta: 0.85 },
    from: `${repository}eval_SVCT_2d.sh (8 views) and ${same}`,
  },
]

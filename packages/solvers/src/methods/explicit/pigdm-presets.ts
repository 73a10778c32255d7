import type { Preset } from '../preset.ts'

/** The configuration of RED-diff's authors for it. */
export const pigdmPresets: readonly Preset[] = [
  {
    name: 'red-diff',
    noise: 'none',
    settings: { steps: 50, eta: 0, coefficient: 'repository' },
    from:
      'NVlabs/RED-diff: _configs/algo/pgdm.yaml (eta 0, grad_term_weight 1, sigma_y 0), _configs/exp/default.yaml ' +
      '(num_steps 50). It starts from the noised A⁺y, which is not taken over',
  },
]

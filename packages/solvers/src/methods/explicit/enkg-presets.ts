import type { Preset } from '../preset.ts'

/** Those of the authors' configuration file. */
export const enkgPresets: readonly Preset[] = [
  {
    name: 'navier-stokes',
    settings: { steps: 80, particles: 2048, updates: 2, scale: 2, leastScale: 1, before: 0.05, after: 0.05 },
    from: 'devzhk/enkg-pytorch: configs/algorithm/enkg.yaml (lr_min_ratio 0 keeps the scale, as leastScale 1 here)',
  },
  {
    name: 'black-hole',
    settings: {
      steps: 80,
      particles: 1024,
      updates: 1,
      scale: 3.5,
      leastScale: 0.001,
      before: 0.1,
      after: 0.1,
    },
    from: 'devzhk/enkg-pytorch: configs/algorithm/enkg.yaml, the commented part for black holes; its last scale is 0.001 itself',
  },
]

import type { Preset } from '../preset.ts'

/** Those of the authors' configuration files. */
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
  {
    name: 'inversebench',
    settings: { steps: 80, particles: 2048, updates: 2, scale: 2, leastScale: 1, before: 0, after: 0 },
    from: 'devzhk/InverseBench b113d67: configs/algorithm/enkg.yaml; algo/enkg.py takes threshold 0.1 for a number of steps, so all but the first are guided, and an ODE step for each 8 that are left, not 4',
  },
]

import type { Preset } from '../preset.ts'

/** Those of the two repositories of its authors. */
export const dpsGsgPresets: readonly Preset[] = [
  {
    name: 'navier-stokes',
    settings: { steps: 1000, queries: 1024, mu: 0.01, scheme: 'central', scale: 0.01 },
    from: 'devzhk/enkg-pytorch: configs/algorithm/dps_gsg.yaml, the VP SDE',
  },
  {
    name: 'inversebench',
    settings: { steps: 1000, spacing: 'karras', queries: 2048, mu: 0.01, scheme: 'central', scale: 0.1 },
    from: 'devzhk/InverseBench b113d67: configs/algorithm/dps_gsg.yaml (schedule linear, poly-7), for a prior that explodes in variance: there ζ is in units of x_t = x₀ + σε',
  },
]

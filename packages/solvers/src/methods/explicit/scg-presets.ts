import type { Preset } from '../preset.ts'

/** The authors' for rules of music, and those of InverseBench. */
export const scgPresets: readonly Preset[] = [
  {
    name: 'music',
    settings: { steps: 1000, candidates: 16, from: 0.25 },
    from: 'yjhuangcd/rule-guided-music 8ab4fa7: scripts/configs/cond_table/single/scg/*.yml (num_samples 16, t_start 750, t_end 0)',
  },
  {
    name: 'inversebench',
    settings: { steps: 1000, candidates: 512, from: 0.25 },
    from: 'devzhk/InverseBench b113d67: configs/algorithm/scg.yaml; for Navier–Stokes',
  },
]

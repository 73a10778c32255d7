import type { Preset } from '../preset.ts'

const repository = 'github.com/zacmar/dps-benchmark dps.py, K = 40, η from eta_initial to 0.1 after K // 5'

/** DPnP's settings on signals of 64 numbers; η₀ is tuned there for each task. */
export const dpnpPresets: readonly Preset[] = [
  { name: 'levy', settings: { steps: 40, eta0: 1, etaMin: 0.1, variance: 'large' }, from: repository },
]

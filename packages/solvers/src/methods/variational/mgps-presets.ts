import type { Preset } from '../preset.ts'

const from = 'github.com/YazidJanati/mgps, configs/experiments/sampler/mgps.yaml: '

/** The authors' settings. */
export const mgpsPresets: readonly Preset[] = [
  {
    name: 'ffhq',
    settings: { steps: 300, alpha: 0.5, fitSteps: 2, longSteps: 20, longFirst: 5, longEvery: 10, warm: 0.3 },
    from: `${from}ffhq (2 and 20 updates, rate 3e-2, threshold 700); i counts down there, so that its i >= n_steps - 5 is the beginning`,
  },
  {
    name: 'gmm',
    settings: { steps: 300, learningRate: 0.1, longSteps: 20, longFirst: 10, longEvery: 10, warm: 0 },
    from: `${from}gmm (rate 1e-1, 20 updates in the first 10 steps and in every 10th, threshold 2000: no second fit)`,
  },
]

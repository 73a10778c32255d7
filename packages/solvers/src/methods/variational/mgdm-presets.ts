import type { Preset } from '../preset.ts'

const from = 'github.com/badr-moufad/mgdm, configs/experiments/sampler/mgdm.yaml: '

/** The authors' settings. */
export const mgdmPresets: readonly Preset[] = [
  {
    name: 'ffhq',
    settings: { steps: 100, fitSteps: 5, longSteps: 20, longPart: 0.3, learningRate: 0.03, firstRate: 0.01 },
    from: `${from}ffhq (5 updates, 20 in the last 30 of 100 steps)`,
  },
  {
    name: 'imagenet',
    settings: { steps: 100, fitSteps: 5, longSteps: 20, longPart: 0.3, learningRate: 0.03, firstPart: 0 },
    from: `${from}imagenet (the same with one rate)`,
  },
]

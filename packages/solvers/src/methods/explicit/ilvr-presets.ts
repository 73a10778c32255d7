import type { Preset } from '../preset.ts'

/** The README's numbers, at the factors of the paper. */
export const ilvrPresets: readonly Preset[] = ([4, 8, 16, 32] as const).map((factor) => ({
  name: `ffhq-sr${factor}`,
  operator: `sr:${factor}`,
  noise: 'none',
  settings: { steps: 100, range: 20, variance: 'learned-range' },
  from: "the repository's README: timestep_respacing 100, range_t 20, learn_sigma; paper §4: N = 4, 8, 16, 32",
}))

import type { Preset } from '../preset.ts'

/** The authors' configuration for faces. */
export const repaintPresets: readonly Preset[] = [
  {
    name: 'faces',
    operator: 'inpaint',
    noise: 'none',
    settings: { steps: 250, jump: 10, repeats: 10, variance: 'learned-range' },
    from: 'confs/face_example.yml of the repository: t_T 250, jump_length 10, jump_n_sample 10, learn_sigma true',
  },
]

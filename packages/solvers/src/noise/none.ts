import { defineNoise } from './define.ts'

/** No noise: y is the clean measurement, and σ_y = 0. */
export const noNoise = defineNoise({
  name: 'none',
  summary: 'no noise',
  example: 'none',
  options: {},
  law: () => ({ sigma: 0, sample: (_, clean) => clean.reshape(clean.shape) }),
})

import { choice, integer, number } from '../options/index.ts'
import type { ResamplerName } from '../particles/index.ts'
import { resamplers } from '../particles/index.ts'

const names = Object.keys(resamplers) as [ResamplerName, ...ResamplerName[]]

/** The options of a method of sequential Monte Carlo, with its own defaults. */
export const particleOptions = (particles: number, resampler: ResamplerName, threshold = 1) => ({
  particles: integer('K, particles for each sample', { default: particles, min: 1 }),
  resampler: choice('who draws ancestors', names, resampler),
  threshold: number('ancestors are drawn below this part of K in effective sample size; 0 never, 1 always', {
    default: threshold,
    min: 0,
    max: 1,
  }),
})

export type { Guidance, Guided } from './guided.ts'
export type { Likelihood } from './likelihood.ts'
export { byScore, dpsLikelihood, scaled } from './likelihood.ts'

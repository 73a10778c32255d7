export { conditioned } from './conditioned.ts'
export { exactLikelihood } from './exact.ts'
export type { AtStep, Guidance, Guided } from './guided.ts'
export { needStep } from './guided.ts'
export type { Likelihood } from './likelihood.ts'
export { byScore, dpsLikelihood, scaled } from './likelihood.ts'
export type { LinearisedOperator } from './linearised.ts'
export { linearisedAt } from './linearised.ts'
export type { MomentOptions } from './moments.ts'
export { momentLikelihood } from './moments.ts'
export type { OptimalCovarianceOptions } from './optimal-covariance.ts'
export {
  analyticVariance,
  convertedVariance,
  optimalCovarianceLikelihood,
} from './optimal-covariance.ts'
export type { PseudoInverseOptions } from './pseudo-inverse.ts'
export { lacksInverse, pseudoInverseLikelihood, pseudoInverseSpread } from './pseudo-inverse.ts'

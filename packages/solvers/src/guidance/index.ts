export { decoded, hostParameter, isPrior, priorOnUnknown } from './blind.ts'
export { conditioned } from './conditioned.ts'
export { downhillOf } from './downhill.ts'
export { exactLikelihood } from './exact.ts'
export type { AtStep, Guidance, Guided } from './guided.ts'
export { keepingNoise, needStep } from './guided.ts'
export type { Solving } from './inverse.ts'
export { regularisedInverse } from './inverse.ts'
export { agreeingLatent } from './latent-consistency.ts'
export type { LatentLook } from './latent-look.ts'
export { latentLookAt } from './latent-look.ts'
export { spreadAt } from './latent-spread.ts'
export type { Likelihood } from './likelihood.ts'
export { byScore, dpsLikelihood, scaled } from './likelihood.ts'
export type { LinearisedOperator } from './linearised.ts'
export { linearisedAt } from './linearised.ts'
export type { LossGuidedOptions } from './loss-guided.ts'
export { lossGuidedLikelihood } from './loss-guided.ts'
export type { Measured } from './measured.ts'
export { measuredIn } from './measured.ts'
export type { MomentOptions } from './moments.ts'
export { momentLikelihood } from './moments.ts'
export { nullSpace } from './null-space.ts'
export type { OptimalCovarianceOptions } from './optimal-covariance.ts'
export {
  analyticVariance,
  convertedVariance,
  optimalCovarianceLikelihood,
} from './optimal-covariance.ts'
export type { PseudoInverseOptions } from './pseudo-inverse.ts'
export {
  lacksInverse,
  pseudoInverseLikelihood,
  pseudoInverseSpread,
} from './pseudo-inverse.ts'
export type { ScaleForm, TriedScale } from './scale.ts'
export { scaleAdvice, scaleSteps, scoreWeight, stepScale, zetaOf } from './scale.ts'
export { shotRelative, shotWeighted } from './shot-noise.ts'
export type { StateGradientOptions } from './state-gradient.ts'
export { stateGradient } from './state-gradient.ts'
export type { Told } from './told.ts'
export { classOption, embeddingOf, labelOf, toldAt, withoutClassifier } from './told.ts'
export { uninformedLikelihood, uninformedScore } from './uninformed.ts'

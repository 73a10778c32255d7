export type { AdamOptions, AdamState, AdamWOptions } from './adam.ts'
export { adam, adamW } from './adam.ts'
export { cloneTree, updateAverage } from './average.ts'
export { clipByGlobalNorm } from './clip.ts'
export type {
  CurvaturePair,
  Lbfgs,
  LbfgsOptions,
  LbfgsReason,
  LbfgsResult,
  LbfgsState,
  LbfgsUpdate,
} from './lbfgs.ts'
export { lbfgs, lbfgsDirection, restoreLbfgsState } from './lbfgs.ts'
export type { LinePoint, LineSearchOptions, LineSearchResult } from './line-search.ts'
export { strongWolfe, wolfeTrials } from './line-search.ts'
export type { LearningRate, Optimizer, OptimizerState } from './optimizer.ts'
export type { RateRamp, RateSchedule } from './schedules.ts'
export { constantRate, cosineRate, linearRate, warmUp } from './schedules.ts'
export type { MomentumOptions, SgdOptions } from './sgd.ts'
export { sgd } from './sgd.ts'
export type { SavedState } from './state.ts'
export { restoreState, saveState } from './state.ts'

export { breathe } from './breathe.ts'
export type { DdimSamplerOptions, SamplerStrategy } from './ddim-map.ts'
export { ddimSampler } from './ddim-map.ts'
export type { Iteration, Plan, RunControl } from './drive.ts'
export { iterate, run } from './drive.ts'
export { invertDdimStep } from './reversible.ts'
export type { RenoiseStep, ReverseStep } from './steps.ts'
export {
  combine,
  conditionalMean,
  ddimStep,
  ddpmStep,
  forwardTransition,
  predictedNoise,
  renoiseStep,
} from './steps.ts'
export type { NoiseStreams } from './streams.ts'
export { noiseStreams } from './streams.ts'
export type { UnconditionalOptions, UnconditionalStep } from './unconditional.ts'
export { sampleUnconditional } from './unconditional.ts'

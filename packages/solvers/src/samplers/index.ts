export type { DdimSamplerOptions, SamplerStrategy } from './ddim-map.ts'
export { ddimSampler } from './ddim-map.ts'
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
export type { UnconditionalOptions, UnconditionalStep } from './unconditional.ts'
export { sampleUnconditional } from './unconditional.ts'

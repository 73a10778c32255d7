export type { Iteration, Plan, RunControl } from './drive.ts'
export { iterate, run } from './drive.ts'
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

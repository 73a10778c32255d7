export type { AncestralLook, AncestralStep, AncestralVariance } from './ancestral.ts'
export { ancestral, ancestralLook, ancestralReverse } from './ancestral.ts'
export type { Bridge, BridgeStep } from './bridge.ts'
export { bridge, bridgeLaw } from './bridge.ts'
export { samplers } from './catalog.ts'
export type { ChurnOptions } from './churn.ts'
export { churned } from './churn.ts'
export type { DdimSamplerOptions, SamplerStrategy, SamplerWithinOptions } from './ddim-map.ts'
export { ddimSampler, samplerWithin } from './ddim-map.ts'
export type { DpmMemory } from './dpm-solver.ts'
export { dpmSolver } from './dpm-solver.ts'
export { flowVelocity } from './flow-velocity.ts'
export type { IntegratorOptions } from './integrate.ts'
export { euler, heun } from './integrate.ts'
export type { Kernel } from './kernel.ts'
export { ddim, ddpm, noisedTo, noiseUp, renoise } from './kernel.ts'
export type { AnnealedLangevinOptions, CorrectorOptions } from './langevin.ts'
export { annealedLangevin, langevinStep, predictorCorrector } from './langevin.ts'
export type { PipelineOptions } from './pipeline.ts'
export { pipelineDdim, pipelineDdpm, samplePipeline } from './pipeline.ts'
export { invertDdimStep } from './reversible.ts'
export type { SampleOptions } from './sample-from.ts'
export { sampleFrom } from './sample-from.ts'
export type { Sampled, Sampler, SamplerStep } from './sampler.ts'
export { byKernel } from './sampler.ts'
export type { DdpmVariance, RenoiseStep, ReverseStep } from './steps.ts'
export {
  combine,
  ddimNoise,
  ddimStep,
  ddpmNoise,
  ddpmStep,
  forwardTransition,
  predictedNoise,
  renoiseStep,
} from './steps.ts'
export type { UnconditionalOptions, UnconditionalStep } from './unconditional.ts'
export { sampleUnconditional } from './unconditional.ts'

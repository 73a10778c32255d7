export { lineages } from './ancestry.ts'
export type { Anneal, Annealing } from './annealing.ts'
export { annealing } from './annealing.ts'
export type { BasisVector, DriftControl } from './basis.ts'
export type { Controlled, Potentials } from './control.ts'
export { energyControl, varianceControl } from './control.ts'
export type { FilterKernel, FilterRun } from './path-filter.ts'
export { pathFilter } from './path-filter.ts'
export type { ParticleWeights, Population, PopulationOptions, Resampled } from './population.ts'
export { population } from './population.ts'
export type { RepulsionOptions } from './repulsion.ts'
export { repulsion } from './repulsion.ts'
export type { Resampler, ResamplerName } from './resample.ts'
export {
  multinomialResampling,
  resamplers,
  residualResampling,
  stratifiedResampling,
  systematicResampling,
} from './resample.ts'
export type { Found, Particles, Shared, SmcMoves, SmcRun, SmcShown, SmcState } from './smc.ts'
export { populationOf, smcPlan } from './smc.ts'
export type { Quadratic, Tilt } from './tilt.ts'
export { tiltOf } from './tilt.ts'
export type { WeightedOptions, WeightedRun } from './weighted-diffusion.ts'
export { weightedDiffusion } from './weighted-diffusion.ts'
export type { NormalisedWeights, WeightFault } from './weights.ts'
export { DegenerateWeightsError, evidenceIncrement, normaliseWeights } from './weights.ts'

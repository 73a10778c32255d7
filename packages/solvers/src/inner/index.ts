export type { BlindGaussian, SpectralBlind } from './blind-langevin.ts'
export { atEachParameter, blindLangevin } from './blind-langevin.ts'
export type { StepSize } from './chain.ts'
export type { Descent, DescentOptions, LbfgsDescent, SampleObjective } from './descent.ts'
export { descent, lbfgsDescent } from './descent.ts'
export type { BoundDraws, WeightedTime } from './evidence-bound.ts'
export { boundTime, evidenceBound, timeLaws } from './evidence-bound.ts'
export type { Chains, HmcOptions, MalaOptions, PhasePoint, Potential } from './hmc.ts'
export { hmc, leapfrog, mala, potentialOf } from './hmc.ts'
export type { LangevinOptions } from './langevin.ts'
export { langevin } from './langevin.ts'
export type { NoiseRange } from './noise-range.ts'
export { noiseRange } from './noise-range.ts'
export type { FlowLogDensity, ProbabilityFlowOptions } from './probability-flow.ts'
export {
  flowEvaluations,
  flowLogDensity,
  flowLogDensityGradient,
  flowSolvers,
  traces,
} from './probability-flow.ts'
export type { LinearGaussian, ProximalNoise, ProximalOptions } from './proximal.ts'
export { dampedInverse, proximal, proximalDraw } from './proximal.ts'
export type { ReverseOdeOptions, ReverseSdeOptions } from './reverse-ode.ts'
export { reverseOde, reverseSde, reverseTimes } from './reverse-ode.ts'
export type {
  AdaptiveOptions,
  AdaptiveResult,
  OdeState,
  OdeStep,
  Slope,
  Tableau,
} from './runge-kutta.ts'
export { dormandPrince, evenSteps, rungeKuttaStep, tableaus } from './runge-kutta.ts'
export { spectralGain } from './spectral-gain.ts'
export type { SpectralMeasurement } from './spectral-move.ts'
export { correlation, spectralMove, spectralStart } from './spectral-move.ts'

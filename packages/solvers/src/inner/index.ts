export type { AncestralDrawOptions } from './ancestral-draw.ts'
export { ancestralDraw } from './ancestral-draw.ts'
export type { BlindGaussian, SpectralBlind } from './blind-langevin.ts'
export { atEachParameter, blindLangevin } from './blind-langevin.ts'
export type { StepSize } from './chain.ts'
export { coupledGradient, measuredScore } from './coupled.ts'
export { covarianceDraw } from './covariance-draw.ts'
export type { Decoupled, DecoupledChain, Estimate } from './decoupled.ts'
export { decoupledChain, decoupledGaussian, estimateOf } from './decoupled.ts'
export type { DecoupledKernel } from './decoupled-kernel.ts'
export { decoupledKernel, decoupledProposal } from './decoupled-kernel.ts'
export type { Descent, DescentOptions, SampleObjective } from './descent.ts'
export { descent } from './descent.ts'
export type { Stop, StopRule, StopState, VarianceState } from './early-stop.ts'
export { discrepancyRule, varianceRule } from './early-stop.ts'
export type { BoundDraws, WeightedTime } from './evidence-bound.ts'
export { boundTime, evidenceBound, timeLaws } from './evidence-bound.ts'
export type { DiagonalGaussian, GaussianFitOptions, RoundGaussian } from './gaussian-fit.ts'
export { fitOptimizers, gaussianFit } from './gaussian-fit.ts'
export type { Generated, GeneratorOptions, LatentMap } from './generator.ts'
export { generatorEvaluations, generatorPast, generatorThrough } from './generator.ts'
export type { Chains, HmcOptions, MalaOptions, PhasePoint, Potential } from './hmc.ts'
export { hmc, leapfrog, mala, potentialOf } from './hmc.ts'
export type { Kept } from './kept.ts'
export { keptNone, keptSpread, keptWith } from './kept.ts'
export type { LangevinOptions } from './langevin.ts'
export { langevin } from './langevin.ts'
export type { LatentDescent, LatentPoint, LatentState, Stopping } from './latent-descent.ts'
export { askRule, beginRule, latentDescent, latentObjective } from './latent-descent.ts'
export type { LbfgsRow, LbfgsStepsOptions, LbfgsStepsState } from './lbfgs-steps.ts'
export { lbfgsSteps } from './lbfgs-steps.ts'
export { linearisedDraw } from './linearised-draw.ts'
export type { MomentumOptions } from './momentum.ts'
export { momentumChain } from './momentum.ts'
export type { NoiseRange } from './noise-range.ts'
export { noiseRange } from './noise-range.ts'
export type { Observed } from './observed.ts'
export { logNormal, observedDensity, observedDraw, seenScale, seenValue } from './observed.ts'
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
export type { AdamStepsState, Evaluated, Stepped, StepwiseOptimizer } from './stepwise.ts'
export { adamSteps } from './stepwise.ts'
export { tamedLangevin } from './tamed-langevin.ts'

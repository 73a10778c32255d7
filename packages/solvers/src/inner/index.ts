export type { StepSize } from './chain.ts'
export type {
  AdamDescent,
  AdamDescentOptions,
  LbfgsDescent,
  LbfgsDescentOptions,
  SampleObjective,
} from './descent.ts'
export { adamDescent, lbfgsDescent } from './descent.ts'
export type { Chains, HmcOptions, MalaOptions, PhasePoint, Potential } from './hmc.ts'
export { hmc, leapfrog, mala, potentialOf } from './hmc.ts'
export type { LangevinOptions } from './langevin.ts'
export { langevin } from './langevin.ts'
export type { LinearGaussian, ProximalNoise, ProximalOptions } from './proximal.ts'
export { proximal, proximalDraw } from './proximal.ts'
export type { ReverseOdeOptions } from './reverse-ode.ts'
export { reverseOde, reverseTimes } from './reverse-ode.ts'
export { spectralGain } from './spectral-gain.ts'

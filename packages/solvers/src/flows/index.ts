export type {
  CouplingParams,
  DenseLayer,
  FlowForward,
  FlowInverse,
  RealNvp,
  RealNvpOptions,
  RealNvpParams,
} from './realnvp.ts'
export { realNvp } from './realnvp.ts'

import type { PrimitiveName } from '../../primitives.ts'
import { primitiveNames } from '../../primitives.ts'
import { composedPlanners } from './composed.ts'
import { contractPlanners } from './contract.ts'
import { elementwisePlanners } from './elementwise.ts'
import { epiloguePlanners } from './epilogue.ts'
import { movePlanners } from './move.ts'
import type { Planner } from './program.ts'
import { reducePlanners } from './reduce.ts'

/** For each primitive its kernels, or `none`: there is no other way to run one on this device. */
export const gpuKernels: { readonly [P in PrimitiveName]: Planner<P> | 'none' } = {
  ...elementwisePlanners,
  ...reducePlanners,
  ...contractPlanners,
  ...movePlanners,
  ...composedPlanners,
  ...epiloguePlanners,
  argmax: 'none',
  cumsum: 'none',
  gather: 'none',
  scatterAdd: 'none',
  groupNorm: 'none',
  groupNormGradInput: 'none',
  groupNormGradAffine: 'none',
  groupNormGrad: 'none',
  // Views run in the dispatcher; a device never sees them.
  reshape: 'none',
  transpose: 'none',
  slice: 'none',
  broadcastTo: 'none',
}

export const coveredPrimitives: readonly PrimitiveName[] = primitiveNames.filter(
  (name) => gpuKernels[name] !== 'none',
)

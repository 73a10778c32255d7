import type { PrimitiveName } from '../../primitives.ts'
import { primitiveNames } from '../../primitives.ts'
import { attentionPlanners } from './attention.ts'
import { composedPlanners } from './composed.ts'
import { contractPlanners } from './contract.ts'
import { elementwisePlanners } from './elementwise.ts'
import { epiloguePlanners } from './epilogue.ts'
import { indexingPlanners } from './indexing.ts'
import { movePlanners } from './move.ts'
import { normalisePlanners } from './normalise.ts'
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
  ...attentionPlanners,
  ...indexingPlanners,
  ...normalisePlanners,
  // Views run in the dispatcher; a device never sees them.
  reshape: 'none',
  transpose: 'none',
  slice: 'none',
  broadcastTo: 'none',
}

export const coveredPrimitives: readonly PrimitiveName[] = primitiveNames.filter(
  (name) => gpuKernels[name] !== 'none',
)

/** Primitives whose results may be whole numbers that no float holds, of numbers that floats do hold. */
export const growing: ReadonlySet<PrimitiveName> = new Set<PrimitiveName>([
  'add',
  'sub',
  'mul',
  'affine',
  'reduceSum',
  'cumsum',
  'scatterAdd',
])

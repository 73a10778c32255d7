import type { PrimitiveName } from '../primitives.ts'
import { attentionKernels } from './attention/kernels.ts'
import { convKernelTable } from './conv/kernels.ts'
import { elementwiseKernels } from './elementwise/kernels.ts'
import { copyKernels } from './move/copy.ts'
import { groupNormKernels } from './normalise/group-norm.ts'
import { softmaxKernels } from './normalise/softmax.ts'
import { matmulKernels } from './product/kernels.ts'
import { reduceKernels } from './reduce/kernels.ts'
import { scanKernels } from './reduce/scan.ts'
import type { WasmKernel } from './runtime/kernel.ts'

/** Views, which never reach a device. */
const onReference = {
  reshape: 'reference',
  transpose: 'reference',
  slice: 'reference',
  broadcastTo: 'reference',
} as const

/** What runs each primitive: a kernel of this device, or by name the reference loops. */
export const kernelTable: { readonly [P in PrimitiveName]: WasmKernel<P> | 'reference' } = {
  ...onReference,
  // families
  ...elementwiseKernels,
  ...reduceKernels,
  ...copyKernels,
  ...groupNormKernels,
  ...scanKernels,
  ...softmaxKernels,
  ...attentionKernels,
  ...matmulKernels,
  ...convKernelTable,
}

import type { PrimitiveName } from '../primitives.ts'
import { attentionKernels } from './attention.ts'
import { convKernelTable } from './conv.ts'
import { copyKernels } from './copy.ts'
import { elementwiseKernels } from './elementwise.ts'
import { groupNormKernels } from './group-norm.ts'
import type { WasmKernel } from './kernel.ts'
import { matmulKernels } from './matmul.ts'
import { reduceKernels } from './reduce.ts'
import { scanKernels } from './scan.ts'
import { softmaxKernels } from './softmax.ts'

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

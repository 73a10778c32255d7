import type { PrimitiveName } from '../primitives.ts'
import { elementwiseKernels } from './elementwise.ts'
import { conv2d } from './conv.ts'
import type { WasmKernel } from './kernel.ts'
import { matmul } from './matmul.ts'

/** Primitives that run as reference loops on the device's memory, and views, which never reach a device. */
const onReference = {
  gather: 'reference',
  scatterAdd: 'reference',
  cumsum: 'reference',
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
  pow: 'reference',
  reduceSum: 'reference', reduceMax: 'reference', reduceMin: 'reference', argmax: 'reference',
  pad: 'reference', concat: 'reference', contiguous: 'reference',
  groupNorm: 'reference', groupNormGradInput: 'reference', groupNormGradAffine: 'reference',
  matmul,
  conv2d,
}

import { expect } from 'vitest'
import { allocateHost } from '../dtype.ts'
import type { PrimitiveParams } from '../primitives.ts'
import { resultOf } from '../primitives.ts'
import type { HostView } from '../reference/index.ts'
import { referenceKernels } from '../reference/index.ts'
import { sizeOf } from '../shape.ts'
import { compare, mismatch } from './oracle.test.helper.ts'
import type { WasmKernels } from './runtime/kernel.ts'

/**
 * Checks a contraction of `depth` terms against the reference, to within the rounding of any order of
 * summation: |error| ≤ depth·2⁻²⁴·Σ|terms| (Higham, Accuracy and Stability of Numerical Algorithms, §3.1).
 * The sum of absolute terms is the same contraction of absolute values; broadcast inputs make it large.
 */
export function checkContraction<P extends 'matmul' | 'conv2d'>(
  kernels: WasmKernels,
  primitive: P,
  inputs: readonly HostView[],
  params: PrimitiveParams[P],
  depth: number,
): void {
  const { shape, dtype } = resultOf(primitive, inputs, params)
  const data = allocateHost(dtype, sizeOf(shape))
  const absolute = inputs.map((x) => ({ ...x, data: x.data.map(Math.abs) }))
  referenceKernels[primitive](absolute, params, { data, dtype, shape })
  const largest = Float64Array.from(data).reduce((most, value) => Math.max(most, value), 0)
  const tolerance = (depth + 2) * 2 ** -24 * largest
  expect(mismatch(compare(kernels, primitive, inputs, params), 0, tolerance)).toBeUndefined()
}

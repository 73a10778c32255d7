import type { KernelCall } from '../device.ts'
import { bytesPerElement } from '../dtype.ts'
import type { PrimitiveName, PrimitiveParams } from '../primitives.ts'
import { isRowMajor, rowMajorStrides, sameShape, sizeOf } from '../shape.ts'
import type { LaneOp } from './elementwise-lanes.ts'
import { laneOps, powers } from './elementwise-lanes.ts'
import type { Walk } from './elementwise-loops.ts'
import { emitElementwise } from './elementwise-loops.ts'
import type { Nest } from './elementwise-nest.ts'
import { collapse, forOuter, stretchedStrides } from './elementwise-nest.ts'
import type { WasmContext, WasmKernel, WasmKernels } from './kernel.ts'
import { addressOf } from './kernel.ts'

/** The result and then the inputs, walked together. */
function nestOf({ inputs, shape }: KernelCall): Nest {
  if (inputs.every((x) => sameShape(x.shape, shape) && isRowMajor(x.shape, x.strides))) {
    return { extents: [sizeOf(shape)], strides: [[1], ...inputs.map(() => [1])] }
  }
  return collapse(shape, [rowMajorStrides(shape), ...inputs.map((x) => stretchedStrides(x, shape))])
}

/** Runs an operation over the call's inputs; `key` names it and its code. */
function run(
  key: string,
  op: LaneOp,
  call: KernelCall,
  scalars: readonly number[],
  out: number,
  context: WasmContext,
): void {
  const nest = nestOf(call)
  const rank = nest.extents.length
  const [, ...strides] = nest.strides
  const walks = strides.map((own): Walk => {
    const step = own[rank - 1]!
    return step === 1 ? 'dense' : step === 0 || nest.extents[rank - 1] === 1 ? 'still' : 'strided'
  })
  const kernel = context.kernels.get(`${key}:${walks.join()}`, (m) => emitElementwise(m, op, walks))
  const inner = [rank - 3, rank - 2, rank - 1]
  const sizes = inner.map((axis) => nest.extents[axis] ?? 1)
  const widths = call.inputs.map((x) => bytesPerElement(x.dtype))
  const bases = call.inputs.map(addressOf)
  const outWidth = bytesPerElement(call.dtype)
  const byteStrides = strides.map((own, k) => inner.map((axis) => (own[axis] ?? 0) * widths[k]!))
  forOuter(nest, Math.max(0, rank - 3), ([at, ...offsets]) => {
    const operands = byteStrides.flatMap((own, k) => [bases[k]! + offsets[k]! * widths[k]!, ...own])
    kernel(out + at! * outWidth, ...sizes, ...operands, ...scalars)
  })
}

/** The entry of a table that takes and gives the element types of the call. */
const fitting = (ops: readonly LaneOp[], call: KernelCall): LaneOp | undefined =>
  ops.find((op) => op.output === call.dtype && op.inputs.every((dtype, i) => call.inputs[i]!.dtype === dtype))

function kernelOf<P extends PrimitiveName>(
  ops: readonly LaneOp[],
  scalars: (params: PrimitiveParams[P]) => readonly number[],
): WasmKernel<P> {
  return (call, out, context) => {
    const op = fitting(ops, call as KernelCall)
    if (op === undefined) return false
    run(
      `${call.primitive}:${op.inputs.join()}>${op.output}`,
      op,
      call as KernelCall,
      scalars(call.params),
      out,
      context,
    )
    return true
  }
}

const plain = Object.fromEntries(
  Object.entries(laneOps).map(([name, ops]) => [name, kernelOf(ops, () => [])]),
) as { [P in keyof typeof laneOps]: WasmKernel<P> }

/**
 * Elementwise primitives on float32 (moves, comparisons, sums also on int32 and bool): any layout, by
 * collapsing axes that all operands walk alike; vectors of four along the innermost one.
 */
export const elementwiseKernels = {
  ...plain,
  affine: kernelOf<'affine'>(laneOps.affine, ({ scale, shift }) => [scale, shift]),
  clamp: kernelOf<'clamp'>(laneOps.clamp, ({ min, max }) => [min, max]),
  powScalar: ((call, out, context) => {
    const op = powers.get(call.params.exponent)
    if (op === undefined || call.dtype !== 'float32') return false
    run(`powScalar:${call.params.exponent}`, op, call, [], out, context)
    return true
  }) satisfies WasmKernel<'powScalar'>,
} satisfies WasmKernels

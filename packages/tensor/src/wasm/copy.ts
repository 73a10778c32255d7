import type { KernelCall, View } from '../device.ts'
import { bytesPerElement } from '../dtype.ts'
import { checkIndices } from '../reference/move.ts'
import type { Shape } from '../shape.ts'
import { isRowMajor, rowMajorStrides, sizeOf } from '../shape.ts'
import type { Width } from './copy-loops.ts'
import {
  emitGather,
  emitRepeat,
  emitRowCopy,
  emitScatterAdd,
  emitStridedCopy,
  emitTranspose,
} from './copy-loops.ts'
import { collapse, forOuter } from './elementwise-nest.ts'
import type { WasmContext, WasmKernel, WasmKernels } from './kernel.ts'
import { addressOf } from './kernel.ts'

/** A strided box of memory: address, and strides in elements. */
interface Place {
  readonly at: number
  readonly strides: readonly number[]
}

/** Copies a box of `shape` from one place to another that does not overlap it. */
export function copyBox(to: Place, from: Place, shape: Shape, width: Width, context: WasmContext): void {
  if (sizeOf(shape) === 0) return
  const { extents, strides } = collapse(shape, [to.strides, from.strides])
  const axes = extents.map((extent, i) => ({ extent, to: strides[0]![i]!, from: strides[1]![i]! }))
  const inner = axes.pop()!
  const one = inner.extent === 1
  const dense = one || (inner.to === 1 && inner.from === 1)
  const bytes = width * inner.extent
  if (dense && axes.length === 0) {
    context.heap.u8.copyWithin(to.at, from.at, from.at + bytes)
    return
  }
  const launch = (kernel: (...args: number[]) => number, ...rest: number[]) => {
    const outer = axes.slice(0, -2)
    const [a, b] = [axes.at(-2), axes.at(-1)]
    const loops = [a?.extent ?? 1, b?.extent ?? 1, (a?.to ?? 0) * width, (b?.to ?? 0) * width]
    const sources = [(a?.from ?? 0) * width, (b?.from ?? 0) * width]
    const nest = {
      extents: outer.map((x) => x.extent),
      strides: [outer.map((x) => x.to), outer.map((x) => x.from)],
    }
    forOuter(nest, outer.length, ([t, s]) =>
      kernel(to.at + t! * width, from.at + s! * width, ...loops, ...sources, ...rest),
    )
  }
  const { kernels } = context
  if (dense) return launch(kernels.get('copy:rows', emitRowCopy), bytes)
  if (width === 4 && inner.to === 1 && inner.from === 0)
    return launch(kernels.get('copy:repeat', emitRepeat), inner.extent)
  const across = width === 4 && inner.to === 1 ? axes.findIndex((axis) => axis.from === 1) : -1
  if (across >= 0) {
    const [row] = axes.splice(across, 1)
    return launch(
      kernels.get('copy:transpose', emitTranspose),
      row!.extent,
      inner.extent,
      4 * row!.to,
      4 * inner.from,
    )
  }
  const strided = kernels.get(`copy:strided${width}`, (m) => emitStridedCopy(m, width))
  launch(strided, inner.extent, inner.to * width, inner.from * width)
}

const widthOf = (view: { dtype: View['dtype'] }): Width => bytesPerElement(view.dtype) as Width

/** Copies the elements of a view to an address, in row-major order. */
export function packTo(at: number, x: View, context: WasmContext): void {
  copyBox(
    { at, strides: rowMajorStrides(x.shape) },
    { at: addressOf(x), strides: x.strides },
    x.shape,
    widthOf(x),
    context,
  )
}

/**
 * Address of the elements of a view in row-major order: their own where they lie so, else that of a copy
 * in the scratch area of that name.
 */
export function packedAddress(x: View, scratch: string, context: WasmContext): number {
  if (isRowMajor(x.shape, x.strides)) return addressOf(x)
  const at = context.heap.scratch(scratch, sizeOf(x.shape) * widthOf(x))
  packTo(at, x, context)
  return at
}

/** Copies `x` into the box of the result that starts at `low`. */
function place(x: View, low: readonly number[], call: KernelCall, out: number, context: WasmContext): void {
  const strides = rowMajorStrides(call.shape)
  const start = low.reduce((at, n, axis) => at + n * strides[axis]!, 0)
  const width = widthOf(x)
  copyBox(
    { at: out + start * width, strides },
    { at: addressOf(x), strides: x.strides },
    x.shape,
    width,
    context,
  )
}

function clear(call: KernelCall, out: number, { heap }: WasmContext): void {
  heap.u8.fill(0, out, out + sizeOf(call.shape) * widthOf(call))
}

const contiguous: WasmKernel<'contiguous'> = (call, out, context) => {
  packTo(out, call.inputs[0]!, context)
  return true
}

const pad: WasmKernel<'pad'> = (call, out, context) => {
  clear(call, out, context)
  place(call.inputs[0]!, call.params.low, call, out, context)
  return true
}

const concat: WasmKernel<'concat'> = (call, out, context) => {
  const { axis } = call.params
  let start = 0
  for (const x of call.inputs) {
    const low = call.shape.map((_, i) => (i === axis ? start : 0))
    place(x, low, call, out, context)
    start += x.shape[axis]!
  }
  return true
}

/** Extents before and after an axis, the latter in bytes. */
const around = (x: View, axis: number): [before: number, bytes: number] => [
  sizeOf(x.shape.slice(0, axis)),
  sizeOf(x.shape.slice(axis + 1)) * widthOf(x),
]

/** Address of packed int32 indices, all found to be below `extent`. */
function checkedIndices(op: string, indices: View, extent: number, context: WasmContext): number {
  const at = packedAddress(indices, 'copy:indices', context)
  checkIndices(op, context.heap.view('int32', at, sizeOf(indices.shape)), extent)
  return at
}

/** @throws {ShapeError} for an index outside the axis. */
const gather: WasmKernel<'gather'> = (call, out, context) => {
  const [x, indices] = call.inputs as readonly [View, View]
  const { axis } = call.params
  const extent = x.shape[axis]!
  const [before, bytes] = around(x, axis)
  const from = packedAddress(x, 'copy:rows', context)
  const picks = checkedIndices('gather', indices, extent, context)
  context.kernels.get('copy:gather', emitGather)(
    out,
    from,
    picks,
    before,
    sizeOf(indices.shape),
    extent * bytes,
    bytes,
  )
  return true
}

/** @throws {ShapeError} for an index outside the axis. */
const scatterAdd: WasmKernel<'scatterAdd'> = (call, out, context) => {
  if (call.dtype !== 'float32') return false
  const [updates, indices] = call.inputs as readonly [View, View]
  const { axis, size } = call.params
  const [before, bytes] = around(updates, axis)
  const from = packedAddress(updates, 'copy:rows', context)
  const picks = checkedIndices('scatterAdd', indices, size, context)
  clear(call, out, context)
  context.kernels.get('copy:scatterAdd', emitScatterAdd)(
    out,
    from,
    picks,
    before,
    sizeOf(indices.shape),
    size * bytes,
    bytes,
  )
  return true
}

/** Primitives that move elements, of any type (scatterAdd: float32). */
export const copyKernels = { contiguous, pad, concat, gather, scatterAdd } satisfies WasmKernels

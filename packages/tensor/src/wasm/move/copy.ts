import type { KernelCall, View, WeightRows } from '../../device.ts'
import { bytesPerElement } from '../../dtype.ts'
import { checkIndices } from '../../reference/move.ts'
import type { Shape } from '../../shape.ts'
import { isRowMajor, rowMajorStrides, sizeOf } from '../../shape.ts'
import { times } from '../../times.ts'
import type { WasmContext, WasmKernel, WasmKernels } from '../runtime/kernel.ts'
import { addressOf, onFloat32 } from '../runtime/kernel.ts'
import type { KernelCache } from '../runtime/module.ts'
import type { Call, Launch } from '../runtime/tasks.ts'
import { atOnce, callOf, cut, taskOf } from '../runtime/tasks.ts'
import { copyBytes, fillBytes } from './bulk.ts'
import type { RowCopy, Width } from './copy-loops.ts'
import {
  addRun,
  collectRow,
  denseRow,
  doubleRow,
  emitPicks,
  emitRows,
  gatherRow,
  repeatRow,
  stridedRow,
  transposeRows,
} from './copy-loops.ts'
import type { Nest } from './nest.ts'
import { collapse, cutNest, forOuter } from './nest.ts'

const stridedKeys = { 1: 'copy:strided1', 4: 'copy:strided4', 8: 'copy:strided8' } as const

/** A strided box of memory: address, and strides in elements. */
export interface Place {
  readonly at: number
  readonly strides: readonly number[]
}

/** Rough, for layouts alike on both sides, in nanoseconds. */
const timePerByte = 0.05
/** The same for rows at indices. */
const timePerMovedByte = 0.1

/** Copies a box of `shape` from one place to another that does not overlap it. */
export function copyBox(to: Place, from: Place, shape: Shape, width: Width, context: WasmContext): void {
  const size = sizeOf(shape)
  if (size === 0) return
  const { threads } = context
  const nest = collapse(shape, [to.strides, from.strides])
  const parts = threads.parts(timePerByte * size * width, size)
  if (parts === 1) {
    copyNest(to.at, from.at, nest, width, context.kernels, atOnce)
    return
  }
  const tasks = cutNest(nest, parts).map(({ extents, offsets: [t, s] }) => {
    const part = { extents, strides: nest.strides }
    return taskOf((launch) =>
      copyNest(to.at + t! * width, from.at + s! * width, part, width, context.kernels, launch),
    )
  })
  threads.run(tasks)
}

/** Launches the copy of a box of 32-bit elements, not empty. */
export const copyWords = (
  to: Place,
  from: Place,
  extents: Shape,
  kernels: KernelCache,
  launch: Launch,
): void => copyNest(to.at, from.at, { extents, strides: [to.strides, from.strides] }, 4, kernels, launch)

/** Copies from one address to another along a nest of both. */
function copyNest(
  to: number,
  from: number,
  { extents, strides }: Nest,
  width: Width,
  kernels: KernelCache,
  launch: Launch,
): void {
  const axes = extents.map((extent, i) => ({ extent, to: strides[0]![i]!, from: strides[1]![i]! }))
  const inner = axes.pop()!
  const one = inner.extent === 1
  const dense = one || (inner.to === 1 && inner.from === 1)
  const bytes = width * inner.extent
  if (dense && axes.length === 0) {
    launch(copyBytes(kernels), to, from, bytes)
    return
  }
  /** Launches a kernel that copies rows along the axes that are left. */
  const rows = (key: string, copyRow: RowCopy, ...rest: number[]) => {
    const kernel = kernels.get(key, (m) => emitRows(m, copyRow))
    const within = times(3, (i) => axes.at(i - 3) ?? { extent: 1, to: 0, from: 0 })
    const loops = within.map((axis) => axis.extent)
    const steps = [...within.map((axis) => axis.to), ...within.map((axis) => axis.from)].map((s) => s * width)
    const outer = axes.slice(0, -3)
    const nest = {
      extents: outer.map((axis) => axis.extent),
      strides: [outer.map((axis) => axis.to), outer.map((axis) => axis.from)],
    }
    forOuter(nest, outer.length, ([t, s]) =>
      launch(kernel, to + t! * width, from + s! * width, ...loops, ...steps, ...rest),
    )
  }
  const across = inner.to === 1 ? axes.findIndex((axis) => axis.from === 1) : -1
  if (dense) rows('copy:rows', denseRow, bytes)
  else if (width === 4 && inner.to === 1 && inner.from === 0) {
    const last = axes.at(-1)
    if (inner.extent === 2 && last?.to === 2 && last.from === 1) {
      axes.pop()
      rows('copy:double', doubleRow, last.extent)
    } else rows('copy:repeat', repeatRow, inner.extent)
  } else if (width === 4 && across >= 0) {
    const [row] = axes.splice(across, 1)
    rows('copy:transpose', transposeRows, row!.extent, inner.extent, 4 * row!.to, 4 * inner.from)
  } else if (width === 4 && inner.to === 1) {
    rows('copy:collect', collectRow, inner.extent, 4 * inner.from)
  } else {
    rows(stridedKeys[width], stridedRow(width), inner.extent, inner.to * width, inner.from * width)
  }
}

const widthOf = (view: { dtype: View['dtype'] }): Width => bytesPerElement(view.dtype) as Width

/** The rows of weights [rows, …], as they lie or widened some times `unit` at a time. */
export const weightRows = (w: View, unit: number, { kernels }: WasmContext): WeightRows =>
  w.half?.rows(w, addressOf(w), unit, kernels) ?? {
    strides: w.strides,
    work: 0,
    calls: (rows, _, use) => [use(addressOf(w) + 4 * rows.from * w.strides[0]!, rows)],
  }

/** Copies the elements of a view to a place. */
const copyView = (to: Place, x: View, context: WasmContext): void =>
  copyBox(to, { at: addressOf(x), strides: x.strides }, x.shape, widthOf(x), context)

/** Copies the elements of a view to an address, in row-major order. */
export const packTo = (at: number, x: View, context: WasmContext): void =>
  copyView({ at, strides: rowMajorStrides(x.shape) }, x, context)

/**
 * Runs `use` with addresses of the views' elements in row-major order: their own where they lie so (or
 * `needsCopy` says no), else those of copies that are freed afterwards.
 */
export function withPacked(
  views: readonly View[],
  context: WasmContext,
  use: (addresses: readonly number[]) => void,
  needsCopy = (x: View) => !isRowMajor(x.shape, x.strides),
): void {
  const { heap } = context
  const copies: { readonly at: number; readonly bytes: number }[] = []
  try {
    const addresses = views.map((x) => {
      if (!needsCopy(x)) return addressOf(x)
      const bytes = sizeOf(x.shape) * widthOf(x)
      const at = heap.allocate(bytes)
      copies.push({ at, bytes })
      packTo(at, x, context)
      return at
    })
    use(addresses)
  } finally {
    for (const { at, bytes } of copies) heap.free(at, bytes)
  }
}

/** Copies `x` into the box of the result that starts at `low`. */
function place(x: View, low: readonly number[], call: KernelCall, out: number, context: WasmContext): void {
  const strides = rowMajorStrides(call.shape)
  const start = low.reduce((at, n, axis) => at + n * strides[axis]!, 0)
  copyView({ at: out + start * widthOf(x), strides }, x, context)
}

function clear(call: KernelCall, out: number, { kernels }: WasmContext): void {
  fillBytes(kernels)(out, 0, sizeOf(call.shape) * widthOf(call))
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

/** @throws {ShapeError} for an index outside the axis. */
const gather: WasmKernel<'gather'> = (call, out, context) => {
  const [x, indices] = call.inputs as readonly [View, View]
  const extent = x.shape[call.params.axis]!
  const [before, bytes] = around(x, call.params.axis)
  const count = sizeOf(indices.shape)
  withPacked([x, indices], context, ([from, picks]) => {
    checkIndices('gather', context.heap.view('int32', picks!, count), extent)
    const run = context.kernels.get('copy:gather', (m) => m.procedure('run', emitPicks, gatherRow))
    const parts = context.threads.parts(timePerMovedByte * before * count * bytes, Math.max(before, count))
    // Blocks, or the picks of each: every row of the result is written once.
    const byBlocks = before >= parts
    const tasks = cut(byBlocks ? before : count, parts).map((range): Call[] => {
      const length = range.to - range.from
      if (byBlocks) {
        const to = out + range.from * count * bytes
        const source = from! + range.from * extent * bytes
        return [callOf(run, source, to, picks!, length, count, extent * bytes, bytes)]
      }
      return times(before, (i) => {
        const to = out + (i * count + range.from) * bytes
        const source = from! + i * extent * bytes
        return callOf(run, source, to, picks! + 4 * range.from, 1, length, extent * bytes, bytes)
      })
    })
    context.threads.run(tasks)
  })
  return true
}

/** @throws {ShapeError} for an index outside the axis. */
const scatterAdd = onFloat32<'scatterAdd'>((call, out, context) => {
  const [updates, indices] = call.inputs as readonly [View, View]
  const { axis, size } = call.params
  const [before, bytes] = around(updates, axis)
  const count = sizeOf(indices.shape)
  withPacked([updates, indices], context, ([from, picks]) => {
    checkIndices('scatterAdd', context.heap.view('int32', picks!, count), size)
    clear(call, out, context)
    const run = context.kernels.get('copy:scatterAdd', (m) => m.procedure('run', emitPicks, addRun))
    // Only whole blocks: within one, rows may meet, and are added in their order.
    const parts = context.threads.parts(timePerMovedByte * before * count * bytes, before)
    const tasks = cut(before, parts).map(({ from: first, to: last }): Call[] => {
      const to = out + first * size * bytes
      const source = from! + first * count * bytes
      return [callOf(run, to, source, picks!, last - first, count, size * bytes, bytes)]
    })
    context.threads.run(tasks)
  })
})

/** Primitives that move elements, of any type (scatterAdd: float32). */
export const copyKernels = { contiguous, pad, concat, gather, scatterAdd } satisfies WasmKernels

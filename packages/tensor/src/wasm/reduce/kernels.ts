import type { KernelCall } from '../../device.ts'
import { rowMajorStrides, sizeOf } from '../../shape.ts'
import { fillBytes } from '../move/bulk.ts'
import { copyBox } from '../move/copy.ts'
import { collapse, forOuter } from '../move/nest.ts'
import type { WasmContext, WasmKernel, WasmKernels } from '../runtime/kernel.ts'
import { addressOf, onFloat32 } from '../runtime/kernel.ts'
import type { Launch } from '../runtime/tasks.ts'
import { atOnce, cut, taskOf } from '../runtime/tasks.ts'
import { reduceAll, worthPieces } from './all.ts'
import { emitColumns, emitRows, folds } from './loops.ts'

type Reduction = keyof typeof folds

interface Axis {
  readonly extent: number
  readonly stride: number
}

/** Axes of the result and axes to reduce, over float32 at an address. */
interface Walk {
  readonly from: number
  readonly kept: readonly Axis[]
  readonly reduced: readonly Axis[]
}

const unit: Axis = { extent: 1, stride: 0 }

// Made once: a string made anew is slow to look up.
const keysOf = (op: Reduction) => ({
  columns: `${op}:columns`,
  rows: `${op}:rows`,
  stridedRows: `${op}:strided`,
})
const kernelKeys = {
  reduceSum: keysOf('reduceSum'),
  reduceMax: keysOf('reduceMax'),
  reduceMin: keysOf('reduceMin'),
}

const wholeFolds = {
  reduceSum: { key: 'reduceSum:all', fold: folds.reduceSum, join: (a: number, b: number) => a + b },
  reduceMax: { key: 'reduceMax:all', fold: folds.reduceMax, join: Math.max },
  reduceMin: { key: 'reduceMin:all', fold: folds.reduceMin, join: Math.min },
}

/** The two innermost axes as kernel arguments: extents, then strides in bytes. */
function pair(axes: readonly Axis[]): number[] {
  const outer = axes.at(-2) ?? unit
  const inner = axes.at(-1) ?? unit
  return [outer.extent, inner.extent, 4 * outer.stride, 4 * inner.stride]
}

/** The walk over a view in as few axes as possible. */
function walkOf({ inputs, params }: KernelCall<Reduction>): Walk {
  const x = inputs[0]!
  const isReduced = (axis: number) => params.axes.includes(axis)
  const nest = collapse(x.shape, [x.strides], (a, b) => isReduced(a) === isReduced(b))
  const axes = nest.axes.map((axis, i) => ({ extent: nest.extents[i]!, stride: nest.strides[0]![i]!, axis }))
  // The order of the reduced axes is free: neighbours in memory innermost.
  const reduced = axes
    .filter(({ axis }) => isReduced(axis))
    .sort((a, b) => Math.abs(b.stride) - Math.abs(a.stride))
  return { from: addressOf(x), kept: axes.filter(({ axis }) => !isReduced(axis)), reduced }
}

/** Calls `use` with the same elements packed, results by rows. */
function withPackedWalk(
  { from, kept, reduced }: Walk,
  context: WasmContext,
  use: (walk: Walk) => void,
): void {
  const order = [...kept, ...reduced]
  const shape = order.map((axis) => axis.extent)
  const rows = sizeOf(shape.slice(0, kept.length))
  const columns = sizeOf(shape.slice(kept.length))
  const bytes = 4 * rows * columns
  const at = context.heap.allocate(bytes)
  try {
    const source = { at: from, strides: order.map((axis) => axis.stride) }
    copyBox({ at, strides: rowMajorStrides(shape) }, source, shape, 4, context)
    use({ from: at, kept: [{ extent: rows, stride: columns }], reduced: [{ extent: columns, stride: 1 }] })
  } finally {
    context.heap.free(at, bytes)
  }
}

/** By columns where neighbouring results read neighbouring elements, else by rows. */
const isByColumns = ({ kept, reduced }: Walk): boolean =>
  kept.at(-1)?.stride === 1 && reduced.at(-1)?.stride !== 1

/** Rough, in nanoseconds. */
const timePerElement = 0.2

/** Deals the outermost axis of the results out to threads. */
function run(op: Reduction, walk: Walk, out: number, context: WasmContext): void {
  const { from, kept, reduced } = walk
  // Kernels walk two axes besides the innermost one.
  if (reduced.length > (isByColumns(walk) ? 2 : 3)) {
    withPackedWalk(walk, context, (rows) => run(op, rows, out, context))
    return
  }
  const [outer, ...others] = kept
  const size = (axes: readonly Axis[]) => axes.reduce((n, { extent }) => n * extent, 1)
  const elements = size(kept) * size(reduced)
  if (outer === undefined && elements >= worthPieces && reduced.length === 1 && reduced[0]!.stride === 1) {
    reduceAll(wholeFolds[op], from, elements, out, timePerElement * elements, context)
    return
  }
  const parts = outer === undefined ? 1 : context.threads.parts(timePerElement * elements, outer.extent)
  if (outer === undefined || parts === 1) {
    runPart(op, walk, out, context, atOnce)
    return
  }
  const tasks = cut(outer.extent, parts, others.length === 0 ? 16 : 1).map((range) => {
    const part = { extent: range.to - range.from, stride: outer.stride }
    const own = { from: from + 4 * range.from * outer.stride, kept: [part, ...others], reduced }
    return taskOf((launch) => runPart(op, own, out + 4 * range.from * size(others), context, launch))
  })
  context.threads.run(tasks)
}

/** Launches the calls for a walk. */
function runPart(op: Reduction, walk: Walk, out: number, context: WasmContext, launch: Launch): void {
  const { from, kept, reduced } = walk
  const byColumns = isByColumns(walk)
  const inner = (byColumns ? kept : reduced).at(-1) ?? unit
  const results = byColumns ? kept.slice(0, -1) : kept
  const elements = byColumns ? reduced : reduced.slice(0, -1)
  const dense = inner.stride === 1
  const key = kernelKeys[op][byColumns ? 'columns' : dense ? 'rows' : 'stridedRows']
  const kernel = context.kernels.get(key, (m) =>
    byColumns
      ? m.procedure('run', emitColumns, folds[op])
      : m.procedure('run', emitRows, folds[op], dense, false),
  )
  const outer = results.slice(0, -2)
  const perCall = results.slice(-2).reduce((n, { extent }) => n * extent, byColumns ? inner.extent : 1)
  const args = [...pair(results), ...pair(elements), inner.extent, ...(byColumns ? [] : [4 * inner.stride])]
  let to = out
  const nest = { extents: outer.map((axis) => axis.extent), strides: [outer.map((axis) => axis.stride)] }
  forOuter(nest, outer.length, ([at]) => {
    launch(kernel, to, from + 4 * at!, ...args)
    to += 4 * perCall
  })
}

const kernelOf = <R extends Reduction>(op: R): WasmKernel<R> =>
  onFloat32((call, out, context) => {
    // Only a sum may have nothing to reduce.
    if (sizeOf(call.inputs[0]!.shape) === 0) fillBytes(context.kernels)(out, 0, 4 * sizeOf(call.shape))
    else run(op, walkOf(call as KernelCall<Reduction>), out, context)
  })

/** Reductions of float32 in any layout over any axes; see `loops.ts` for the order of summation. */
export const reduceKernels = {
  reduceSum: kernelOf('reduceSum'),
  reduceMax: kernelOf('reduceMax'),
  reduceMin: kernelOf('reduceMin'),
} satisfies WasmKernels

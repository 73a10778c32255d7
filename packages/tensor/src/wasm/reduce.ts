import type { KernelCall } from '../device.ts'
import { sizeOf } from '../shape.ts'
import { collapse, forOuter } from './elementwise-nest.ts'
import type { WasmContext, WasmKernel, WasmKernels } from './kernel.ts'
import { addressOf } from './kernel.ts'
import { emitColumns, emitRows, folds } from './reduce-loops.ts'
import { packInto } from './copy.ts'

type Reduction = keyof typeof folds

interface Axis {
  readonly extent: number
  readonly stride: number
}

const unit: Axis = { extent: 1, stride: 0 }

/** The two innermost of `axes` as kernel arguments: extents, then strides in bytes. */
function pair(axes: readonly Axis[]): number[] {
  const [outer, inner] = [axes.at(-2) ?? unit, axes.at(-1) ?? unit]
  return [outer.extent, inner.extent, 4 * outer.stride, 4 * inner.stride]
}

/** The axes of the walk, merged where they reduce alike and lie so. */
function axesOf(shape: readonly number[], strides: readonly number[], reduced: readonly number[]) {
  const isReduced = (axis: number) => reduced.includes(axis)
  const nest = collapse(shape, [strides], (a, b) => isReduced(a) === isReduced(b))
  const all = nest.axes.map((axis, i) => ({ extent: nest.extents[i]!, stride: nest.strides[0]![i]!, axis }))
  return {
    kept: all.filter(({ axis }) => !isReduced(axis)),
    reduced: all.filter(({ axis }) => isReduced(axis)),
  }
}

function reduce(op: Reduction, call: KernelCall<Reduction>, out: number, context: WasmContext): void {
  const { heap, kernels } = context
  const x = call.inputs[0]!
  const { kept, reduced } = axesOf(x.shape, x.strides, call.params.axes)
  // The order of the reduced axes is free: nearest elements innermost.
  reduced.sort((a, b) => Math.abs(b.stride) - Math.abs(a.stride))
  const byRows = reduced.at(-1)?.stride === 1 || kept.at(-1)?.stride !== 1
  if (reduced.length > (byRows ? 3 : 2)) {
    // Rare: pack into [results, elements] first.
    const [rows, columns] = [sizeOf(call.shape), sizeOf(x.shape) / sizeOf(call.shape)]
    const scratch = heap.scratch('reduce', 4 * rows * columns)
    const order = [...kept, ...reduced]
    packInto(scratch, addressOf(x), 4, order.map((a) => a.extent), order.map((a) => a.stride), context)
    const row = [rows, columns].map((extent, i) => ({ extent, stride: i === 0 ? columns : 1 }))
    launch(row.slice(0, 1), row.slice(1), scratch)
  } else launch(kept, reduced, addressOf(x))

  function launch(results: readonly Axis[], elements: readonly Axis[], from: number): void {
    const inner = byRows || results === kept ? undefined : unit
    const run = inner ?? (byRows ? (elements.at(-1) ?? unit) : results.at(-1)!)
    const loops = byRows ? [results, elements.slice(0, -1)] : [results.slice(0, -1), elements]
    const dense = byRows && run.stride === 1
    const kernel = kernels.get(`${op}:${byRows ? `rows ${dense}` : 'columns'}`, (m) =>
      byRows ? emitRows(m, folds[op], dense) : emitColumns(m, folds[op]),
    )
    const [keptLoops, reducedLoops] = loops as [readonly Axis[], readonly Axis[]]
    const outer = keptLoops.slice(0, -2)
    const perCall = keptLoops.slice(-2).reduce((n, { extent }) => n * extent, byRows ? 1 : run.extent)
    const args = [...pair(keptLoops), ...pair(reducedLoops), run.extent, 4 * run.stride]
    let to = out
    forOuter({ extents: outer.map((a) => a.extent), strides: [outer.map((a) => a.stride)] }, outer.length, ([at]) => {
      kernel(to, from + 4 * at!, args[0]!, args[1]!, args[2]!, args[3]!, ...args.slice(4))
      to += 4 * perCall
    })
  }
}

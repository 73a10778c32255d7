import type { Half, HalfCall, HalfKernels, KernelCall, View, WeightRows } from '../device.ts'
import type { Shape } from '../shape.ts'
import { rowMajorStrides, sizeOf } from '../shape.ts'
import { few } from '../wasm/conv/few.ts'
import type { ConvCall } from '../wasm/conv/plan.ts'
import { isWeightGradient } from '../wasm/conv/weight.ts'
import { collapse, forOuter } from '../wasm/move/nest.ts'
import { callOf } from '../wasm/runtime/tasks.ts'
import { emitWiden } from './emit.ts'

/**
 * The calls that put a box of float16, whose strides count elements, at `to` as float32 in row-major order: one, where four
 * axes do.
 */
function widenCalls(
  to: number,
  at: number,
  shape: Shape,
  strides: readonly number[],
  kernels: HalfKernels,
): HalfCall[] {
  const run = kernels.get('widen', (m) => m.procedure('run', emitWiden))
  const { extents, strides: steps } = collapse(shape, [strides])
  const outer = Math.max(0, extents.length - 4)
  const inner = [1, 1, 1, ...extents.slice(outer)].slice(-4)
  const bytes = [0, 0, 0, ...steps[0]!.slice(outer)].slice(-4).map((step) => 2 * step)
  const calls: HalfCall[] = []
  forOuter({ extents, strides: steps }, outer, ([offset]) => {
    calls.push(callOf(run, to + 4 * sizeOf(inner) * calls.length, at + 2 * offset!, ...inner, ...bytes))
  })
  return calls
}

/** Bytes of widened weights that stay in the second-level cache. */
const tileBytes = 1 << 18

/** The rows of weights [rows, …], some times `unit` of them widened at a time. */
export function widenedRows(
  { shape, strides }: View,
  at: number,
  unit: number,
  kernels: HalfKernels,
): WeightRows {
  const [, ...rest] = shape
  const bytes = 4 * sizeOf(rest)
  const most = unit * Math.max(1, Math.floor(tileBytes / (unit * bytes)))
  return {
    strides: rowMajorStrides(shape),
    work: 64 * Math.ceil((most * bytes) / 64),
    calls: ({ from: first, to: end }, work, use) => {
      const calls: HalfCall[] = []
      for (let from = first; from < end; from += most) {
        const to = Math.min(end, from + most)
        calls.push(...widenCalls(work, at + 2 * from * strides[0]!, [to - from, ...rest], strides, kernels))
        calls.push(use(work, { from, to }))
      }
      return calls
    },
  }
}

/** Whether a call packs its weights row by row, and so can widen them: a convolution to more than a few channels. */
function packsRows(call: KernelCall): boolean {
  if (call.primitive !== 'conv2d' && call.primitive !== 'fusedConv2d') return false
  const own = call as ConvCall
  return own.shape[1]! / own.params.groups > few && !isWeightGradient(own)
}

/** Where the elements of a view lie from its first on: the lowest, and how many there are from it to the highest. */
function reachOf(shape: Shape, strides: readonly number[]): readonly [lowest: number, count: number] {
  if (sizeOf(shape) === 0) return [0, 0]
  let [lowest, highest] = [0, 0]
  shape.forEach((extent, i) => {
    const reach = (extent - 1) * strides[i]!
    if (reach < 0) lowest += reach
    else highest += reach
  })
  return [lowest, highest - lowest + 1]
}

/**
 * Runs a kernel: with float32 copies of what is stored as float16, where it does not widen weights itself. A copy has the
 * layout of what it is of, by which kernels choose the order in which they add.
 */
export const runWidened: Half['run'] = (kernel, call, out, context) => {
  if (packsRows(call)) return kernel(call, out, context)
  const { heap, kernels, threads, weights } = context
  const copies: { readonly at: number; readonly bytes: number }[] = []
  try {
    const inputs = call.inputs.map((x): View => {
      if (x.half === undefined) return x
      const { buffer, offset, shape, strides } = x
      const [lowest, count] = reachOf(shape, strides)
      const bytes = 4 * count
      const at = heap.allocate(bytes)
      copies.push({ at, bytes })
      threads.run([widenCalls(at, (buffer as number) + 2 * (offset + lowest), [count], [1], kernels)])
      return { buffer: at, dtype: x.dtype, shape, strides, offset: -lowest }
    })
    return kernel({ ...call, inputs }, out, context)
  } finally {
    for (const { at, bytes } of copies) {
      // Another copy may lie there next.
      weights.forget(at)
      heap.free(at, bytes)
    }
  }
}

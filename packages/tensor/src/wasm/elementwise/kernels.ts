import type { KernelCall, View } from '../../device.ts'
import { bytesPerElement } from '../../dtype.ts'
import type { PrimitiveName, PrimitiveParams } from '../../primitives.ts'
import { isRowMajor, rowMajorStrides, sameShape, sizeOf, stretchedStrides } from '../../shape.ts'
import { withPacked } from '../move/copy.ts'
import { collapse, cutNest, forOuter } from '../move/nest.ts'
import type { WasmContext, WasmKernel, WasmKernels } from '../runtime/kernel.ts'
import { addressOf, onFloat32 } from '../runtime/kernel.ts'
import { cut, taskOf } from '../runtime/tasks.ts'
import type { LaneOp } from './lane-ops.ts'
import { anyPower, laneOps, powers } from './lane-ops.ts'
import type { Walk } from './loops.ts'
import { emitElementwise } from './loops.ts'

/** An operation with a name for its code. */
interface Entry {
  readonly key: string
  readonly op: LaneOp
  /** Keys of its kernels by the inputs' walks: made once, for a string made anew is slow to look up. */
  readonly kernelKeys: string[]
}

const walkDigit = { dense: 0, still: 1, strided: 2 } as const satisfies Record<Walk, number>

function kernelFor({ key, op, kernelKeys }: Entry, walks: readonly Walk[], context: WasmContext) {
  let code = 0
  for (const walk of walks) code = 3 * code + walkDigit[walk]
  const kernelKey = (kernelKeys[code] ??= `${key}:${walks.join()}`)
  return context.kernels.get(kernelKey, (m) => emitElementwise(m, op, walks))
}

/** Rough time for `elements` elements on one thread, in nanoseconds. */
const timeOf = ({ op }: Entry, elements: number): number => elements * (op.heavy === true ? 0.9 : 0.25)

/** From this many elements on, an input that lies across the result is worth a copy that does not. */
const worthPacking = 1024

/** Whether walking along the result's last axis leaps through an input whose neighbours lie along another. */
const liesAcross = ({ shape, strides }: View): boolean =>
  sizeOf(shape) >= worthPacking && Math.abs(strides.at(-1)!) > 8 && shape.at(-1) !== 1 && strides.includes(1)

/** Runs an operation over any layouts of the inputs, which start at `addresses`, packed where they lie across. */
function runStrided(
  entry: Entry,
  call: KernelCall,
  addresses: readonly number[],
  scalars: readonly number[],
  out: number,
  context: WasmContext,
): void {
  const { inputs, shape } = call
  const widths = inputs.map((x) => bytesPerElement(x.dtype))
  const laid = inputs.map((x) => {
    const view = liesAcross(x) ? { ...x, strides: rowMajorStrides(x.shape) } : x
    return stretchedStrides(view, shape)
  })
  const nest = collapse(shape, [rowMajorStrides(shape), ...laid])
  const rank = nest.extents.length
  const [, ...strides] = nest.strides
  const walks = strides.map((own): Walk => {
    const step = own[rank - 1]!
    return step === 1 ? 'dense' : step === 0 ? 'still' : 'strided'
  })
  const inner = [rank - 3, rank - 2, rank - 1]
  const outWidth = bytesPerElement(call.dtype)
  const byteStrides = strides.map((own, k) => inner.map((axis) => (own[axis] ?? 0) * widths[k]!))
  const kernel = kernelFor(entry, walks, context)
  const parts = context.threads.parts(timeOf(entry, sizeOf(shape)), sizeOf(shape))
  const tasks = cutNest(nest, parts).map(({ extents, offsets: starts, axis: cutAxis }) => {
    // A call fills a dense piece of the result, so it has whole axes within the one that was cut.
    const outer = Math.max(0, rank - 3, cutAxis)
    const sizes = inner.map((axis) => (axis < outer ? 1 : extents[axis]!))
    return taskOf((launch) => {
      forOuter({ extents, strides: nest.strides }, outer, (offsets) => {
        const place = (k: number) => starts[k]! + offsets[k]!
        const operands = byteStrides.flatMap((own, k) => [addresses[k]! + place(k + 1) * widths[k]!, ...own])
        const args = [out + place(0) * outWidth, ...sizes, ...operands, ...scalars]
        if (parts === 1) kernel(...args)
        else launch(kernel, ...args)
      })
    })
  })
  context.threads.run(tasks)
}

function isDense(call: KernelCall): boolean {
  for (const x of call.inputs) {
    if (!sameShape(x.shape, call.shape) || !isRowMajor(x.shape, x.strides)) return false
  }
  return true
}

/** By the number of inputs. */
const denseWalks: readonly (readonly Walk[])[] = [0, 1, 2, 3].map((n) => new Array<Walk>(n).fill('dense'))

function run(
  entry: Entry,
  call: KernelCall,
  scalars: readonly number[],
  out: number,
  context: WasmContext,
): void {
  const { inputs, shape } = call
  if (!isDense(call)) {
    const use = (addresses: readonly number[]) => runStrided(entry, call, addresses, scalars, out, context)
    withPacked(inputs, context, use, liesAcross)
    return
  }
  const size = sizeOf(shape)
  const kernel = kernelFor(entry, denseWalks[inputs.length]!, context)
  const argsOf = (from: number, to: number): number[] => {
    const args = [out + from * bytesPerElement(call.dtype), 1, 1, to - from]
    for (const x of inputs) args.push(addressOf(x) + from * bytesPerElement(x.dtype), 0, 0, 0)
    args.push(...scalars)
    return args
  }
  const parts = context.threads.parts(timeOf(entry, size), size / 16)
  if (parts === 1) kernel(...argsOf(0, size))
  else
    context.threads.run(cut(size, parts, 16).map(({ from, to }) => [{ run: kernel, args: argsOf(from, to) }]))
}

const entryOf = (key: string, op: LaneOp): Entry => ({ key, op, kernelKeys: [] })

function kernelOf<P extends PrimitiveName>(
  name: P,
  ops: readonly LaneOp[],
  scalars: (params: PrimitiveParams[P]) => readonly number[],
): WasmKernel<P> {
  const entries = ops.map((op) => entryOf(`${name}:${op.inputs.join()}>${op.output}`, op))
  return (call, out, context) => {
    // The entry that takes and gives the element types of the call.
    const entry = entries.find(
      ({ op }) => op.output === call.dtype && op.inputs.every((dtype, i) => call.inputs[i]!.dtype === dtype),
    )
    if (entry === undefined) return false
    run(entry, call as KernelCall, scalars(call.params), out, context)
    return true
  }
}

const none: readonly number[] = []
const plain = Object.fromEntries(
  Object.entries(laneOps).map(([name, ops]) => [name, kernelOf(name as PrimitiveName, ops, () => none)]),
) as { [P in keyof typeof laneOps]: WasmKernel<P> }

const anyPowerEntry = entryOf('powScalar', anyPower)
const powerEntries = new Map([...powers].map(([p, op]) => [p, entryOf(`powScalar:${p}`, op)]))

const powScalar = onFloat32<'powScalar'>((call, out, context) => {
  const { exponent } = call.params
  const entry = powerEntries.get(exponent)
  const rest = Number.isFinite(exponent) ? exponent - Math.fround(exponent) : 0
  if (entry !== undefined) run(entry, call, none, out, context)
  else run(anyPowerEntry, call, [exponent, rest], out, context)
})

/**
 * Elementwise primitives on float32 (moves, comparisons, sums also on int32 and bool): any layout, by
 * collapsing axes that all operands walk alike; vectors of four along the innermost one.
 */
export const elementwiseKernels = {
  ...plain,
  affine: kernelOf('affine', laneOps.affine, ({ scale, shift }) => [scale, shift]),
  divScalar: kernelOf('divScalar', laneOps.divScalar, ({ divisor }) => [divisor]),
  clamp: kernelOf('clamp', laneOps.clamp, ({ min, max }) => [min, max]),
  powScalar,
} satisfies WasmKernels

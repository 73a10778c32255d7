import fc from 'fast-check'
import type { KernelCall, View } from '../device.ts'
import type { DType, TypedArray } from '../dtype.ts'
import { allocateHost, bytesPerElement } from '../dtype.ts'
import type { PrimitiveName, PrimitiveParams } from '../primitives.ts'
import { resultOf } from '../primitives.ts'
import type { HostView } from '../reference/host.ts'
import { referenceKernels } from '../reference/index.ts'
import type { Shape } from '../shape.ts'
import { rowMajorStrides, sizeOf } from '../shape.ts'
import type { Room } from './oracle-rooms.test.helper.ts'
import { elsewhere, here, straddling } from './oracle-rooms.test.helper.ts'
import type { WasmContext, WasmKernels } from './runtime/kernel.ts'

export { fusions } from './oracle-rooms.test.helper.ts'

export interface Comparison {
  readonly actual: TypedArray
  readonly expected: TypedArray
  /** Bytes of packed weights that each room held at its last use; 0 for kernels that keep none. */
  readonly kept: readonly number[]
}

/** One result of a call, and where and how it came about. */
interface Result {
  readonly data: TypedArray
  readonly where: string
}

const guard = 16

/**
 * What the last way of a room does with weights that may be kept: pack them into scratch memory, pack them to be kept,
 * find them kept. A primitive without such weights is run once.
 */
const usesOf = (primitive: PrimitiveName): readonly string[] =>
  primitive === 'conv2d' || primitive === 'fusedConv2d'
    ? [', weights packed', ', weights kept', ', weights found']
    : ['']

/**
 * Runs a primitive by its kernel and by the reference loops on the same strided inputs. Fails where the
 * kernel declines, gives other bits when its work is shared between threads, its memory lies elsewhere or its weights
 * were kept, or writes beyond its result (it may use the 64 bytes of slack, which are not checked).
 *
 * What it does follows from its arguments alone, so that a failure comes again, and a smaller case that fails is one.
 */
export function compare<P extends PrimitiveName>(
  kernels: WasmKernels,
  primitive: P,
  inputs: readonly HostView[],
  params: PrimitiveParams[P],
  fused = false,
): Comparison {
  const { shape, dtype } = resultOf(primitive, inputs, params)
  const size = sizeOf(shape)
  const expected = allocateHost(dtype, size)
  referenceKernels[primitive](inputs, params, { data: expected, dtype, shape })
  const call = { primitive, params, shape, dtype }
  const bytes = inputs.reduce((sum, { data }) => sum + data.byteLength, size * bytesPerElement(dtype))
  straddling.restart(fractionOf(inputs) * (1.5 * bytes + 2 ** 14))
  const rooms = [here, ...elsewhere].map((room) => runIn(room, kernels, call, inputs, fused))
  const [first, ...others] = rooms.flatMap(({ results }) => results) as [Result, ...Result[]]
  for (const other of others) {
    const [own, theirs] = [bytesOf(other.data), bytesOf(first.data)]
    if (own.every((byte, k) => byte === theirs[k])) continue
    const far = ({ where, data }: Result) => `${where} is up to ${farthest(data, expected).toExponential(1)}`
    throw new Error(`${primitive}: two ways differ; from the reference, ${far(first)} and ${far(other)} off`)
  }
  return { actual: first.data, expected, kept: rooms.map(({ kept }) => kept) }
}

/** A number in 0 … 1 that differs between calls and is the same for the same inputs. */
function fractionOf(inputs: readonly HostView[]): number {
  let hash = 2166136261
  for (const { data, shape, strides, offset } of inputs) {
    for (const part of [...shape, ...strides, offset, ...bytesOf(data).subarray(0, 64)])
      hash = Math.imul(hash ^ part, 16777619)
  }
  return (hash >>> 0) / 2 ** 32
}

/** The largest difference of two arrays; infinite where NaN meets a number. */
function farthest(actual: TypedArray, expected: TypedArray): number {
  let most = 0
  for (let i = 0; i < expected.length; i++) {
    const [a, e] = [actual[i]!, expected[i]!]
    if (Object.is(a, e) || a === e) continue
    const off = Math.abs(a - e)
    most = Math.max(most, Number.isNaN(off) ? Number.POSITIVE_INFINITY : off)
  }
  return most
}

/** The results of one call in all ways of a room, which keeps nothing of it. */
function runIn<P extends PrimitiveName>(
  { name, heap: own, contexts }: Room,
  kernels: WasmKernels,
  call: Omit<KernelCall<P>, 'inputs'>,
  inputs: readonly HostView[],
  fused: boolean,
): { results: Result[]; kept: number } {
  const ways = contexts[Number(fused)]!
  const blocks = inputs.map(({ data, dtype }) => {
    const bytes = data.length * bytesPerElement(dtype)
    return { at: own.allocate(bytes), bytes }
  })
  try {
    inputs.forEach(({ data, dtype }, i) => own.view(dtype, blocks[i]!.at, data.length).set(data))
    const views = inputs.map((x, i): View => ({ ...x, buffer: blocks[i]!.at }))
    const results = ways.flatMap((context, way) =>
      (way < ways.length - 1 ? [''] : usesOf(call.primitive)).map((use) => ({
        data: runGuarded(kernels, { ...call, inputs: views }, context),
        where: `way ${way} to share and to tile at ${name}${use}`,
      })),
    )
    return { results, kept: ways.at(-1)!.weights.bytes }
  } finally {
    // As a device does: what was made of a buffer goes with it, or the next call would find it.
    for (const { at, bytes } of blocks) {
      for (const { weights } of ways) weights.forget(at)
      own.free(at, bytes)
    }
  }
}

const bytesOf = ({ buffer, byteOffset, byteLength }: TypedArray): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)

/** The result of one call; fails where it writes past that. */
function runGuarded<P extends PrimitiveName>(
  kernels: WasmKernels,
  call: KernelCall<P>,
  context: WasmContext,
): TypedArray {
  const { primitive, dtype, shape, inputs } = call
  const { heap: own } = context
  const size = sizeOf(shape)
  const bytes = size * bytesPerElement(dtype)
  const out = own.allocate(bytes + guard * 64)
  try {
    own.u8.fill(0xa5, out, out + bytes + guard * 64)
    if (size > 0 && !kernels[primitive]!(call, out, context))
      throw new Error(`${primitive} declined ${inputs.map((x) => `${x.dtype} [${x.shape}]/[${x.strides}]`)}`)
    const after = own.u8.slice(out + bytes, out + bytes + guard * 64)
    if (size > 0 && after.subarray(64).some((byte) => byte !== 0xa5))
      throw new Error(`${primitive} wrote past its result`)
    return own.view(dtype, out, size).slice()
  } finally {
    own.free(out, bytes + guard * 64)
  }
}

/** Where two arrays differ by more than `absolute` (of all, or of each element) `+ relative·|expected|`; NaN equals NaN. */
export function mismatch(
  { actual, expected }: Pick<Comparison, 'actual' | 'expected'>,
  relative: number,
  absolute: number | ArrayLike<number> = 0,
): string | undefined {
  for (let i = 0; i < expected.length; i++) {
    const [a, e] = [actual[i]!, expected[i]!]
    if (Object.is(a, e) || a === e || (Number.isNaN(a) && Number.isNaN(e))) continue
    const allowed = (typeof absolute === 'number' ? absolute : absolute[i]!) + relative * Math.abs(e)
    if (!(Math.abs(a - e) <= allowed)) return `element ${i}: got ${a}, expected ${e} to within ${allowed}`
  }
  return undefined
}

/** Deterministic values in ±`scale`, with a few equal ones. */
export function fill(dtype: DType, length: number, seed: number, scale = 3): TypedArray {
  const data = allocateHost(dtype, length)
  let state = (seed * 2654435761 + 12345) >>> 0
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    const unit = state / 2 ** 32
    data[i] =
      dtype === 'bool'
        ? unit < 0.5
          ? 0
          : 1
        : dtype === 'int32'
          ? Math.floor((unit - 0.5) * 9)
          : (unit - 0.5) * 2 * scale
  }
  return data
}

export function dense(shape: Shape, data: TypedArray, dtype: DType = 'float32'): HostView {
  return { data, dtype, shape, strides: rowMajorStrides(shape), offset: 0 }
}

/** How a view of a shape lies in memory: order of its axes there, a step and a direction for each. */
interface Layout {
  readonly order: readonly number[]
  readonly steps: readonly number[]
  readonly flips: readonly boolean[]
  readonly seed: number
}

/** Any layout: axes permuted in memory, gaps, reversed axes, an offset. */
export function layoutOf(rank: number): fc.Arbitrary<Layout> {
  const axes = Array.from({ length: rank }, (_, i) => i)
  return fc.record({
    order: fc.oneof(fc.constant(axes), fc.shuffledSubarray(axes, { minLength: rank })),
    steps: fc.oneof(
      fc.constant(axes.map(() => 1)),
      fc.array(fc.integer({ min: 1, max: 3 }), { minLength: rank, maxLength: rank }),
    ),
    flips: fc.oneof(
      fc.constant(axes.map(() => false)),
      fc.array(fc.boolean(), { minLength: rank, maxLength: rank }),
    ),
    seed: fc.nat(1000),
  })
}

/** A view of `shape` in that layout over fresh values. */
export function laidOut(shape: Shape, layout: Layout, dtype: DType = 'float32', scale = 3): HostView {
  const strides = new Array<number>(shape.length).fill(0)
  let length = 1
  for (const axis of [...layout.order].reverse()) {
    strides[axis] = length * layout.steps[axis]!
    length *= Math.max(1, shape[axis]!) * layout.steps[axis]!
  }
  let offset = layout.seed % 5
  layout.flips.forEach((flip, axis) => {
    if (!flip) return
    offset += strides[axis]! * Math.max(0, shape[axis]! - 1)
    strides[axis] = -strides[axis]!
  })
  return { data: fill(dtype, length + 5, layout.seed, scale), dtype, shape, strides, offset }
}

const extent = fc.oneof(
  { weight: 12, arbitrary: fc.integer({ min: 1, max: 6 }) },
  { weight: 2, arbitrary: fc.integer({ min: 7, max: 40 }) },
  { weight: 1, arbitrary: fc.constant(0) },
)

/** Small shapes, now and then with an empty axis or one long enough for the vector loops. */
export const shapes = (maxRank = 5): fc.Arbitrary<number[]> =>
  fc.array(extent, { maxLength: maxRank }).filter((shape) => sizeOf(shape) <= 5000)

import fc from 'fast-check'
import type { KernelCall, View } from '../device.ts'
import type { DType, TypedArray } from '../dtype.ts'
import { allocateHost, bytesPerElement } from '../dtype.ts'
import type { PrimitiveName, PrimitiveParams } from '../primitives.ts'
import { primitives } from '../primitives.ts'
import type { HostView } from '../reference/host.ts'
import { referenceKernels } from '../reference/index.ts'
import type { Shape } from '../shape.ts'
import { rowMajorStrides, sizeOf } from '../shape.ts'
import { f32x4, ModuleBuilder, v128 } from './asm.ts'
import { Heap } from './heap.ts'
import type { WasmContext, WasmKernels } from './kernel.ts'
import { hasMemory64, narrowLimit } from './linear-memory.ts'
import { KernelCache } from './module.ts'
import { ThreadPool } from './pool.ts'
import type { Threads } from './tasks.ts'
import { alone, runHere } from './tasks.ts'
import { fixedTile, tileNames } from './tile.ts'
import { WeightCache } from './weight-cache.ts'

/** Work cut into so many parts, however small, and done here, backwards: parts may not need each other. */
const cutInto = (count: number): Threads => ({
  parts: (_, units) => Math.max(1, Math.min(count, Math.floor(units))),
  run: (tasks) => runHere([...tasks].reverse()),
})

/**
 * A heap of the tests' own with ways to share work, each with another tile, by whether relaxed SIMD is on; all must
 * give the same bits.
 */
interface Room {
  readonly name: string
  readonly heap: Heap
  readonly contexts: readonly (readonly WasmContext[])[]
}

function makeRoom(name: string, own: Heap, ways: (pooled: Threads) => Threads[]): Room {
  const contexts = [false, true].map((relaxedSimd) => {
    const kernels = new KernelCache(own)
    const pool = new ThreadPool(own, kernels, 3)
    const pooled: Threads = { parts: cutInto(3).parts, run: (tasks) => pool.run(tasks) }
    return ways(pooled).map((threads, i) => ({
      ...{ heap: own, kernels, relaxedSimd, threads },
      tiles: fixedTile(tileNames[i]!, 'for a test'),
      ...{ winograd: false, weights: new WeightCache(own) },
    }))
  })
  return { name, heap: own, contexts }
}

/**
 * Blocks one after the other across 2³¹, where addresses that are taken as signed turn negative: each call
 * of a test finds other blocks on the border. Memory that is never touched costs addresses alone.
 */
class StraddlingHeap extends Heap {
  private next = 0

  constructor() {
    super({ shared: true, maxBytes: narrowLimit })
    for (let i = 0; i < 2; i++) super.allocate(1.5 * 2 ** 30)
  }

  /** The next blocks start so many bytes below the border, over all former ones. */
  restart(below: number): void {
    this.releaseScratch()
    this.next = 2 ** 31 - Math.ceil(below / 64) * 64
  }

  override allocate(bytes: number): number {
    const at = this.next
    this.next += (Math.ceil(bytes / 64) + 1) * 64
    return at
  }

  override free(): void {}
}

/** Blocks above 4 GiB, or from a little below on. */
function farHeap(): Heap {
  const far = new Heap({ shared: true, maxBytes: 2 ** 33 })
  for (let k = 31; k >= 16; k--) far.allocate(2 ** k - 64)
  return far
}

const here = makeRoom('low addresses', new Heap({ shared: true }), (pooled) => [
  ...[alone, cutInto(2), cutInto(4), cutInto(7), pooled, alone],
])

const straddling = new StraddlingHeap()

/** Where else every call is made: beyond what a signed, and what any number of 32 bits addresses. */
const elsewhere: readonly Room[] = [
  makeRoom('addresses about 2 GiB', straddling, () => [cutInto(4)]),
  ...(hasMemory64() ? [makeRoom('addresses above 4 GiB', farHeap(), (pooled) => [pooled])] : []),
]

let calls = 0

const { heap } = here

const probe = new ModuleBuilder(heap.memoryType)
probe.func('probe', { at: 'i32' }, [], (f, { at }) => {
  const x = v128.load(at)
  f.emit(v128.store(at, f32x4.relaxedMadd(x, x, x)))
})

/** The settings of `fused` that the engine can run. */
export const fusions: readonly boolean[] = WebAssembly.validate(probe.bytes()) ? [false, true] : [false]

export interface Comparison {
  readonly actual: TypedArray
  readonly expected: TypedArray
}

const guard = 16

/**
 * Runs a primitive by its kernel and by the reference loops on the same strided inputs. Fails where the
 * kernel declines, gives other bits when its work is shared between threads or its memory lies elsewhere, or writes beyond its result (it may use the 64 bytes of slack, which are not checked).
 */
export function compare<P extends PrimitiveName>(
  kernels: WasmKernels,
  primitive: P,
  inputs: readonly HostView[],
  params: PrimitiveParams[P],
  fused = false,
): Comparison {
  const { shape, dtype } = primitives[primitive].infer(inputs, params)
  const size = sizeOf(shape)
  const call = { primitive, params, shape, dtype }
  const bytes = inputs.reduce((sum, { data }) => sum + data.byteLength, size * bytesPerElement(dtype))
  straddling.restart(((calls++ * 0.618034) % 1) * (1.5 * bytes + 2 ** 14))
  const [actual, ...others] = [here, ...elsewhere].flatMap((room) =>
    runIn(room, kernels, call, inputs, fused),
  )
  for (const { result, where } of others) {
    const [own, theirs] = [bytesOf(result), bytesOf(actual!.result)]
    if (own.some((byte, k) => byte !== theirs[k])) throw new Error(`${primitive}: ${where} differs`)
  }
  const expected = allocateHost(dtype, size)
  referenceKernels[primitive](inputs, params, { data: expected, dtype, shape })
  return { actual: actual!.result, expected }
}

/** The results of one call in all ways of a room. */
function runIn<P extends PrimitiveName>(
  { name, heap: own, contexts }: Room,
  kernels: WasmKernels,
  call: Omit<KernelCall<P>, 'inputs'>,
  inputs: readonly HostView[],
  fused: boolean,
) {
  const blocks = inputs.map(({ data, dtype }) => {
    const bytes = data.length * bytesPerElement(dtype)
    return { at: own.allocate(bytes), bytes }
  })
  inputs.forEach(({ data, dtype }, i) => own.view(dtype, blocks[i]!.at, data.length).set(data))
  const views = inputs.map((x, i): View => ({ ...x, buffer: blocks[i]!.at }))
  const results = contexts[Number(fused)]!.map((context, way) => ({
    result: runGuarded(kernels, { ...call, inputs: views }, context),
    where: `way ${way} to share and to tile at ${name}`,
  }))
  blocks.forEach((block) => own.free(block.at, block.bytes))
  return results
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
  own.u8.fill(0xa5, out, out + bytes + guard * 64)
  if (size > 0 && !kernels[primitive]!(call, out, context))
    throw new Error(`${primitive} declined ${inputs.map((x) => `${x.dtype} [${x.shape}]/[${x.strides}]`)}`)
  const result = own.view(dtype, out, size).slice()
  const after = own.u8.slice(out + bytes, out + bytes + guard * 64)
  if (size > 0 && after.subarray(64).some((byte) => byte !== 0xa5))
    throw new Error(`${primitive} wrote past its result`)
  own.free(out, bytes + guard * 64)
  return result
}

/** Where two arrays differ by more than `absolute + relative·|expected|`; NaN equals NaN. */
export function mismatch(
  { actual, expected }: Comparison,
  relative: number,
  absolute = 0,
): string | undefined {
  for (let i = 0; i < expected.length; i++) {
    const [a, e] = [actual[i]!, expected[i]!]
    if (Object.is(a, e) || a === e || (Number.isNaN(a) && Number.isNaN(e))) continue
    if (!(Math.abs(a - e) <= absolute + relative * Math.abs(e)))
      return `element ${i}: got ${a}, expected ${e}`
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

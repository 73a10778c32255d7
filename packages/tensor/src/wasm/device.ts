import type { Device, DeviceInfo, DrawnKey, KernelCall, LeftRange, View } from '../device.ts'
import type { DType, TypedArray } from '../dtype.ts'
import { bytesPerElement, dtypes, requireDType } from '../dtype.ts'
import { DeviceError, OutOfMemoryError } from '../errors.ts'
import type { PrimitiveName, PrimitiveParams } from '../primitives.ts'
import { primitiveNames } from '../primitives.ts'
import type { HostView } from '../reference/host.ts'
import { packed } from '../reference/host.ts'
import { referenceKernels } from '../reference/index.ts'
import { checkIndices } from '../reference/move.ts'
import { formatShape, requireCount, sizeOf } from '../shape.ts'
import { f32x4, ModuleBuilder, v128 } from './asm/index.ts'
import { drawNormals } from './draw/kernels.ts'
import { fillBytes } from './move/bulk.ts'
import type { Heap } from './runtime/heap.ts'
import { narrowBlock } from './runtime/heap.ts'
import type { WasmContext } from './runtime/kernel.ts'
import { planHeap } from './runtime/memory-plan.ts'
import { KernelCache } from './runtime/module.ts'
import { packedWeightsIn } from './runtime/packed-weights.ts'
import { ThreadPool } from './runtime/pool.ts'
import { alone } from './runtime/tasks.ts'
import type { TileChoice, TileName } from './runtime/tile.ts'
import { planRelaxed, planTile, planWinograd } from './settings.ts'
import { kernelTable } from './table.ts'

export interface WasmDeviceOptions {
  /**
   * Use fused multiply-add, which changes results by less rounding. Default: TWEEDIE_RELAXED_SIMD (0 or 1, in Node),
   * else where the engine has it.
   */
  readonly relaxedSimd?: boolean
  /**
   * Limit of the device's memory in bytes. Default: TWEEDIE_MAX_BYTES (Node), else 4 GiB, all that 32-bit
   * addresses reach. Above that and up to 16 GiB, addresses have 64 bits, where the engine has such memories
   * (memory64: Node ≥ 24, Chrome ≥ 133); kernels are slower then (docs/adr/0012). Below, one tensor has less
   * than 2 GiB.
   */
  readonly maxBytes?: number
  /**
   * Threads to compute on, the caller's among them; they start when first needed. Default: TWEEDIE_THREADS
   * (Node), else one per core up to 8, or 1 where memory cannot be shared. Results do not depend on it.
   */
  readonly threads?: number
  /**
   * Register tile of products, for reproducible timings. Default: TWEEDIE_TILE (Node), else the fastest by a race in
   * the background of the process's first large products; or a choice of your own. Results do not depend on it.
   */
  readonly tile?: TileName | TileChoice
  /**
   * Allow Winograd's algorithm for 3×3 convolutions: up to three times as fast, with a larger rounding error, of some
   * 2⁻²⁰ of the largest output, and an infinite input makes its whole tile NaN (docs/adr/0008). Default: TWEEDIE_WINOGRAD (0 or 1, in Node), else allowed.
   */
  readonly winograd?: boolean
}

/** Whether the engine compiles SIMD code, plain or relaxed. */
function supports(relaxed: boolean): boolean {
  const m = new ModuleBuilder({ shared: false })
  m.procedure('probe', (f, x) => {
    const a = v128.load(x)
    f.emit(v128.store(x, relaxed ? f32x4.relaxedMadd(a, a, a) : f32x4.mul(a, a)))
  })
  return typeof WebAssembly === 'object' && WebAssembly.validate(m.bytes())
}

class WasmDevice implements Device {
  readonly name = 'wasm'
  readonly storesHalf = true
  readonly #heap: Heap
  readonly #context: WasmContext
  readonly #pool: ThreadPool | undefined
  /** Why so many threads, why fused multiply-add or not, and why Winograd's algorithm or not. */
  readonly #reasons: readonly [threads: string, relaxed: string, winograd: string]
  /** Calls per primitive that have a kernel but ran the reference loops. */
  readonly #uncovered = new Map<PrimitiveName, number>()

  constructor(options: WasmDeviceOptions) {
    if (!supports(false)) throw new DeviceError("wasm: no WebAssembly SIMD here; use the device 'reference'")
    const { relaxedSimd, reason: relaxedReason } = planRelaxed(options.relaxedSimd, supports(true))
    const tiles = planTile(options.tile, relaxedSimd)
    const { winograd, reason: winogradReason } = planWinograd(options.winograd)
    const { heap, threads, reason } = planHeap(options)
    const kernels = new KernelCache(heap, relaxedSimd)
    this.#heap = heap
    this.#reasons = [reason, relaxedReason, winogradReason]
    this.#pool = threads === 1 ? undefined : new ThreadPool(heap, kernels, threads)
    const weights = packedWeightsIn(heap)
    this.#context = { heap, kernels, threads: this.#pool ?? alone, tiles, winograd, weights }
  }

  info(): DeviceInfo {
    const { threads, notes } = this.#pool?.report() ?? { threads: 1, notes: [] }
    const memory = { ...this.#heap.usage(), packedWeights: this.#context.weights.bytes }
    const [ofThreads, ofRelaxed, ofWinograd] = this.#reasons
    const ran = [...this.#uncovered].map(([name, count]) => `${name} ×${count}`)
    return {
      name: this.name,
      backend: 'webassembly',
      threads,
      simd: true,
      dtypes,
      kernels: primitiveNames.filter((name) => kernelTable[name] !== 'reference'),
      notes: [
        `relaxed SIMD (fused multiply-add): ${this.#context.kernels.fused ? 'on' : 'off'} (${ofRelaxed})`,
        `${this.#pool === undefined ? 'single-threaded' : 'threads'}: ${ofThreads}`,
        this.#context.tiles.note,
        `Winograd convolutions: ${this.#context.winograd ? 'allowed' : 'forbidden'} (${ofWinograd})`,
        ...(memory.addressBits === 64
          ? [`memory64: 64-bit addresses, up to ${(memory.limit / 2 ** 30).toFixed(1)} GiB`]
          : []),
        ...notes,
        ...(ran.length === 0
          ? []
          : [`reference loops ran for a dtype or layout without kernel: ${ran.join(', ')}`]),
      ],
      rounding: { fusedMultiplyAdd: this.#context.kernels.fused, winograd: this.#context.winograd },
      reservedBytes: memory.reserved,
      memory,
    }
  }

  limitThreads(threads: number): number {
    return this.#pool?.limitTo(threads) ?? 1
  }

  allocate(dtype: DType, length: number): number {
    requireDType('allocate', dtype)
    requireCount('length', length)
    return this.#allocateBytes(length * bytesPerElement(dtype))
  }

  /** Between kernel runs their working areas are of no use, if room is short. */
  #allocateBytes(bytes: number): number {
    try {
      return this.#heap.allocate(bytes)
    } catch (error) {
      if (!(error instanceof OutOfMemoryError)) throw error
      this.#context.weights.clear()
      this.#heap.releaseScratch()
      return this.#heap.allocate(bytes)
    }
  }

  free(buffer: unknown, dtype: DType, length: number): void {
    this.#context.weights.forget(buffer as number)
    this.#heap.free(buffer as number, length * bytesPerElement(dtype))
  }

  write(buffer: unknown, dtype: DType, data: TypedArray): void {
    this.#context.weights.forget(buffer as number)
    this.#heap.view(dtype, buffer as number, data.length).set(data)
  }

  async read(buffer: unknown, dtype: DType, length: number): Promise<TypedArray> {
    return this.#heap.view(dtype, buffer as number, length).slice()
  }

  hostView(buffer: unknown, dtype: DType, length: number): TypedArray {
    return this.#heap.view(dtype, buffer as number, length)
  }

  normals(buffer: unknown, keys: readonly DrawnKey[], count: number): readonly LeftRange[] {
    this.#pool?.check()
    return drawNormals(buffer as number, keys, count, this.#context)
  }

  run<P extends PrimitiveName>(call: KernelCall<P>): number {
    this.#pool?.check()
    try {
      return this.#runOnce(call)
    } catch (error) {
      if (!(error instanceof OutOfMemoryError)) throw error
      this.#heap.releaseScratch()
    }
    // What other calls left stood in the way. A call changes nothing but its result, so it may start over.
    try {
      return this.#runOnce(call)
    } catch (error) {
      if (!(error instanceof OutOfMemoryError)) throw error
      throw error.within(`${call.primitive} giving ${call.dtype} ${formatShape(call.shape)}`)
    }
  }

  /** Kernels of 32-bit memories count the elements of a view, which may be of few bytes, in signed numbers. */
  #requireCountable({ primitive, inputs }: KernelCall): void {
    if (this.#context.heap.memoryType.address === 'i64') return
    for (const { shape } of inputs) {
      if (sizeOf(shape) > narrowBlock)
        throw new DeviceError(
          `wasm: ${primitive}: an input ${formatShape(shape)} has more elements than ${narrowBlock}, the most of ` +
            '32-bit addresses; work in parts, or make a device of more than 4 GiB (maxBytes)',
        )
    }
  }

  #runOnce<P extends PrimitiveName>(call: KernelCall<P>): number {
    const size = sizeOf(call.shape)
    const bytes = size * bytesPerElement(call.dtype)
    let out: number | undefined
    try {
      out = this.#heap.allocate(bytes)
      this.#requireCountable(call)
      if (size === 0) this.#checkIndices(call)
      else if (!this.#runKernel(call, out)) this.#runReference(call, out, size)
      return out
    } catch (error) {
      if (out !== undefined) this.#heap.free(out, bytes)
      // Among them may be memory for weights that the call did not come to pack.
      this.#context.weights.clear()
      throw error
    }
  }

  /** Indices are checked even where nothing is to be moved. */
  #checkIndices(call: KernelCall): void {
    const { primitive, inputs, params } = call
    if (primitive !== 'gather' && primitive !== 'scatterAdd') return
    const { axis, size } = params as PrimitiveParams['scatterAdd']
    const extent = primitive === 'gather' ? inputs[0]!.shape[axis]! : size
    checkIndices(primitive, packed(this.#hostOf(inputs[1]!)), extent)
  }

  /** A view on the whole memory from its block on: a window ends where its strides say. */
  #hostOf({ buffer, dtype, shape, strides, offset }: View): HostView {
    const heap = this.#heap
    const per = bytesPerElement(dtype)
    const data = heap.view(dtype, buffer as number, (heap.usage().reserved - (buffer as number)) / per)
    return { data, dtype, shape, strides, offset }
  }

  #runKernel<P extends PrimitiveName>(call: KernelCall<P>, out: number): boolean {
    const kernel = kernelTable[call.primitive]
    if (kernel === 'reference') return false
    const half = call.inputs.find((x) => x.half)?.half
    if (half?.run(kernel, call, out, this.#context) ?? kernel(call, out, this.#context)) return true
    this.#uncovered.set(call.primitive, (this.#uncovered.get(call.primitive) ?? 0) + 1)
    return false
  }

  #runReference<P extends PrimitiveName>(call: KernelCall<P>, out: number, size: number): void {
    const heap = this.#heap
    const inputs = call.inputs.map((input) => this.#hostOf(input))
    fillBytes(this.#context.kernels)(out, 0, size * bytesPerElement(call.dtype))
    const data = heap.view(call.dtype, out, size)
    referenceKernels[call.primitive](inputs, call.params, { data, dtype: call.dtype, shape: call.shape })
  }
}

/**
 * The device whose primitives are WebAssembly code that TypeScript emits at run time, with SIMD.
 * @throws {DeviceError} where the engine has no SIMD, or no relaxed SIMD or no shared memory though asked for.
 * @throws {DeviceError} for more `maxBytes` than the engine has.
 * @throws {OptionError} for a number of threads outside 1 … 64, an unknown tile, or a wrong environment variable.
 */
export const createWasmDevice = (options: WasmDeviceOptions = {}): Device => new WasmDevice(options)

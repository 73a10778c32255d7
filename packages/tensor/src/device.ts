import type { DType, TypedArray } from './dtype.ts'
import type { PrimitiveName, PrimitiveParams } from './primitives.ts'
import type { Shape } from './shape.ts'
import type { Tensor } from './tensor.ts'
import type { ModuleBuilder } from './wasm/asm/index.ts'

/** A wasm kernel, and one with its arguments. */
type Run = (...args: number[]) => void
export interface HalfCall {
  readonly run: Run
  readonly args: readonly number[]
}
/** Where wasm kernels come from. */
export interface HalfKernels {
  get(key: string, build: (m: ModuleBuilder) => void): Run
}
/** What the wasm device works with, as far as float16 has to know it. */
export interface HalfContext {
  readonly heap: { allocate(bytes: number): number; free(at: number, bytes: number): void }
  readonly kernels: HalfKernels
  readonly threads: { run(tasks: readonly (readonly HalfCall[])[]): void }
  readonly weights: { forget(buffer: number): void }
}

/** Weights row by row, as wasm kernels pack them. */
export interface WeightRows {
  /** Of the float32 that `use` is handed, in elements. */
  readonly strides: readonly number[]
  /** Working memory of each task, in bytes. */
  readonly work: number
  /** What packs a range of rows; `use` is handed where some of them start. */
  calls(
    range: { readonly from: number; readonly to: number },
    work: number,
    use: (at: number, rows: { readonly from: number; readonly to: number }) => HalfCall,
  ): HalfCall[]
}

/**
 * What is done with float16. It comes with the tensors that are stored so, so that a program without them does not hold its
 * code.
 */
export interface Half {
  /** All of a buffer in float32. */
  widened(buffer: TypedArray): Float32Array
  /** A tensor stored so. */
  store(values: ArrayLike<number>, shape: Shape, device: Device): Tensor
  /** Of the wasm device: a kernel on a call with inputs that are stored so. */
  run<P extends PrimitiveName, X extends HalfContext>(
    kernel: (call: KernelCall<P>, out: number, context: X) => boolean,
    call: KernelCall<P>,
    out: number,
    context: X,
  ): boolean
  /** Of the wasm device: weights for kernels that pack them row by row. */
  rows(w: View, at: number, unit: number, kernels: HalfKernels): WeightRows
}

/** A strided window on a device buffer; strides and offset count elements. */
export interface View {
  readonly buffer: unknown
  readonly dtype: DType
  readonly shape: Shape
  readonly strides: readonly number[]
  readonly offset: number
  /** Where the buffer holds float16, two to each of its float32; the type of the elements is float32 all the same. */
  readonly half?: Half | undefined
}

/** One primitive to run: inputs as views, and the shape and dtype its result must have. */
export interface KernelCall<P extends PrimitiveName = PrimitiveName> {
  readonly primitive: P
  readonly inputs: readonly View[]
  readonly params: PrimitiveParams[P]
  readonly shape: Shape
  readonly dtype: DType
}

/** What a device's memory holds, in bytes. */
export interface DeviceMemory {
  /** Held from the host, in use or free for reuse. */
  readonly reserved: number
  /** In buffers handed out, working areas among them, counted with their rounding. */
  readonly used: number
  /** The most that was ever in use. */
  readonly peak: number
  readonly limit: number
  /** Width of an address. */
  readonly addressBits: 32 | 64
  /** Bytes of the kernels' working areas, by name. They stay between calls. */
  readonly scratch: Readonly<Record<string, number>>
  /** Bytes of weights kept in the layouts of kernels. They are freed with their tensors, or where memory is short. */
  readonly packedWeights: number
}

/** What runs in fact, which may be less than what was asked for; `notes` says why. */
export interface DeviceInfo {
  readonly name: string
  /** The mechanism: `typescript`, `webassembly`, `webgl2`, `webgpu`, … */
  readonly backend: string
  readonly threads: number
  readonly simd: boolean
  readonly dtypes: readonly DType[]
  /** Primitives that run as kernels of this device's own; all others run the reference loops on its memory. */
  readonly kernels: readonly PrimitiveName[]
  readonly notes: readonly string[]
  /** Settings that change how results are rounded: devices that agree in them give the same bits. */
  readonly rounding?: Readonly<Record<string, boolean>>
  /** Bytes of memory the device holds from its host, in use or free for reuse. */
  readonly reservedBytes: number
  /** More about it, where the device manages its memory itself. */
  readonly memory?: DeviceMemory
}

/** A key of a random stream, as far as devices know it. */
export interface DrawnKey {
  readonly words: readonly [number, number]
}

/** Some of the numbers of one of several keys: `count` from place `from` on, a multiple of 4. */
export interface LeftRange {
  readonly key: number
  readonly from: number
  readonly count: number
}

/**
 * Where tensors live and primitives run: allocate, free, run, read back. A device knows nothing of
 * operator semantics, views or gradients. `run` returns a new buffer that holds the result in
 * row-major order.
 */
export interface Device {
  readonly name: string
  /** Bytes that every element takes in its memory, where that does not depend on the dtype. */
  readonly elementBytes?: number
  /** Whether it takes inputs that are stored as float16 where {@link View.half} says so. */
  readonly storesHalf?: true
  info(): DeviceInfo
  allocate(dtype: DType, length: number): unknown
  free(buffer: unknown, dtype: DType, length: number): void
  write(buffer: unknown, dtype: DType, data: TypedArray): void
  read(buffer: unknown, dtype: DType, length: number): Promise<TypedArray>
  /** A window on the live memory, valid until the next call of this device. CPU devices only. */
  hostView?(buffer: unknown, dtype: DType, length: number): TypedArray
  /** A copy of a buffer, at once, on devices that the host waits for; absent where it has a view, or cannot wait. */
  readSync?(buffer: unknown, dtype: DType, length: number): TypedArray
  /** On a device that cannot be waited for, and absent on all others: what `settled` does there. */
  settle?<T>(work: () => T): Promise<T>
  /** Sets the most threads that later calls use, for programs that run several devices at once. Returns the former limit. */
  limitThreads?(threads: number): number
  run<P extends PrimitiveName>(call: KernelCall<P>): unknown
  /**
   * Standard normals as `normal` draws them, bit for bit, into a float32 buffer: `count` of each key, key after key. Returns what
   * it leaves to the caller: ends of streams, and numbers of which it cannot tell how they round. CPU devices only.
   */
  normals?(buffer: unknown, keys: readonly DrawnKey[], count: number): readonly LeftRange[]
  /** A way of its own to run a recorded program again and again, or why it has none for this one. */
  compile?(recording: Recording): Promise<Executor | { readonly reason: string }>
}

/** A buffer that somebody holds until it is released. */
export interface HeldBuffer {
  readonly buffer: unknown
  release(): void
}

/** A buffer in a recording: of an input, of what the function closed over or made of numbers, or of a call's result. */
export interface Value {
  readonly dtype: DType
  readonly length: number
  /** What it holds, where that is known: a buffer of the device, or numbers. */
  constant?: HeldBuffer | TypedArray
}

/** One call; the buffers of its inputs' views are {@link Value}s. */
export interface RecordedCall {
  readonly call: KernelCall
  readonly result: Value
}

/** The calls of a function of tensors. */
export interface Recording {
  readonly device: Device
  readonly inputs: readonly (Value & { readonly shape: Shape })[]
  readonly calls: readonly RecordedCall[]
  /** Row-major results, each of a call of its own. */
  readonly outputs: readonly { readonly value: Value; readonly shape: Shape }[]
}

/** Runs a recording. */
export interface Executor {
  readonly kind: string
  /** Kernels of a run, where the device counts them. */
  readonly launches?: number
  /** What it holds. */
  readonly bytes: number
  /** Buffers of the outputs, for row-major buffers of the inputs. */
  run(inputs: readonly unknown[]): readonly unknown[] | Promise<readonly unknown[]>
  dispose(): void | Promise<void>
}

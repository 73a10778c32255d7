import type { DType, TypedArray } from './dtype.ts'
import type { PrimitiveName, PrimitiveParams } from './primitives.ts'
import type { Shape } from './shape.ts'
import type { Tensor } from './tensor.ts'
import type { ModuleBuilder } from './wasm/asm/index.ts'

/**
 * What is known of float16. It comes with the tensors that are stored so, so that a program without them does not hold its
 * code.
 */
export interface Half {
  /** An element of an array of bits. */
  widen(bits: Uint16Array, at: number): number
  /** The wasm kernel that widens a box, and the arguments of its calls that do so: see `half/emit.ts`, `half/boxes.ts`. */
  readonly emit: (m: ModuleBuilder) => void
  boxes(to: number, at: number, shape: Shape, strides: readonly number[]): number[][]
  /** A tensor stored so. */
  store(values: ArrayLike<number>, shape: Shape, device: Device): Tensor
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

/**
 * Where tensors live and primitives run: allocate, free, run, read back. A device knows nothing of
 * operator semantics, views or gradients. `run` returns a new buffer that holds the result in
 * row-major order.
 */
export interface Device {
  readonly name: string
  /** Whether it takes inputs that are stored as float16 where {@link View.half} says so. */
  readonly storesHalf?: true
  info(): DeviceInfo
  allocate(dtype: DType, length: number): unknown
  free(buffer: unknown, dtype: DType, length: number): void
  write(buffer: unknown, dtype: DType, data: TypedArray): void
  read(buffer: unknown, dtype: DType, length: number): Promise<TypedArray>
  /** A window on the live memory, valid until the next call of this device. CPU devices only. */
  hostView?(buffer: unknown, dtype: DType, length: number): TypedArray
  /** Sets the most threads that later calls use, for programs that run several devices at once. Returns the former limit. */
  limitThreads?(threads: number): number
  run<P extends PrimitiveName>(call: KernelCall<P>): unknown
}

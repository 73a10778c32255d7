export type {} from './platform.ts'

import type { Device, Half } from './device.ts'
import { getDevice } from './devices.ts'
import { evaluate } from './dispatch.ts'
import type { DType, TypedArray } from './dtype.ts'
import { DeviceError, DisposedTensorError, ShapeError } from './errors.ts'
import type { NestedValues, TensorJson } from './format.ts'
import { formatHead, formatTensor, jsonValues, nestedValues } from './format.ts'
import * as elementwise from './ops/elementwise.ts'
import { matmul } from './ops/matmul.ts'
import * as reduction from './ops/reduce.ts'
import * as shapes from './ops/shape-ops.ts'
import { adopt } from './scope.ts'
import type { Shape } from './shape.ts'
import { formatShape, isRowMajor, rowMajorStrides, sizeOf } from './shape.ts'
import { Storage } from './storage.ts'

const finaliser = new FinalizationRegistry<Storage>((storage) => storage.release())
let nextId = 1

type Operand = Tensor | number

/**
 * An immutable n-dimensional array: a shape, an element type and a strided view of a buffer on a
 * device. Ops never consume or change their inputs. Memory is freed by {@link dispose}, by `using`, by
 * leaving a `scope`, or in the end by the garbage collector.
 */
export class Tensor {
  /** Lets copies of this package recognise each other's tensors. */
  readonly isTweedieTensor = true
  /** Names the value: aliases share it, so a tape finds a value again whatever handle shows it. */
  readonly id: number
  readonly shape: Shape
  readonly dtype: DType
  readonly device: Device
  /** Strides and offset, in elements, of this view of the buffer. */
  readonly strides: readonly number[]
  readonly offset: number
  #held: Storage | undefined
  #watched = false

  private constructor(
    storage: Storage,
    shape: Shape,
    strides: readonly number[],
    offset: number,
    id: number,
  ) {
    this.#held = storage
    this.shape = shape
    this.dtype = storage.dtype
    this.device = storage.device
    this.strides = strides
    this.offset = offset
    this.id = id
  }

  /** @internal A new tensor that takes over one handle of `storage`; row-major where `strides` is undefined. */
  static make(storage: Storage, shape: Shape, strides?: readonly number[], offset = 0): Tensor {
    const tensor = new Tensor(storage, shape, strides ?? rowMajorStrides(shape), offset, nextId++)
    if (!adopt(tensor)) tensor.rehome()
    return tensor
  }

  /** @internal {@link Tensor.make} for modules that the class itself stands on: they import it as a type. */
  derive(storage: Storage, shape: Shape, strides?: readonly number[], offset = 0): Tensor {
    return Tensor.make(storage, shape, strides, offset)
  }

  get rank(): number {
    return this.shape.length
  }

  /** Number of elements. */
  get size(): number {
    return sizeOf(this.shape)
  }

  get isDisposed(): boolean {
    return this.#held === undefined
  }

  /** @throws {DisposedTensorError} after disposal. */
  get storage(): Storage {
    if (this.#held === undefined) {
      throw new DisposedTensorError(
        `tensor ${formatShape(this.shape)} ${this.dtype} was freed; keep it by returning it from its scope`,
      )
    }
    return this.#held
  }

  /** Where the elements, float32 to every computation, are stored as float16. */
  get half(): Half | undefined {
    return this.storage.half
  }

  /** The device's buffer, for kernels. */
  get buffer(): unknown {
    return this.storage.buffer
  }

  /** Whether the elements lie in row-major order without gaps. */
  get isContiguous(): boolean {
    return isRowMajor(this.shape, this.strides)
  }

  /** Gives up this handle; the last handle of a buffer frees it. Doing so twice does nothing. */
  dispose(): void {
    const storage = this.#held
    if (storage === undefined) return
    this.#held = undefined
    if (this.#watched) finaliser.unregister(this)
    storage.release()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  /** A second handle of the same value, owned by the caller alone: no scope frees it. */
  alias(): Tensor {
    return new Tensor(this.storage.retain(), this.shape, this.strides, this.offset, this.id)
  }

  /** A handle of the same memory that no tape connects with this value: the gradient stops here. */
  detach(): Tensor {
    return Tensor.make(this.storage.retain(), this.shape, this.strides, this.offset)
  }

  /** @internal Hands the tensor to the scope now innermost, or else to the garbage collector's finaliser. */
  rehome(): void {
    if (this.#watched || adopt(this)) return
    this.#watched = true
    finaliser.register(this, this.storage, this)
  }

  /** The elements in row-major order, copied to the host. */
  async data(): Promise<TypedArray> {
    if (this.device.hostView !== undefined) return this.dataSync()
    const packed = evaluate('contiguous', [this], {})
    try {
      return await this.device.read(packed.buffer, this.dtype, this.size)
    } finally {
      packed.dispose()
    }
  }

  /**
   * The elements in row-major order, copied to the host at once.
   * @throws {DeviceError} on a device whose memory the host cannot reach.
   */
  dataSync(): TypedArray {
    const { device, dtype, offset, size } = this
    const read = device.hostView ?? device.readSync
    if (read === undefined) {
      throw new DeviceError(
        `dataSync: the device '${device.name}' reads back asynchronously; use await x.data()`,
      )
    }
    const all = (x: Tensor): TypedArray => read.call(device, x.buffer, dtype, x.storage.length)
    if (this.isContiguous && this.half === undefined) return all(this).slice(offset, offset + size)
    const packed = evaluate('contiguous', [this], {})
    try {
      return all(packed).slice(0, size)
    } finally {
      packed.dispose()
    }
  }

  /**
   * The value of a tensor of one element.
   * @throws {ShapeError} for any other size.
   */
  async item(): Promise<number> {
    if (this.size !== 1) throw new ShapeError('item', `needs one element, got ${this.size}`, [this.shape])
    return (await this.data())[0]!
  }

  /** The same values on another device; no gradient flows across. */
  async to(device: string | Device): Promise<Tensor> {
    const target = typeof device === 'string' ? getDevice(device) : device
    if (target === this.device) return this.detach()
    const data = await this.data()
    if (this.half !== undefined) return this.half.store(data, this.shape, target)
    const buffer = target.allocate(this.dtype, data.length)
    target.write(buffer, this.dtype, data)
    return Tensor.make(new Storage(target, this.dtype, data.length, buffer), this.shape)
  }

  /**
   * The elements in nested arrays, a number or truth value for a scalar.
   * @throws {DeviceError} as {@link dataSync}.
   * @example
   * ```ts
   * import { tensor } from '@tweedie/tensor'
   * tensor([[1, 2], [3, 4]]).toArray() // => [[1, 2], [3, 4]]
   * ```
   */
  toArray(): NestedValues {
    const { dtype, shape } = this
    return nestedValues({ dtype, shape, data: this.dataSync(), strides: rowMajorStrides(shape), offset: 0 })
  }

  /**
   * Shape, element type, device and values, as `console.log` shows them in Node. Values are written as NumPy does: of more
   * than 1000 elements only the ends of each axis. Those on a device that reads back asynchronously are left out.
   * @example
   * ```ts
   * import { tensor } from '@tweedie/tensor'
   * String(tensor([0.5, -2])) // => 'Tensor [2] float32 on wasm: [ 0.5, -2. ]'
   * console.log(tensor([true, false])) // => Tensor [2] bool on wasm: [ true, false]
   * String(tensor([[1, 2], [3, 4]])).split('\n') // => ['Tensor [2, 2] float32 on wasm:', '[[1., 2.],', ' [3., 4.]]']
   * ```
   */
  toString(): string {
    const head = formatHead(this)
    if (this.isDisposed) return `${head} (freed)`
    const { device, dtype, shape, strides, offset, storage } = this
    if (device.hostView === undefined || storage.half) return `${head} (values by await x.data())`
    const data = device.hostView(storage.buffer, dtype, storage.length)
    return formatTensor(head, { data, dtype, shape, strides, offset })
  }

  /** @internal What Node's `console.log` and `util.inspect` show. */
  [Symbol.for('nodejs.util.inspect.custom')](depth: number): string {
    return depth < 0 ? `[${formatHead(this)}]` : this.toString()
  }

  /** Writes {@link toString} to the console. */
  print(): void {
    console.log(this.toString())
  }

  /**
   * What `JSON.stringify` writes: shape, element type and the elements in row-major order. `fromData(data, shape, { dtype })`
   * makes the tensor again, where all elements are finite.
   * @throws {DeviceError} as {@link dataSync}.
   * @example
   * ```ts
   * import { tensor } from '@tweedie/tensor'
   * JSON.stringify(tensor([[1, NaN]])) // => '{"shape":[1,2],"dtype":"float32","data":[1,"NaN"]}'
   * ```
   */
  toJSON(): TensorJson {
    const { shape, dtype } = this
    return { shape, dtype, data: jsonValues(this.dataSync(), dtype) }
  }

  // Fluent sugar: each is the function of the same name.
  add(other: Operand): Tensor {
    return elementwise.add(this, other)
  }
  sub(other: Operand): Tensor {
    return elementwise.sub(this, other)
  }
  mul(other: Operand): Tensor {
    return elementwise.mul(this, other)
  }
  div(other: Operand): Tensor {
    return elementwise.div(this, other)
  }
  pow(exponent: Operand): Tensor {
    return elementwise.pow(this, exponent)
  }
  neg(): Tensor {
    return elementwise.neg(this)
  }
  abs(): Tensor {
    return elementwise.abs(this)
  }
  exp(): Tensor {
    return elementwise.exp(this)
  }
  log(): Tensor {
    return elementwise.log(this)
  }
  sqrt(): Tensor {
    return elementwise.sqrt(this)
  }
  square(): Tensor {
    return elementwise.square(this)
  }
  clamp(min: number, max: number): Tensor {
    return elementwise.clamp(this, min, max)
  }
  cast(dtype: DType): Tensor {
    return elementwise.cast(this, dtype)
  }
  sum(axes?: number | readonly number[], keepDims?: boolean): Tensor {
    return reduction.sum(this, axes, keepDims)
  }
  mean(axes?: number | readonly number[], keepDims?: boolean): Tensor {
    return reduction.mean(this, axes, keepDims)
  }
  max(axes?: number | readonly number[], keepDims?: boolean): Tensor {
    return reduction.max(this, axes, keepDims)
  }
  min(axes?: number | readonly number[], keepDims?: boolean): Tensor {
    return reduction.min(this, axes, keepDims)
  }
  matmul(other: Tensor): Tensor {
    return matmul(this, other)
  }
  reshape(shape: Shape): Tensor {
    return shapes.reshape(this, shape)
  }
  transpose(permutation?: readonly number[]): Tensor {
    return shapes.transpose(this, permutation)
  }
  slice(...ranges: readonly shapes.Range[]): Tensor {
    return shapes.slice(this, ...ranges)
  }
  broadcastTo(shape: Shape): Tensor {
    return shapes.broadcastTo(this, shape)
  }
}

import type { Device, DeviceInfo, KernelCall, RecordedCall, Recording, Value } from '../device.ts'
import type { Interpreter } from '../dispatch.ts'
import { dispatchAt, withInterpreters } from '../dispatch.ts'
import type { DType, TypedArray } from '../dtype.ts'
import { DeviceError } from '../errors.ts'
import type { PrimitiveName } from '../primitives.ts'
import { scope } from '../scope.ts'
import { sizeOf } from '../shape.ts'
import { Storage } from '../storage.ts'
import type { Tensor } from '../tensor.ts'

const noReading = (): DeviceError =>
  new DeviceError(
    'record: the function looks at values of its inputs, which change; a recorded program cannot',
  )

/** Stands in for a device while a function is recorded: its buffers are {@link Value}s. */
class RecordingDevice implements Device {
  readonly name: string
  readonly storesHalf?: true
  readonly calls: RecordedCall[] = []
  readonly #real: Device

  constructor(real: Device) {
    this.name = real.name
    this.#real = real
    if (real.storesHalf) this.storesHalf = true
  }

  info(): DeviceInfo {
    return this.#real.info()
  }

  allocate(dtype: DType, length: number): Value {
    return { dtype, length }
  }

  free(): void {}

  write(buffer: unknown, _dtype: DType, data: TypedArray): void {
    ;(buffer as Value).constant = data.slice()
  }

  read(): Promise<TypedArray> {
    return Promise.reject(noReading())
  }

  readSync(): TypedArray {
    throw noReading()
  }

  run<P extends PrimitiveName>(call: KernelCall<P>): Value {
    const result = { dtype: call.dtype, length: sizeOf(call.shape) }
    this.calls.push({ call: call as KernelCall, result })
    return result
  }
}

/** Shows tensors of the real device to a recording as constants of it. */
class Lifting implements Interpreter {
  readonly #device: RecordingDevice
  readonly #real: Device
  readonly #values = new Map<Storage, Value>()

  constructor(device: RecordingDevice, real: Device) {
    this.#device = device
    this.#real = real
  }

  lift(x: Tensor): Tensor {
    if (x.device !== this.#real) return x
    const { dtype, length, half } = x.storage
    let value = this.#values.get(x.storage)
    if (value === undefined) {
      value = { dtype, length, constant: x.storage.retain() }
      this.#values.set(x.storage, value)
    }
    return x.derive(new Storage(this.#device, dtype, length, value, half), x.shape, x.strides, x.offset)
  }

  readonly run: Interpreter['run'] = (primitive, inputs, params, level) =>
    dispatchAt(
      level,
      primitive,
      inputs.some(({ device }) => device === this.#device) ? inputs.map((x) => this.lift(x)) : inputs,
      params,
    )

  /** Gives up the constants, where there will be no recording. */
  release(): void {
    for (const storage of this.#values.keys()) storage.release()
  }
}

/** Runs `fn` on stand-ins for tensors like `examples`, and notes what it does. Its constants are held. */
export function trace(
  fn: (...inputs: Tensor[]) => Tensor | readonly Tensor[],
  examples: readonly Tensor[],
): Recording {
  const real = examples[0]!.device
  const device = new RecordingDevice(real)
  const lifting = new Lifting(device, real)
  const contiguous = (x: Tensor): Value => lifting.run('contiguous', [x], {}, -1).buffer as Value
  try {
    return withInterpreters([lifting], () => {
      let recording: Recording | undefined
      scope(() => {
        const inputs = examples.map(({ dtype, shape }) => ({ dtype, shape, length: sizeOf(shape) }))
        const given = inputs.map((value, i) => {
          return examples[i]!.derive(new Storage(device, value.dtype, value.length, value), value.shape)
        })
        const returned = fn(...given)
        const results = ('isTweedieTensor' in returned ? [returned] : returned) as readonly Tensor[]
        const made = new Set(device.calls.map(({ result }) => result))
        const outputs = results.map((x) => {
          const y = lifting.lift(x)
          const whole = y.isContiguous && y.offset === 0 && y.storage.length === y.size
          // Each output is a buffer of its own.
          const value = whole && made.delete(y.buffer as Value) ? (y.buffer as Value) : contiguous(y)
          return { value, shape: y.shape }
        })
        recording = { device: real, inputs, calls: device.calls, outputs }
      })
      return recording!
    })
  } catch (error) {
    lifting.release()
    throw error
  }
}

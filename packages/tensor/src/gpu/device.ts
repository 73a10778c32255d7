import type { DeviceInfo, Executor, KernelCall, Recording, View } from '../device.ts'
import type { DType, TypedArray } from '../dtype.ts'
import { allocateHost } from '../dtype.ts'
import { DeviceError } from '../errors.ts'
import type { PrimitiveName } from '../primitives.ts'
import { sizeOf } from '../shape.ts'
import type { Attempts } from './attempts.ts'
import { attempt } from './attempts.ts'
import { GpuBuffer, releaseBuffer } from './buffer.ts'
import { CompiledKernels } from './compiled.ts'
import type { Planner, Program } from './kernels/program.ts'
import { coveredPrimitives, gpuKernels, growing } from './kernels/table.ts'
import type { Surroundings } from './limits.ts'
import { DeviceLostError } from './lost.ts'
import { PackedWeights } from './packed-weights.ts'
import { Pending } from './pending.ts'
import { planOf } from './plan.ts'
import { Programs } from './programs.ts'
import type { KernelRunner } from './runner.ts'
import type { GpuDevice, GpuStats } from './stats.ts'
import type { Fill } from './work.ts'
import { WorkQueue } from './work.ts'

const dtypes: readonly DType[] = ['float32', 'bool', 'int32']

/** Elements of an upload that the host keeps as long as the buffer lives, so that it can be read at once anywhere. */
const keptElements = 2 ** 18

/** Elements of a result that a graphics processor has threads for, four to each. */
const manyElements = 2 ** 17

/** Kernels that wait for each other, at most. */
const mostWaiting = 4096

/**
 * float32, bool (as 0 and 1) and int32 (as whole numbers that floats hold) in float textures or buffers; every primitive a generated
 * gpu.js kernel, or an error.
 */
export class GpuJsDevice implements GpuDevice {
  readonly name = 'gpu'
  readonly #runner: KernelRunner
  readonly #where: Surroundings
  readonly #kernels: CompiledKernels
  readonly #work: WorkQueue
  readonly #notes: readonly string[]
  /** Elements of a contraction from which on a thread computes several. */
  readonly #wideFrom: number
  readonly #programs = new Programs()
  readonly #pending = new Pending()
  readonly #packed = new PackedWeights((copy) => this.#giveUp(copy))
  /** Buffers to give back once what waits has read them. */
  #leaving = new Set<GpuBuffer>()
  /** Bytes of recorded programs. */
  #planned = 0
  #buffers = 0
  #launches = 0
  #movedBytes = 0
  #bytes = 0
  #closed = false
  #reason = 'as asked for'
  /** Of the work that is being done, on a backend that cannot be read at once. */
  #attempts: Attempts | undefined

  constructor(
    runner: KernelRunner,
    where: Surroundings,
    notes: readonly string[] = [],
    maxKernels: number = runner.traits.maxKernels,
    wideFrom: number = manyElements,
  ) {
    this.#wideFrom = runner.wide ? wideFrom : Number.POSITIVE_INFINITY
    this.#runner = runner
    this.#where = where
    this.#work = new WorkQueue(runner.backend, runner.traits.async)
    this.#notes = notes
    this.#kernels = new CompiledKernels(runner, maxKernels)
    if (runner.traits.async) {
      const during = (attempts?: Attempts) => {
        this.#attempts = attempts
      }
      this.settle = (work) => attempt(work, during, (buffer) => this.free(buffer))
    }
  }

  /** Says why its backend is the one. */
  chosen(reason: string): void {
    this.#reason = reason
  }

  /** Whether it can no longer be used. */
  get isGone(): boolean {
    return this.#closed || this.#where.lost() !== undefined
  }

  /** Whether its renderer is a program on the processor. */
  get isSoftware(): boolean {
    return this.#where.software
  }

  /** Floats, whatever they stand for. */
  readonly elementBytes = 4

  info(): DeviceInfo {
    return {
      name: this.name,
      backend: this.#runner.backend,
      threads: 1,
      simd: this.#runner.backend === 'webasm',
      dtypes,
      kernels: coveredPrimitives,
      notes: [
        'gpu.js; a primitive without kernel is an error, never a fallback',
        `a buffer holds at most ${this.#where.maxElements} elements (${this.#where.limit})`,
        ...this.#where.notes,
        `backend ${this.#runner.backend}: ${this.#reason}`,
        ...this.#notes,
      ],
      reservedBytes:
        this.#bytes +
        this.#packed.bytes +
        this.#planned +
        this.#where.spareBytes() +
        (this.#runner.traits.resident ? this.#kernels.heldBytes : 0),
    }
  }

  stats(): GpuStats {
    this.#sendOff()
    return {
      buffers: this.#buffers,
      bytes: this.#bytes,
      packedWeights: this.#packed.bytes,
      kernels: this.#kernels.size,
      launches: this.#launches,
      movedBytes: this.#movedBytes,
    }
  }

  allocate(dtype: DType, length: number): GpuBuffer {
    this.#requireDType('allocate', dtype)
    return this.#newBuffer(length)
  }

  free(buffer: unknown): void {
    const target = buffer as GpuBuffer
    if (target.freed || this.#attempts?.keeps(target)) return
    this.#packed.forget(target)
    target.values = undefined
    if (target.length > 0) this.#buffers--
    this.#bytes -= target.bytes
    this.#giveUp(target)
  }

  /** Gives a buffer back, once what waits has read it. */
  #giveUp(target: GpuBuffer): void {
    target.freed = true
    if (this.#pending.reads(target)) this.#leaving.add(target)
    else this.#giveBack(target)
  }

  #giveBack(target: GpuBuffer): void {
    void this.#work.do('free', () => releaseBuffer(target))
  }

  write(buffer: unknown, dtype: DType, data: TypedArray): void {
    const target = buffer as GpuBuffer
    this.#requireDType('write', dtype)
    if (data.length !== target.length) {
      throw new DeviceError(`gpu: write: ${data.length} values for a buffer of ${target.length}`)
    }
    const values = new Float32Array(data)
    const lost = dtype === 'int32' ? data.findIndex((value, i) => value !== values[i]) : -1
    if (lost >= 0) {
      throw new DeviceError(
        `gpu: write: ${data[lost]} is a whole number that no float holds, and integers are floats here; use another device`,
      )
    }
    if (this.#pending.reads(target)) this.#sendOff()
    this.#packed.forget(target)
    target.values = values
    target.sent = false
    this.#attempts?.write(target, values)
  }

  async read(buffer: unknown, dtype: DType, length: number): Promise<TypedArray> {
    try {
      return this.#host(
        (await this.#fetch(buffer as GpuBuffer, dtype, length)) as Float32Array,
        dtype,
        length,
      )
    } catch (error) {
      await this.#where.afterFailure()
      this.#requireContext()
      throw error
    }
  }

  /**
   * What `read` promises, at once: on a backend that can be waited for, of small uploads, and within {@link settle}.
   * @throws {DeviceError} anywhere else.
   */
  readSync(buffer: unknown, dtype: DType, length: number): TypedArray {
    return this.#host(this.#valuesNow(buffer as GpuBuffer, dtype, length), dtype, length)
  }

  #valuesNow(source: GpuBuffer, dtype: DType, length: number): Float32Array {
    const fetch = () => this.#fetch(source, dtype, length) as Float32Array
    if (source.values !== undefined) return source.values
    if (!this.#runner.traits.async) return fetch()
    if (this.#attempts !== undefined) return this.#attempts.read(source, async () => await fetch())
    throw new DeviceError(
      `dataSync: the device 'gpu' reads back asynchronously on ${this.#runner.backend}; use await x.data()`,
    )
  }

  readonly settle?: <T>(work: () => T) => Promise<T>

  /** The values of a buffer, or on an asynchronous backend a promise of them. */
  #fetch(source: GpuBuffer, dtype: DType, length: number): unknown {
    this.#requireOpen()
    this.#requireDType('read', dtype)
    if (length === 0) return new Float32Array(0)
    if (source.values !== undefined) return source.values
    this.#sendOff()
    return this.#work.do('read', () => this.#kernels.download(source))
  }

  #host(values: Float32Array, dtype: DType, length: number): TypedArray {
    this.#requireContext()
    const trouble = this.#where.trouble()
    if (trouble !== undefined) {
      this.#packed.clear() // some of them may be among what is lost
      throw new DeviceError(`gpu (${this.#runner.backend}): results since the last read are lost: ${trouble}`)
    }
    const out = allocateHost(dtype, length)
    out.set(length === values.length ? values : values.subarray(0, length))
    return out
  }

  run<P extends PrimitiveName>(call: KernelCall<P>): GpuBuffer {
    return this.#attempts?.run(call as KernelCall, () => this.#run(call)) ?? this.#run(call)
  }

  #run<P extends PrimitiveName>(call: KernelCall<P>): GpuBuffer {
    this.#requireOpen()
    const program = this.#programOf(call as KernelCall)
    const size = sizeOf(call.shape)
    if (size === 0) return this.#newBuffer(0)
    if (program === undefined) return this.#zeros(size)
    const result = this.#newBuffer(size, call.primitive)
    for (const { length } of program) this.#requireSize(call.primitive, length)
    const inputs = call.inputs.map(({ buffer }) => buffer as GpuBuffer)
    for (const input of inputs) this.#send(input)
    const idle = this.#pending.size === 0
    const packed = this.#packed.find(call as KernelCall, program)
    if (packed?.ready === false) this.#pending.add(call.primitive, packed.layout, inputs, packed.copy)
    if (packed === undefined) this.#pending.add(call.primitive, program, inputs, result)
    else this.#pending.add(call.primitive, packed.rest, [...inputs, packed.copy], result)
    if (idle) queueMicrotask(() => this.#sendOff())
    if (this.#pending.size > mostWaiting) this.#sendOff()
    return result
  }

  /** The kernels of a call; none where its result is empty, or zeros. */
  #programOf(call: KernelCall, wideFrom = this.#wideFrom): Program | undefined {
    const planner = gpuKernels[call.primitive]
    if (planner === 'none') {
      const have = coveredPrimitives.join(', ')
      throw new DeviceError(
        `gpu: no kernel for ${call.primitive}; this device has: ${have}. Use another device`,
      )
    }
    for (const { dtype } of [...call.inputs, call]) this.#requireDType(call.primitive, dtype)
    if (call.dtype === 'int32' && growing.has(call.primitive)) {
      throw new DeviceError(
        `gpu: ${call.primitive}: no arithmetic of int32 here: floats hold no integers past 2^24 exactly; use another device, or float32`,
      )
    }
    const empty = (input: View): boolean => sizeOf(input.shape) === 0
    // Sums over nothing, products of nothing, and what surrounds nothing are zero.
    const addends = call.inputs.length > 2 && call.primitive.startsWith('fused')
    const zeros = call.primitive !== 'concat' && !addends && call.inputs.some(empty)
    if (zeros || empty(call as unknown as View)) return undefined
    return this.#programs.of(call, planner as Planner<PrimitiveName>, wideFrom)
  }

  /** A recorded program as one plan of gpu.js, where that runs plans as a whole. */
  async compile(recording: Recording): Promise<Executor | { readonly reason: string }> {
    this.#requireOpen()
    // In plans of gpu.js arrays that a thread returns cannot be read by the next kernel.
    const narrow = (call: KernelCall) => this.#programOf(call, Number.POSITIVE_INFINITY)
    const plan = await planOf(recording, this, this.#runner, narrow)
    if ('reason' in plan) return plan
    this.#planned += plan.bytes
    return {
      ...plan,
      dispose: async () => {
        this.#planned -= plan.bytes
        await plan.dispose()
      },
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#sendOff()
    this.#packed.clear()
    this.#closed = true
    await this.#work.do('close', () => {})
    this.#kernels.clear()
    await this.#runner.destroy()
    this.#where.close()
  }

  #zeros(length: number): GpuBuffer {
    const buffer = this.#newBuffer(length)
    this.write(buffer, 'float32', new Float32Array(length))
    return buffer
  }

  /**
   * Sends off what waits, as few kernels: when a result is looked at, much waits, or the program that asks pauses. Whatever
   * goes wrong stays in the buffers for whoever reads them.
   */
  #sendOff(): void {
    if (this.#pending.size === 0 || this.#closed) return
    const { steps, outside, results, what, scalar } = this.#pending.take()
    const leaving = this.#leaving
    this.#leaving = new Set()
    const made = steps.map(({ length }, i) => results.get(i) ?? new GpuBuffer(length))
    const lastReader = new Map<number, number>()
    steps.forEach(({ inputs }, i) => inputs.forEach((from) => lastReader.set(from, i)))
    this.#launches += steps.length
    const fills = steps.map((step, i): Fill => {
      const target = made[i]!
      const inputs = step.inputs.map((from) => (from < 0 ? outside[-1 - from]! : made[from]!))
      const scalars = step.scalars.map(([of, k]) => scalar(of, k))
      this.#movedBytes += inputs.reduce((sum, input) => sum + input.bytes, target.bytes)
      const done = inputs.filter((input, k) => {
        const from = step.inputs[k]!
        return lastReader.get(from) === i && (from < 0 ? leaving.delete(input) : !results.has(from))
      })
      for (const input of done) input.freed = true
      return {
        ...{ target, what: what(step.origin) },
        job: () => this.#kernels.step(step, inputs, scalars, target),
        after: () => done.forEach(releaseBuffer),
      }
    })
    this.#work.fillAll(fills)
    for (const unread of leaving) this.#giveBack(unread)
  }

  /** Has the values of a buffer that still waits for them sent off, before what is asked for next. */
  #send(target: GpuBuffer): void {
    const { values } = target
    if (values === undefined || target.sent) return
    target.sent = true
    if (values.length > keptElements) target.values = undefined
    this.#work.fill(target, 'write', () => this.#kernels.upload(target, values))
  }

  #newBuffer(length: number, what = 'allocate'): GpuBuffer {
    this.#requireOpen()
    this.#requireSize(what, length)
    const buffer = new GpuBuffer(length)
    if (length > 0) this.#buffers++
    this.#bytes += buffer.bytes
    return buffer
  }

  #requireOpen(): void {
    if (this.#closed) throw new DeviceError('gpu: the device was closed; call loadGpu() again')
    this.#requireContext()
  }

  #requireContext(): void {
    const lost = this.#where.lost()
    if (lost !== undefined) throw new DeviceLostError(this.#runner.backend, lost)
  }

  #requireDType(what: string, dtype: DType): void {
    if (dtypes.includes(dtype)) return
    throw new DeviceError(
      `gpu: ${what}: no ${dtype} here (its kernels compute in float32); this device has ${dtypes.join(', ')}`,
    )
  }

  #requireSize(what: string, length: number): void {
    const { maxElements, limit } = this.#where
    if (length <= maxElements) return
    throw new DeviceError(
      `gpu: ${what}: ${length} elements exceed ${maxElements}, the most one buffer holds here (${limit})`,
    )
  }
}

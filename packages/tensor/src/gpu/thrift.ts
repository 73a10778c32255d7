/*
 * gpu.js gives every kernel a command buffer, a submission, a fresh result buffer and a bind group of its own, and writes its
 * parameters anew each time: some tens of microseconds of the processor's time, more than most kernels compute. What it calls
 * is the public interface of WebGPU, so the device it calls is made thrifty: commands go into one command buffer until
 * somebody waits for them, buffers that are done with are handed out again, bind groups are remembered, and
 * what is already in a buffer is not written again. The order of the commands, and so every result, is the same.
 */

/** The parts of WebGPU that are changed here, as gpu.js calls them. */
interface Buffer {
  readonly size: number
  readonly usage: number
  destroy(): void
}

interface Pass {
  setPipeline(pipeline: unknown): void
  setBindGroup(index: number, group: object): void
  dispatchWorkgroups(x: number, y?: number, z?: number): void
  end(): void
}

interface Encoder {
  beginComputePass(): Pass
  copyBufferToBuffer(
    source: Buffer,
    sourceOffset: number,
    target: Buffer,
    targetOffset: number,
    size: number,
  ): void
  finish(): object
}

interface Queue {
  submit(commands: readonly object[]): void
  writeBuffer(buffer: Buffer, offset: number, data: ArrayBuffer | ArrayBufferView): void
}

interface BufferDescriptor {
  readonly size: number
  readonly usage: number
  readonly mappedAtCreation?: boolean
}

interface BindGroupDescriptor {
  readonly layout: object
  readonly entries: readonly { readonly resource: { readonly buffer: Buffer } }[]
}

/** A `GPUDevice`, as far as it is used here. */
export interface WebGpuDevice {
  readonly queue: Queue
  createBuffer(descriptor: BufferDescriptor): Buffer
  createBindGroup(descriptor: BindGroupDescriptor): object
  createCommandEncoder(): Encoder
}

/** Usages of a buffer, numbers of the WebGPU specification. */
const [copyTarget, uniform, ofResults] = [0x0008, 0x0040, 0x0080 | 0x0004]

/** Kernels in one command buffer, at most: the device begins with these while the next ones are written. */
const mostKernels = 48
/** Bytes of buffers that wait to be handed out again, and bind groups that are remembered, at most. */
const [mostBytes, mostGroups] = [2 ** 28, 4096]

/** Buffers that are done with, by size, the newest handed out first. */
class Spare {
  readonly #bySize = new Map<number, Buffer[]>()
  readonly #discard: (buffer: Buffer) => void
  #bytes = 0

  constructor(discard: (buffer: Buffer) => void) {
    this.#discard = discard
  }

  get bytes(): number {
    return this.#bytes
  }

  take(size: number): Buffer | undefined {
    const buffer = this.#bySize.get(size)?.pop()
    if (buffer !== undefined) this.#bytes -= size
    return buffer
  }

  put(buffer: Buffer): void {
    if (this.#bySize.get(buffer.size)?.includes(buffer)) return // destroying twice is harmless
    const same = this.#bySize.get(buffer.size) ?? []
    this.#bySize.delete(buffer.size)
    this.#bySize.set(buffer.size, same) // sizes in the order of their last return: what is no longer asked for goes first
    same.push(buffer)
    this.#bytes += buffer.size
    this.#shrink(mostBytes)
  }

  clear(): void {
    this.#shrink(0)
  }

  #shrink(most: number): void {
    for (const [size, buffers] of this.#bySize) {
      while (this.#bytes > most && buffers.length > 0) {
        this.#bytes -= size
        this.#discard(buffers.shift()!)
      }
      if (buffers.length === 0) this.#bySize.delete(size)
      if (this.#bytes <= most) return
    }
  }
}

/** Bind groups by layout and buffers, which count by the numbers they are given here. */
class Groups {
  readonly #numbers = new WeakMap<object, number>()
  readonly #groups = new Map<string, object>()
  readonly #written = new WeakMap<object, readonly Buffer[]>()
  #next = 0

  /** The buffers of a group into which the host may write. */
  writtenBy(group: object): readonly Buffer[] {
    return this.#written.get(group) ?? []
  }

  of({ layout, entries }: BindGroupDescriptor, make: () => object): object {
    const buffers = entries.map(({ resource }) => resource.buffer)
    const key = [layout, ...buffers].map((part) => this.#number(part)).join()
    let group = this.#groups.get(key)
    this.#groups.delete(key)
    if (group === undefined) {
      group = make()
      this.#written.set(
        group,
        buffers.filter(({ usage }) => (usage & copyTarget) !== 0),
      )
    }
    this.#groups.set(key, group)
    if (this.#groups.size > mostGroups) this.#groups.delete(this.#groups.keys().next().value!)
    return group
  }

  /** Forgets all: buffers of some have been destroyed. */
  clear(): void {
    this.#groups.clear()
  }

  #number(part: object): number {
    let number = this.#numbers.get(part)
    if (number === undefined) this.#numbers.set(part, (number = this.#next++))
    return number
  }
}

/** What a device keeps for later. */
export interface Thrift {
  /** Bytes of buffers that wait to be handed out again. */
  spareBytes(): number
  /** Gives them back. */
  clear(): void
}

const made = new WeakMap<WebGpuDevice, Thrift>()

/**
 * Changes a WebGPU device so that many kernels cost little more than one; a device that has been changed is left as it is.
 * Only what gpu.js asks of a device for computing is kept: compute passes, copies between buffers, and writing into buffers.
 */
export function thrifty(device: WebGpuDevice): Thrift {
  const before = made.get(device)
  if (before !== undefined) return before
  const { queue } = device
  const real = {
    createBuffer: device.createBuffer.bind(device),
    createBindGroup: device.createBindGroup.bind(device),
    createCommandEncoder: device.createCommandEncoder.bind(device),
    submit: queue.submit.bind(queue),
    writeBuffer: queue.writeBuffer.bind(queue),
  }
  const destroys = new WeakMap<Buffer, () => void>()
  const groups = new Groups()
  const spare = new Spare((buffer) => {
    flush()
    groups.clear()
    destroys.get(buffer)!()
  })
  /** What parameters a buffer holds. */
  const contents = new WeakMap<Buffer, Uint8Array>()
  let encoder: Encoder | undefined
  let pass: Pass | undefined
  let kernels = 0
  let copied = false
  let timer = false
  /** Buffers that commands which have not been submitted find as they are now. */
  const awaited = new Set<Buffer>()

  function endPass(): void {
    pass?.end()
    pass = undefined
  }

  function flush(): void {
    if (encoder === undefined) return
    endPass()
    const commands = encoder.finish()
    encoder = undefined
    kernels = 0
    copied = false
    awaited.clear()
    real.submit([commands])
  }

  const current = (): Encoder => (encoder ??= real.createCommandEncoder())

  const sharedPass: Pass = {
    setPipeline: (pipeline) => pass!.setPipeline(pipeline),
    setBindGroup(index, group) {
      pass!.setBindGroup(index, group)
      for (const buffer of groups.writtenBy(group)) awaited.add(buffer)
    },
    dispatchWorkgroups(x, y, z) {
      pass!.dispatchWorkgroups(x, y, z)
      kernels++
    },
    end() {},
  }
  const sharedEncoder: Encoder = {
    beginComputePass() {
      pass ??= current().beginComputePass()
      return sharedPass
    },
    copyBufferToBuffer(...copy) {
      endPass()
      current().copyBufferToBuffer(...copy)
      copied = true
    },
    finish: () => sharedEncoder,
  }

  function createBuffer(descriptor: BufferDescriptor): Buffer {
    const { size, usage, mappedAtCreation = false } = descriptor
    const pooled = usage === ofResults && !mappedAtCreation
    const known = pooled ? spare.take(size) : undefined
    if (known !== undefined) return known
    const buffer = real.createBuffer(descriptor)
    destroys.set(buffer, buffer.destroy.bind(buffer))
    buffer.destroy = pooled
      ? () => spare.put(buffer)
      : () => {
          flush()
          destroys.get(buffer)!()
        }
    return buffer
  }

  function writeBuffer(buffer: Buffer, offset: number, data: ArrayBuffer | ArrayBufferView): void {
    if (offset === 0 && (buffer.usage & uniform) !== 0) {
      const bytes = ArrayBuffer.isView(data)
        ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
        : new Uint8Array(data)
      const held = contents.get(buffer)
      if (held?.length === bytes.length && held.every((byte, i) => byte === bytes[i])) return
      contents.set(buffer, new Uint8Array(bytes))
    }
    if (awaited.has(buffer)) flush()
    real.writeBuffer(buffer, offset, data)
  }

  function submit(commands: readonly object[]): void {
    if (commands.some((command) => command !== sharedEncoder)) {
      flush()
      real.submit(commands)
      return
    }
    // A copy is about to be waited for.
    if (copied || kernels >= mostKernels) flush()
    if (encoder === undefined || timer) return
    timer = true
    setTimeout(() => {
      timer = false
      flush()
    }, 0)
  }

  Object.assign(device, {
    createBuffer,
    createBindGroup: (descriptor: BindGroupDescriptor) =>
      groups.of(descriptor, () => real.createBindGroup(descriptor)),
    createCommandEncoder: () => sharedEncoder,
  })
  Object.assign(queue, { submit, writeBuffer })
  const thrift: Thrift = {
    spareBytes: () => spare.bytes,
    clear: () => spare.clear(),
  }
  made.set(device, thrift)
  return thrift
}

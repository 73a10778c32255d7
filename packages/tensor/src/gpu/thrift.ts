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

/**
 * Buffers that are done with, by size. The one that came back first of all is handed out first, so that a program that repeats itself soon
 * has the same buffers in the same places each time, for which bind groups are there.
 */
class Spare {
  readonly #bySize = new Map<number, Buffer[]>()
  readonly #ages = new WeakMap<Buffer, number>()
  #made = 0
  readonly #all = new Set<Buffer>()
  readonly #discard: (buffer: Buffer) => void
  #bytes = 0

  constructor(discard: (buffer: Buffer) => void) {
    this.#discard = discard
  }

  get bytes(): number {
    return this.#bytes
  }

  take(size: number): Buffer | undefined {
    const alike = this.#bySize.get(size)
    if (alike === undefined || alike.length === 0) return undefined
    let first = 0
    for (let i = 1; i < alike.length; i++)
      if (this.#ages.get(alike[i]!)! < this.#ages.get(alike[first]!)!) first = i
    const [buffer] = alike.splice(first, 1) as [Buffer]
    this.#all.delete(buffer)
    this.#bytes -= size
    return buffer
  }

  /** Keeps a buffer; destroying it twice is harmless. */
  put(buffer: Buffer): void {
    if (this.#all.has(buffer)) return
    if (!this.#ages.has(buffer)) this.#ages.set(buffer, this.#made++)
    const { size } = buffer
    const alike = this.#bySize.get(size)
    if (alike === undefined) this.#bySize.set(size, [buffer])
    else alike.push(buffer)
    this.#all.add(buffer)
    this.#bytes += size
    this.shrink(mostBytes)
  }

  /** Gives back what has waited longest until so many bytes are left. */
  shrink(most: number): void {
    for (const buffer of this.#all) {
      if (this.#bytes <= most) return
      const alike = this.#bySize.get(buffer.size)!
      alike.splice(alike.indexOf(buffer), 1)
      this.#all.delete(buffer)
      this.#bytes -= buffer.size
      this.#discard(buffer)
    }
  }
}

/** A bind group, and its buffers into which the host may write. */
interface Group {
  readonly group: object
  readonly written: readonly Buffer[]
}

type Branch = Map<object, Branch | Group>

/** Bind groups by layout and buffers, one branch after the other. */
class Groups {
  #root: Branch = new Map()
  #size = 0

  of({ layout, entries }: BindGroupDescriptor, make: () => object): Group {
    let branch = this.#root
    let part: object = layout
    for (const { resource } of entries) {
      let next = branch.get(part) as Branch | undefined
      if (next === undefined) branch.set(part, (next = new Map()))
      branch = next
      part = resource.buffer
    }
    const known = branch.get(part) as Group | undefined
    if (known !== undefined) return known
    if (this.#size >= mostGroups) this.clear()
    const buffers = entries.map(({ resource }) => resource.buffer)
    const made = { group: make(), written: buffers.filter(({ usage }) => (usage & copyTarget) !== 0) }
    branch.set(part, made)
    this.#size++
    return made
  }

  /** Forgets all: they are too many, or buffers of some have been destroyed. */
  clear(): void {
    this.#root = new Map()
    this.#size = 0
  }
}

/** Parameters as whole numbers of four bytes, which they are made of. */
const wordsOf = (data: ArrayBuffer | ArrayBufferView): Uint32Array =>
  ArrayBuffer.isView(data)
    ? new Uint32Array(data.buffer, data.byteOffset, data.byteLength / 4)
    : new Uint32Array(data)

function same(a: Uint32Array, b: Uint32Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
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
  const contents = new WeakMap<Buffer, Uint32Array>()
  let encoder: Encoder | undefined
  let pass: Pass | undefined
  let kernels = 0
  let copied = false
  let timer = false
  /** Groups of commands that have not been submitted, which are to find their buffers as they are now. */
  let awaited: Group[] = []

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
    awaited = []
    real.submit([commands])
  }

  const current = (): Encoder => (encoder ??= real.createCommandEncoder())

  const sharedPass: Pass = {
    setPipeline: (pipeline) => pass!.setPipeline(pipeline),
    setBindGroup(index, own) {
      pass!.setBindGroup(index, (own as Group).group)
      awaited.push(own as Group)
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
    // Own properties: asking the device costs more than what is done with the answer.
    Object.defineProperties(buffer, { size: { value: size }, usage: { value: usage } })
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
      const words = wordsOf(data)
      const held = contents.get(buffer)
      if (held !== undefined && same(held, words)) return
      contents.set(buffer, words.slice())
    }
    if (awaited.some(({ written }) => written.includes(buffer))) flush()
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
    clear: () => spare.shrink(0),
  }
  made.set(device, thrift)
  return thrift
}

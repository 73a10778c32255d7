import type { WebGpuDevice } from './thrift.ts'

/** A buffer of {@link fakeWebGpu}, with what is in it. */
export interface FakeBuffer {
  readonly size: number
  readonly usage: number
  readonly data: Float32Array
  destroyed: boolean
  destroy(): void
}

/** What a pipeline computes of its inputs, number by number. */
export interface FakePipeline {
  readonly name: string
  readonly of: (inputs: readonly number[], scalar: number) => number
}

type Command = () => void

/** Bytes of a buffer that has contents. */
const most = 2 ** 20

/**
 * A WebGPU device on the host, so far as gpu.js computes with one: commands are done when they are submitted, in order, and find
 * buffers as they are then. Bind groups hold parameters (one number), inputs and the result. What the specification forbids throws.
 */
export function fakeWebGpu() {
  const counts = { submit: 0, createBuffer: 0, createBindGroup: 0, writeBuffer: 0, destroy: 0 }
  const alive = (buffer: FakeBuffer): FakeBuffer => {
    if (buffer.destroyed) throw new Error('a destroyed buffer is used in a submit')
    return buffer
  }
  const device = {
    createBuffer({ size, usage }: { readonly size: number; readonly usage: number }): FakeBuffer {
      counts.createBuffer++
      return {
        ...{
          size,
          usage,
          destroyed: false,
          data: new Float32Array(size > most ? 0 : size / 4).fill(Number.NaN),
        },
        destroy() {
          counts.destroy++
          this.destroyed = true
        },
      }
    },
    createBindGroup({
      entries,
    }: {
      readonly entries: readonly { readonly resource: { readonly buffer: FakeBuffer } }[]
    }) {
      counts.createBindGroup++
      return { buffers: entries.map(({ resource }) => resource.buffer) }
    },
    createCommandEncoder() {
      const commands: Command[] = []
      let [open, over] = [false, false]
      const require = (holds: boolean) => {
        if (!holds) throw new Error('commands out of order')
      }
      return {
        beginComputePass() {
          require(!open && !over)
          open = true
          let pipeline: FakePipeline | undefined
          let buffers: readonly FakeBuffer[] = []
          return {
            setPipeline(of: FakePipeline) {
              require(open)
              pipeline = of
            },
            setBindGroup(_index: number, group: { readonly buffers: readonly FakeBuffer[] }) {
              require(open)
              buffers = group.buffers
            },
            dispatchWorkgroups() {
              require(open)
              const { of } = pipeline!
              const [params, ...inputs] = buffers
              const out = inputs.pop()!
              commands.push(() => {
                for (const buffer of [params!, ...inputs, out]) alive(buffer)
                for (let i = 0; i < out.data.length; i++)
                  out.data[i] = of(
                    inputs.map(({ data }) => data[i % data.length]!),
                    params!.data[0]!,
                  )
              })
            },
            end() {
              require(open)
              open = false
            },
          }
        },
        copyBufferToBuffer(from: FakeBuffer, _at: number, to: FakeBuffer) {
          require(!open && !over)
          commands.push(() => alive(to).data.set(alive(from).data))
        },
        finish() {
          require(!open && !over)
          over = true
          return { commands }
        },
      }
    },
    queue: {
      submit(given: readonly { readonly commands: readonly Command[] }[]) {
        counts.submit++
        for (const { commands } of given) for (const command of commands) command()
      },
      writeBuffer(buffer: FakeBuffer, offset: number, data: ArrayBuffer | Float32Array) {
        counts.writeBuffer++
        alive(buffer).data.set(data instanceof Float32Array ? data : new Float32Array(data), offset / 4)
      },
    },
  }
  return { device: device as unknown as WebGpuDevice, counts }
}

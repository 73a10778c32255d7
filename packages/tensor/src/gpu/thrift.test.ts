import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import type { WebGpuDevice } from './thrift.ts'
import { thrifty } from './thrift.ts'
import type { FakeBuffer, FakePipeline } from './web-gpu.test.helper.ts'
import { fakeWebGpu } from './web-gpu.test.helper.ts'

const [mapRead, copyTarget, uniform, storage, copySource] = [0x0001, 0x0008, 0x0040, 0x0080, 0x0004]

const pipelines: readonly FakePipeline[] = [
  { name: 'scaled', of: ([x = 0], s) => x * s },
  { name: 'shifted', of: ([x = 0], s) => x + s },
  { name: 'product', of: ([x = 0, y = 0], s) => x * y - s },
]

/** Kernels on a device, called as gpu.js calls them: parameters, an input and a bind group of its own, a fresh result each time. */
function kernelsOn(device: WebGpuDevice) {
  const { queue } = device
  const buffer = (length: number, usage: number) =>
    device.createBuffer({ size: 4 * length, usage }) as unknown as FakeBuffer
  const made = pipelines.map((pipeline) => ({
    pipeline,
    params: buffer(4, uniform | copyTarget),
    layout: {},
  }))
  const given = new Map<number, FakeBuffer>()
  const submit = (encoder: ReturnType<typeof device.createCommandEncoder>) => queue.submit([encoder.finish()])
  return {
    run(which: number, scalar: number, inputs: readonly FakeBuffer[], length: number): FakeBuffer {
      const { pipeline, params, layout } = made[which]!
      const out = buffer(length, storage | copySource)
      queue.writeBuffer(params, 0, Float32Array.of(scalar, length, inputs.length, 0).buffer)
      const entries = [params, ...inputs, out].map((own) => ({ resource: { buffer: own } }))
      const group = device.createBindGroup({ layout, entries })
      const encoder = device.createCommandEncoder()
      const pass = encoder.beginComputePass()
      pass.setPipeline(pipeline)
      pass.setBindGroup(0, group)
      pass.dispatchWorkgroups(1)
      pass.end()
      submit(encoder)
      return out
    },
    /** Values by way of an argument's buffer, which the next upload of as many uses again. */
    upload(values: readonly number[]): FakeBuffer {
      const { length } = values
      const argument = given.get(length) ?? buffer(length, storage | copyTarget)
      given.set(length, argument)
      queue.writeBuffer(argument, 0, Float32Array.from(values))
      return this.run(0, 1, [argument], length)
    },
    /** Values by way of a buffer that is destroyed at once. */
    uploadOnce(values: readonly number[]): FakeBuffer {
      const argument = buffer(values.length, storage | copyTarget)
      queue.writeBuffer(argument, 0, Float32Array.from(values))
      const made = this.run(0, 1, [argument], values.length)
      argument.destroy()
      return made
    },
    /** Values, as far as the device had been told to compute them. */
    read(from: FakeBuffer): number[] {
      const staging = buffer(from.size / 4, mapRead | copyTarget)
      const encoder = device.createCommandEncoder()
      encoder.copyBufferToBuffer(from, 0, staging, 0, from.size)
      submit(encoder)
      const values = Array.from(staging.data)
      staging.destroy()
      return values
    },
  }
}

type Step =
  | {
      readonly do: 'run'
      readonly which: number
      readonly scalar: number
      readonly from: readonly [number, number]
    }
  | { readonly do: 'upload' | 'uploadOnce'; readonly values: readonly number[] }
  | { readonly do: 'free' | 'read'; readonly from: number }

/** What a program reads, on a device. */
function outcome(device: WebGpuDevice, steps: readonly Step[]): number[][] {
  const kernels = kernelsOn(device)
  const live: FakeBuffer[] = [kernels.upload([1, 2, 3]), kernels.upload([4, 5])]
  const read: number[][] = []
  const at = (from: number) => live[from % live.length]!
  for (const step of steps) {
    if (step.do === 'run') {
      const inputs = [at(step.from[0]), at(step.from[1])].slice(0, step.which < 2 ? 1 : 2)
      live.push(kernels.run(step.which, step.scalar, inputs, inputs[0]!.size / 4))
    } else if (step.do === 'upload' || step.do === 'uploadOnce') live.push(kernels[step.do](step.values))
    else if (step.do === 'read') read.push(kernels.read(at(step.from)))
    else if (step.do === 'free' && live.length > 2)
      live.splice(2 + (step.from % (live.length - 2)), 1)[0]!.destroy()
  }
  for (const buffer of live) read.push(kernels.read(buffer))
  return read
}

const from = fc.nat(40)
const whole = fc.integer({ min: -3, max: 3 })
const steps = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant('run' as const),
        which: fc.nat(2),
        scalar: whole,
        from: fc.tuple(from, from),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constantFrom('upload' as const, 'uploadOnce' as const),
        values: fc.array(whole, { minLength: 2, maxLength: 3 }),
      }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('free' as const, 'read' as const), from }) },
  ),
  { maxLength: 150 },
)

describe('a thrifty device', () => {
  test('computes what the device computes', () => {
    fc.assert(
      fc.property(steps, (program) => {
        const [plain, changed] = [fakeWebGpu(), fakeWebGpu()]
        thrifty(changed.device)
        expect(outcome(changed.device, program)).toEqual(outcome(plain.device, program))
      }),
      { numRuns: 300 },
    )
  })

  /** A chain of kernels of which each result is given up when the next one is there. */
  function chain(kernels: ReturnType<typeof kernelsOn>, count: number): number[] {
    let x = kernels.upload([1, 2, 3])
    for (let i = 0; i < count; i++) {
      const next = kernels.run(i % 2, 2, [x], 3)
      x.destroy()
      x = next
    }
    const values = kernels.read(x)
    x.destroy()
    return values
  }

  test('asks for little the second time', () => {
    const { device, counts } = fakeWebGpu()
    thrifty(device)
    const kernels = kernelsOn(device)
    const first = chain(kernels, 20)
    const before = { ...counts }
    expect(chain(kernels, 20)).toEqual(first)
    // The copy of the values, as a kernel of the chain has other parameters than it, and all the rest with what is read.
    expect(counts.submit - before.submit).toBe(2)
    expect(counts.createBindGroup - before.createBindGroup).toBe(0)
    expect(counts.createBuffer - before.createBuffer).toBe(1) // for what is read
    expect(counts.writeBuffer - before.writeBuffer).toBe(3) // the values, and parameters of the copy, to and fro
  })

  test('gives a program that repeats itself the same buffers, in whatever order it gives them up', () => {
    const { device, counts } = fakeWebGpu()
    thrifty(device)
    const kernels = kernelsOn(device)
    const x = kernels.upload([1, 2])
    const both = () => {
      const made = [0, 1].map((which) => kernels.run(which, 1, [x], 2))
      for (const one of made) one.destroy()
    }
    both()
    const before = counts.createBindGroup
    both()
    expect(counts.createBindGroup).toBe(before)
  })

  test('has a bind group for every layout', () => {
    const { device, counts } = fakeWebGpu()
    thrifty(device)
    const entries = [{ resource: { buffer: device.createBuffer({ size: 16, usage: uniform }) } }]
    const groups = [{}, {}].map((layout) => device.createBindGroup({ layout, entries }))
    expect(groups[0]).not.toBe(groups[1])
    expect(counts.createBindGroup).toBe(2)
  })

  test('many kernels are sent off before anybody waits, and the rest when the program pauses', () => {
    vi.useFakeTimers()
    try {
      const { device, counts } = fakeWebGpu()
      thrifty(device)
      const kernels = kernelsOn(device)
      let x = kernels.upload([1])
      vi.runAllTimers()
      const before = counts.submit
      for (let i = 0; i < 100; i++) x = kernels.run(1, 1, [x], 1)
      expect(counts.submit - before).toBe(2)
      expect(x.data[0]).toBeNaN()
      vi.runAllTimers()
      expect(counts.submit - before).toBe(3)
      expect(x.data[0]).toBe(101)
    } finally {
      vi.useRealTimers()
    }
  })

  test('keeps so many bytes of what is done with, gives back what waited longest, and all when asked', () => {
    const { device, counts } = fakeWebGpu()
    const { spareBytes, clear } = thrifty(device)
    const [large, small] = [2 ** 28 - 4, 8].map(
      (size) =>
        device.createBuffer({
          size: Math.min(size, 2 ** 28),
          usage: storage | copySource,
        }) as unknown as FakeBuffer,
    ) as [FakeBuffer, FakeBuffer]
    large.destroy()
    large.destroy()
    expect(spareBytes()).toBe(2 ** 28 - 4)
    small.destroy()
    expect(spareBytes()).toBe(8)
    expect([large.destroyed, small.destroyed]).toEqual([true, false])
    clear()
    expect(spareBytes()).toBe(0)
    expect(counts.destroy).toBe(2)
  })

  test('is changed once', () => {
    const { device } = fakeWebGpu()
    const once = thrifty(device)
    const { createBuffer } = device
    expect(thrifty(device)).toBe(once)
    expect(device.createBuffer).toBe(createBuffer)
  })
})

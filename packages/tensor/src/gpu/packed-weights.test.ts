import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Device } from '../device.ts'
import type { Tensor } from '../index.ts'
import {
  conv2d,
  flip,
  fromData,
  matmul,
  mul,
  normal,
  randomKey,
  record,
  scope,
  settled,
  sub,
  transpose,
} from '../index.ts'
import { asynchronousDevice } from './asynchronous.test.helper.ts'
import { GpuBuffer } from './buffer.ts'
import { GpuJsDevice } from './device.ts'
import { importGpuJs } from './gpujs.ts'
import { packingOf } from './kernels/packing.ts'
import type { Surroundings } from './limits.ts'
import { surroundings } from './limits.ts'
import { PackedWeights } from './packed-weights.ts'
import { KernelRunner } from './runner.ts'
import type { GpuDevice } from './stats.ts'

// Weights that wide kernels want laid out, on a device whose kernels are all wide: laid out once.

/** A device with what surrounds it, and how it compiles, changed for a test. */
async function wideDevice(
  backend: 'cpu' | 'webasm',
  around: Partial<Surroundings> = {},
  compile?: (source: string) => void,
): Promise<GpuJsDevice> {
  const lib = await importGpuJs()
  const runner = new KernelRunner(lib, backend)
  const compiled = runner.compile.bind(runner)
  runner.compile = (source, ...rest) => {
    compile?.(source)
    return compiled(source, ...rest)
  }
  return new GpuJsDevice(runner, { ...(await surroundings(lib, backend, undefined)), ...around }, [], 64, 1)
}

const draw = (name: number, shape: readonly number[], on: Device | string) =>
  normal(randomKey(name), shape, { device: on })
const kernelShape = [6, 40, 3, 3]
const image = (on: Device | string) => draw(1, [1, 40, 6, 8], on)
const kernel = (on: Device | string, name = 2) =>
  fromData(values(kernelShape, name), kernelShape, { device: on })
const values = (shape: readonly number[], name: number) => draw(name, shape, 'reference').dataSync()
const convolve = (x: Tensor, w: Tensor) => conv2d(x, w, { padding: 1 })
/** The gradient of a convolution in its input: with the kernel turned round. */
const back = (g: Tensor, w: Tensor) => conv2d(g, transpose(flip(w, [2, 3]), [1, 0, 2, 3]), { padding: 1 })
const bytes = 4 * 6 * 40 * 9

async function close(found: Promise<ArrayLike<number>>, expected: Tensor): Promise<void> {
  const [actual, want] = [await found, expected.dataSync()]
  expect(actual).toHaveLength(want.length)
  Array.from(actual).forEach((v, i) => expect(v).toBeCloseTo(want[i]!, 4))
}

describe.each(['cpu', 'webasm', 'promises'] as const)('weights laid out on %s', (backend) => {
  let device: GpuDevice
  beforeAll(async () => {
    device = backend === 'promises' ? await asynchronousDevice(1) : await wideDevice(backend)
  })
  afterAll(() => device.close())

  /** How many kernels a call takes; its values have to be those on the reference device. */
  async function taken(call: () => Tensor, expected: Tensor): Promise<number> {
    const before = device.stats().launches
    const y = scope(call)
    const count = device.stats().launches - before
    await close(y.data(), expected)
    y.dispose()
    return count
  }

  test('are so once, if they come from the host; their tensor takes the copy with it', async () => {
    const [x, w] = [image(device), kernel(device)]
    const expected = convolve(image('reference'), kernel('reference'))
    const reserved = device.info().reservedBytes
    const call = () => convolve(x, w)
    expect(await taken(call, expected)).toBe(2)
    expect(device.stats().packedWeights).toBe(bytes)
    for (let i = 0; i < 3; i++) expect(await taken(call, expected)).toBe(1)
    expect(device.info().reservedBytes - reserved).toBeGreaterThanOrEqual(bytes)
    const all = device.info().reservedBytes
    w.dispose()
    expect(device.stats().packedWeights).toBe(0)
    expect(all - device.info().reservedBytes).toBeGreaterThanOrEqual(bytes)
    x.dispose()
    expect(device.stats()).toMatchObject({ buffers: 0, bytes: 0 })
  })

  test('are kept from the second use on where kernels have made them, and are the new ones after a step', async () => {
    const [x, rate] = [image(device), 0.5]
    let w = kernel(device)
    let expected = kernel('reference')
    const gradient = [kernel(device, 3), kernel('reference', 3)] as const
    for (let step = 0; step < 3; step++) {
      const next = scope(() => sub(w, mul(gradient[0], rate)))
      w.dispose()
      expect(device.stats().packedWeights).toBe(0)
      w = next
      await w.data()
      expected = sub(expected, mul(gradient[1], rate))
      const want = convolve(image('reference'), expected)
      const counts = []
      for (let i = 0; i < 4; i++) counts.push(await taken(() => convolve(x, w), want))
      expect(counts).toEqual([2, 2, 1, 1])
    }
    for (const each of [x, w, gradient[0]]) each.dispose()
  })

  test('are those of a buffer as it is, not as it was', async () => {
    const [x, w] = [image(device), kernel(device)]
    const expected = (name: number) => convolve(image('reference'), kernel('reference', name))
    expect(await taken(() => convolve(x, w), expected(2))).toBe(2)
    device.write(w.buffer, 'float32', Float32Array.from(values(kernelShape, 5)))
    expect(await taken(() => convolve(x, w), expected(5))).toBe(2)
    expect(await taken(() => convolve(x, w), expected(5))).toBe(1)
    for (const each of [x, w]) each.dispose()
  })

  test('are told apart by how they are looked at, and by the kernel', async () => {
    const square = (on: Device | string) => fromData(values([8, 40], 6), [8, 40], { device: on })
    const on = (where: Device | string) => {
      const [x, w, m] = [image(where), kernel(where), square(where)]
      const g = draw(3, [1, 6, 6, 8], where)
      const rows = draw(4, [8, 40], where)
      // Kernels of nine by four that are as well matrices of nine rows.
      const both = scope(() =>
        transpose(fromData(values([6, 6, 4, 9], 7), [6, 6, 4, 9], { device: where }), [0, 1, 3, 2]),
      )
      const [wide, batch] = [draw(8, [1, 6, 12, 8], where), draw(9, [6, 6, 5, 9], where)]
      return {
        all: [x, w, m, g, rows, both, wide, batch],
        calls: [
          () => convolve(x, w),
          () => back(g, w),
          () => convolve(x, flip(w, [2, 3])),
          () => matmul(rows, transpose(m)),
          () => matmul(rows, transpose(flip(m, [0]))),
          () =>
            conv2d(wide, both, {
              padding: [
                [4, 4],
                [2, 1],
              ],
            }),
          () => matmul(batch, both),
        ],
      }
    }
    const [here, there] = [on(device), on('reference')]
    for (let round = 0; round < 3; round++)
      for (const [i, call] of here.calls.entries())
        expect(await taken(call, there.calls[i]!())).toBe(round === 0 ? 2 : 1)
    expect(device.stats().packedWeights).toBe(3 * bytes + 2 * 4 * 8 * 40 + 2 * 4 * 6 * 6 * 36)
    for (const each of here.all) each.dispose()
    expect(device.stats()).toMatchObject({ buffers: 0, bytes: 0, packedWeights: 0 })
  })

  test('may be freed, and asked for again, before anything has run', async () => {
    const [x, w] = [image(device), kernel(device)]
    const expected = convolve(image('reference'), kernel('reference'))
    const before = device.stats().launches
    const [y, z] = [convolve(x, w), scope(() => convolve(x, w).add(0))]
    w.dispose()
    expect(device.stats().packedWeights).toBe(0)
    const other = kernel(device)
    const last = convolve(x, other)
    expect(device.stats().launches - before).toBe(5)
    for (const each of [y, z, last]) await close(each.data(), expected)
    expect(await taken(() => convolve(x, other), expected)).toBe(1)
    other.dispose()
    for (const each of [x, y, z, last]) each.dispose()
    expect(device.stats()).toMatchObject({ buffers: 0, bytes: 0, packedWeights: 0 })
  })

  test('leave memory where it was after a thousand steps, each with new weights', async () => {
    const x = image(device)
    const step = async () => {
      const y = scope(() => {
        const w = kernel(device)
        const next = sub(w, mul(w, 0.1))
        return convolve(x, w).add(convolve(x, next)).add(convolve(x, next)).sum()
      })
      await y.data()
      y.dispose()
    }
    await step()
    const held = () => ({
      ...device.stats(),
      reserved: device.info().reservedBytes,
      launches: 0,
      movedBytes: 0,
    })
    const before = held()
    for (let i = 0; i < 1000; i++) await step()
    expect(held()).toEqual(before)
    expect(before.packedWeights).toBe(0)
    x.dispose()
  })

  test('are laid out once in work that reads on the way', async () => {
    const [x, w] = [image(device), kernel(device)]
    const expected = convolve(image('reference'), kernel('reference'))
    const work = () =>
      scope(() => {
        const first = convolve(x, w)
        void first.sum().dataSync()
        return convolve(x, w)
      })
    const y = await settled(device, work)
    await close(y.data(), expected)
    expect(await taken(() => convolve(x, w), expected)).toBe(1)
    for (const each of [x, w, y]) each.dispose()
    expect(device.stats()).toMatchObject({ buffers: 0, bytes: 0, packedWeights: 0 })
  })
})

test('a recorded program lays out weights in its first run, or as often as one has to know that they last', async () => {
  const device = await wideDevice('cpu')
  const [x, w] = [image(device), kernel(device)]
  const made = scope(() => w.mul(2))
  await made.data()
  const program = await record((x) => convolve(x, w).add(convolve(x, made)), x)
  expect(program.info.executor).toBe('calls')
  const reference = convolve(image('reference'), kernel('reference'))
  const expected = reference.add(reference.mul(2))
  const counts = []
  for (let i = 0; i < 4; i++) {
    const before = device.stats().launches
    const [y] = await program.run(x)
    counts.push(device.stats().launches - before)
    await close(y!.data(), expected)
    y!.dispose()
  }
  const [first, second, third, fourth] = counts as [number, number, number, number]
  expect([first - fourth, second - fourth, third - fourth]).toEqual([2, 1, 0])
  for (const each of [x, w, made]) each.dispose()
  expect(device.stats().packedWeights).toBe(2 * bytes) // the program holds them
  await program.dispose()
  expect(device.stats()).toMatchObject({ buffers: 0, bytes: 0, packedWeights: 0 })
  await device.close()
})

test('what could not be laid out is an error of the results that need it, and is tried again', async () => {
  let failing = true
  const device = await wideDevice('cpu', {}, (source) => {
    const lays = source.split('\n').length === 3 && source.includes('idiv')
    if (failing && lays) throw new Error('no room for it')
  })
  const [x, w] = [image(device), kernel(device)]
  const call = () => convolve(x, w)
  await expect(call().data()).rejects.toThrow(/conv2d: no room for it/)
  failing = false
  const expected = convolve(image('reference'), kernel('reference'))
  for (let i = 0; i < 2; i++) await close(call().data(), expected)
  await device.close()
})

test('what is lost by an error of the driver is not kept', async () => {
  let trouble: string | undefined
  const device = await wideDevice('cpu', { trouble: () => trouble })
  const [x, w] = [image(device), kernel(device)]
  await convolve(x, w).data()
  expect(device.stats().packedWeights).toBe(bytes)
  trouble = 'out of memory'
  await expect(convolve(x, w).data()).rejects.toThrow(/results since the last read are lost: out of memory/)
  expect(device.stats().packedWeights).toBe(0)
  await device.close()
})

test('past their bytes, weights that came last are laid out in each call', () => {
  const freed: GpuBuffer[] = []
  const packed = new PackedWeights((copy) => freed.push(copy), 100)
  const body = 'return a0[(this.thread.x)];'
  const program = [
    { body, length: 10, inputs: [1], lays: '1,0' },
    { body, length: 10, inputs: [0, { stage: 0 }] },
    { body, length: 10, inputs: [1, { stage: 0 }, { stage: 1 }] },
  ]
  expect(packingOf(program, 3)?.rest.map(({ inputs }) => inputs)).toEqual([
    [0, 3],
    [1, 3, { stage: 0 }],
  ])
  const [x, ...weights] = [0, 1, 2, 3].map(() => new GpuBuffer(10))
  const ready = (buffer: GpuBuffer) => {
    const view = { dtype: 'float32', shape: [2, 5], strides: [5, 1], offset: 0 } as const
    const inputs = [x!, buffer, x!].map((of) => ({ ...view, buffer: of }))
    return packed.find({ primitive: 'neg', inputs, params: {}, shape: [2], dtype: 'float32' }, program)?.ready
  }
  for (const buffer of weights) buffer.sent = true
  expect([...weights, ...weights].map(ready)).toEqual([false, false, undefined, true, true, undefined])
  expect([packed.bytes, freed.length]).toEqual([80, 0])
  packed.forget(weights[0]!)
  expect(weights.map(ready)).toEqual([false, true, undefined])
  packed.clear()
  expect([packed.bytes, freed.length]).toEqual([0, 3])
})

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Device } from '../device.ts'
import type { Tensor } from '../index.ts'
import {
  add,
  channelAttention,
  conv2d,
  getDevice,
  matmul,
  normal,
  randomKey,
  scope,
  transpose,
} from '../index.ts'
import { GpuJsDevice } from './device.ts'
import { importGpuJs } from './gpujs.ts'
import { contractPlanners } from './kernels/contract.ts'
import { surroundings } from './limits.ts'
import { KernelRunner } from './runner.ts'

// Kernels whose threads compute four elements of a contraction, on shapes as small as can be.

const reference = getDevice('reference')
const draw = (name: number, shape: readonly number[], device: Device) =>
  normal(randomKey(name), shape, { device })

/** Contractions over 70 and more terms, which are added in parts; rows of 8 and 12 are wide. */
const functions: { readonly [what: string]: (device: Device) => Tensor } = {
  product: (on) => matmul(draw(1, [2, 5, 70], on), draw(2, [2, 70, 12], on)),
  'product of transposed factors': (on) =>
    matmul(transpose(draw(1, [70, 5], on)), transpose(draw(2, [12, 70], on))),
  'product with all that can follow': (on) =>
    matmul(draw(1, [6, 9], on), draw(2, [9, 8], on), {
      bias: draw(3, [8], on),
      residual: draw(4, [6, 8], on),
      activation: 'silu',
    }),
  'product with a bias by row': (on) =>
    matmul(draw(1, [6, 9], on), draw(2, [9, 8], on), { bias: draw(3, [6, 1], on) }),
  convolution: (on) => conv2d(draw(1, [2, 40, 9, 8], on), draw(2, [6, 40, 3, 3], on), { padding: 1 }),
  'convolution with all that can follow': (on) =>
    conv2d(draw(1, [2, 4, 9, 8], on), draw(2, [6, 4, 3, 3], on), {
      padding: 1,
      bias: draw(3, [6], on),
      residual: transpose(draw(4, [2, 6, 8, 9], on), [0, 1, 3, 2]),
      activation: 'silu',
    }),
  'convolution whose columns are shared by strides': (on) =>
    conv2d(draw(1, [1, 4, 5, 16], on), draw(2, [3, 4, 3, 3], on), { padding: 1, stride: 2 }),
  'convolution with strides, groups and dilation': (on) =>
    conv2d(draw(1, [2, 4, 9, 16], on), draw(2, [6, 2, 3, 2], on), {
      padding: [
        [1, 0],
        [2, 1],
      ],
      stride: [1, 2],
      dilation: [2, 4],
      groups: 2,
    }),
  'product of a factor that is laid out anew': (on) =>
    matmul(draw(1, [2, 8, 40], on), transpose(draw(2, [2, 12, 40], on), [0, 2, 1])),
  'convolution 1×1': (on) => conv2d(draw(1, [1, 20, 3, 4], on), draw(2, [5, 20, 1, 1], on)),
  'what follows a wide kernel in one of its own': (on) =>
    add(conv2d(draw(1, [1, 4, 5, 8], on), draw(2, [3, 4, 3, 3], on), { padding: 1 }), draw(3, [3, 1, 1], on)),
}

describe.each(['cpu', 'webasm'] as const)('wide kernels on %s', (backend) => {
  let device: GpuJsDevice
  beforeAll(async () => {
    const lib = await importGpuJs()
    const runner = new KernelRunner(lib, backend)
    device = new GpuJsDevice(runner, await surroundings(lib, backend, undefined), [], 64, 1)
  })
  afterAll(() => device.close())

  test.each(Object.entries(functions))('%s', async (_what, fn) => {
    const [actual, expected] = [scope(() => fn(device)), scope(() => fn(reference))]
    const [values, want] = [await actual.data(), expected.dataSync()]
    expect(actual.shape.at(-1)! % 4).toBe(0)
    expect(values).toHaveLength(want.length)
    values.forEach((v, i) => expect(v).toBeCloseTo(want[i]!, 4))
    actual.dispose()
    expect(device.stats()).toMatchObject({ buffers: 0, bytes: 0 })
  })
})

test.each([70, 150])('attention over %i keys, in parts and with rows of their own', async (n) => {
  const lib = await importGpuJs()
  const runner = new KernelRunner(lib, 'cpu')
  const device = new GpuJsDevice(runner, await surroundings(lib, 'cpu', undefined))
  const of = (on: Device) =>
    channelAttention(draw(1, [1, 2, 3], on), draw(2, [1, 2, n], on), draw(3, [1, 2, n], on))
  const [values, want] = [await of(device).data(), of(reference).dataSync()]
  values.forEach((v, i) => expect(v).toBeCloseTo(want[i]!, 5))
  await device.close()
})

test('what a thread of four loads for a multiplication: less than half', () => {
  const view = (shape: readonly number[]) => ({
    buffer: undefined,
    dtype: 'float32' as const,
    shape,
    strides: shape.map((_, i) => shape.slice(i + 1).reduce((a, b) => a * b, 1)),
    offset: 0,
  })
  const params = {
    stride: [1, 1],
    padding: [
      [1, 1],
      [1, 1],
    ],
    lhsDilation: [1, 1],
    rhsDilation: [1, 1],
    groups: 1,
  } as const
  const call = {
    primitive: 'conv2d' as const,
    inputs: [view([1, 64, 64, 64]), view([64, 64, 3, 3])],
    params,
    shape: [1, 64, 64, 64],
    dtype: 'float32' as const,
  }
  const perProduct = (wideFrom: number) => {
    const stage = contractPlanners.conv2d(call, wideFrom).at(-1)
    const loads = stage!.body.match(/a\d\[/g)!.length
    const products = stage!.body.replaceAll(/\[[^\]]*\]/g, '').match(/ \* (a|w)/g)!.length
    return { width: stage!.width, loads: loads / products }
  }
  expect(perProduct(Number.POSITIVE_INFINITY)).toEqual({ width: 1, loads: 2 })
  expect(perProduct(2 ** 17)).toEqual({ width: 4, loads: 9 / 12 })
})

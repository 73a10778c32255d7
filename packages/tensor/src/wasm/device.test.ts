import { beforeEach, describe, expect, test, vi } from 'vitest'
import type { Device } from '../device.ts'
import { DeviceError, OutOfMemoryError } from '../errors.ts'
import { conv2d, getDevice, matmul, memory, ones, registerDevice, resetPeak, zeros } from '../index.ts'
import { rowMajorStrides, sizeOf } from '../shape.ts'
import type { Tensor } from '../tensor.ts'
import { createWasmDevice } from './device.ts'
import { hasMemory64 } from './runtime/linear-memory.ts'

const square = (device: Device, dtype: 'float32' | 'float64', values: number[]) => {
  const buffer = device.allocate(dtype, 4)
  device.write(buffer, dtype, dtype === 'float32' ? new Float32Array(values) : new Float64Array(values))
  return { buffer, dtype, shape: [2, 2], strides: [2, 1], offset: 0 }
}

// Whatever memory the tests run with, these are about the default.
beforeEach(() => {
  vi.stubEnv('TWEEDIE_MAX_BYTES', '')
})

test('several devices of one name are counted, and told apart, by themselves', () => {
  const [a, b] = [createWasmDevice({ threads: 1 }), createWasmDevice({ threads: 1 })]
  registerDevice('a of two', () => a)
  getDevice('a of two')
  const [x, y] = [ones([100], { device: a }), ones([7], { device: b })]
  const counted = { tensors: 1, buffers: 1, peakBytes: expect.any(Number) }
  expect(memory(a)).toEqual({ ...counted, bytes: 400 })
  expect(memory('a of two')).toEqual(memory(a))
  expect(memory(b)).toEqual({ ...counted, bytes: 28 })
  expect(memory('no such device').bytes).toBe(0)
  expect(() => x.add(y.sum())).toThrow(/add: inputs are on several devices named wasm/)
  x.dispose()
  expect(memory(a)).toEqual({ tensors: 0, buffers: 0, bytes: 0, peakBytes: 400 })
  resetPeak()
  expect(memory(a).peakBytes).toBe(0)
  y.dispose()
})

describe('wasm device', () => {
  test('says what runs', () => {
    const info = createWasmDevice({ relaxedSimd: false, threads: 1, tile: '6x8' }).info()
    expect(info).toMatchObject({ name: 'wasm', backend: 'webassembly', threads: 1, simd: true })
    expect(info.kernels).toEqual(expect.arrayContaining(['matmul', 'conv2d']))
    expect(info.kernels).not.toContain('reshape')
    expect(info.notes).toEqual([
      'relaxed SIMD (fused multiply-add): off (as asked for)',
      'single-threaded: as asked for',
      'tile 6×8: as asked for',
      'Winograd convolutions: allowed (by default)',
    ])
  })

  test.each([false, undefined])('multiplies with relaxedSimd %s', async (relaxedSimd) => {
    const device = createWasmDevice(relaxedSimd === undefined ? {} : { relaxedSimd })
    const a = square(device, 'float32', [1, 2, 3, 4])
    const call = { primitive: 'matmul', inputs: [a, a], params: {}, shape: [2, 2], dtype: 'float32' } as const
    const out = device.run(call)
    expect([...(await device.read(out, 'float32', 4))]).toEqual([7, 10, 15, 22])
    expect(device.info().notes.join()).not.toContain('reference loops')
  })

  test('reports calls that fall to the reference loops', async () => {
    const device = createWasmDevice()
    const a = square(device, 'float64', [1, 2, 3, 4])
    const call = { primitive: 'matmul', inputs: [a, a], params: {}, shape: [2, 2], dtype: 'float64' } as const
    const out = device.run(call)
    expect([...(await device.read(out, 'float64', 4))]).toEqual([7, 10, 15, 22])
    expect(device.info().notes.at(-1)).toMatch(/matmul ×1/)
  })

  test('takes views that are tensors, whose buffer is a getter of their class', async () => {
    class Handle {
      readonly dtype = 'float32'
      readonly offset = 0
      readonly shape: readonly number[]
      readonly strides: readonly number[]
      readonly device: Device
      constructor(device: Device, shape: readonly number[]) {
        this.device = device
        this.shape = shape
        this.strides = rowMajorStrides(shape)
      }
      get buffer(): unknown {
        const buffer = this.device.allocate('float32', sizeOf(this.shape))
        this.device.write(buffer, 'float32', new Float32Array(sizeOf(this.shape)).fill(1))
        return buffer
      }
    }
    const device = createWasmDevice()
    const plain = { stride: [1, 1], lhsDilation: [1, 1], rhsDilation: [1, 1], groups: 1 } as const
    const padding = [
      [1, 1],
      [1, 1],
    ] as const
    const params = { ...plain, padding }
    const run = async (kernel: readonly number[], shape: readonly number[]) => {
      const inputs = [new Handle(device, [1, 2, 4, 4]), new Handle(device, kernel)]
      const out = device.run({ primitive: 'conv2d', inputs, params, shape, dtype: 'float32' })
      return [...(await device.read(out, 'float32', sizeOf(shape)))]
    }
    // Inputs of ones count the elements that each output sees: of a small kernel, and of a weight gradient.
    expect((await run([1, 2, 3, 3], [1, 1, 4, 4])).slice(0, 6)).toEqual([8, 12, 12, 8, 12, 18])
    expect(await run([1, 2, 4, 4], [1, 1, 3, 3])).toEqual([18, 24, 18, 24, 32, 24, 18, 24, 18])
  })

  test('gives memory back when a call fails', () => {
    const device = createWasmDevice({ maxBytes: 4 * 2 ** 20 })
    const a = square(device, 'float32', [1, 2, 3, 4])
    const large = {
      primitive: 'matmul',
      inputs: [a, a],
      params: {},
      shape: [2 ** 21],
      dtype: 'float32',
    } as const
    expect(() => device.run(large)).toThrow(DeviceError)
    device.free(device.allocate('float32', 2 ** 18), 'float32', 2 ** 18)
  })

  test('a call without room names itself, changes nothing, and smaller ones go on', async () => {
    const device = createWasmDevice({ maxBytes: 4 * 2 ** 20, threads: 1 })
    const on = { device }
    const [x, w] = [ones([1, 16, 64, 64], on), ones([16, 16, 3, 3], on)]
    const large = ones([1, 16, 128, 128], on)
    const before = device.info().memory!
    const convolve = (input: Tensor) => conv2d(input, w, { padding: 1 })
    // The result would fit, but not the working areas beside it; then not even the result.
    const attempt = () => {
      const filler = zeros([2 ** 17], on)
      try {
        return convolve(large)
      } finally {
        filler.dispose()
      }
    }
    expect(attempt).toThrow(OutOfMemoryError)
    expect(attempt).toThrow(
      /no room for .* \(conv2d giving float32 \[1, 16, 128, 128\](: working area (conv|winograd)\.\w+)?\); .* of 4\.0 MiB/,
    )
    const { used, scratch, packedWeights } = device.info().memory!
    const ofScratch = Object.values(scratch).reduce((a, b) => a + b, 0)
    expect(used - before.used - packedWeights).toBeLessThan(1.2 * ofScratch + 2 ** 13)
    const data = await convolve(x).data()
    expect([data[0], data[65]].map((v) => Math.round(v!))).toEqual([4 * 16, 9 * 16])
  })

  test('working areas make room for tensors', () => {
    const device = createWasmDevice({ maxBytes: 4 * 2 ** 20, threads: 1 })
    const x = ones([300, 300], { device })
    matmul(x, x).dispose()
    expect(Object.keys(device.info().memory!.scratch)).not.toEqual([])
    zeros([3 * 2 ** 18], { device })
    expect(device.info().memory!.scratch).toEqual({})
  })

  test.skipIf(!hasMemory64())('more than 4 GiB means 64-bit addresses, and info says so', async () => {
    const device = createWasmDevice({ maxBytes: 6 * 2 ** 30 })
    expect(device.info().notes).toContain('memory64: 64-bit addresses, up to 6.0 GiB')
    expect(device.info().memory).toMatchObject({ addressBits: 64, limit: 6 * 2 ** 30 })
    const x = ones([400, 400], { device })
    expect((await matmul(x, x).data())[399]).toBe(400)
  })

  test('the limit may come from TWEEDIE_MAX_BYTES', () => {
    vi.stubEnv('TWEEDIE_MAX_BYTES', '16777216')
    expect(createWasmDevice().info().memory!.limit).toBe(2 ** 24)
    expect(createWasmDevice({ maxBytes: 2 ** 25 }).info().memory!.limit).toBe(2 ** 25)
    vi.stubEnv('TWEEDIE_MAX_BYTES', '4 GB')
    expect(() => createWasmDevice()).toThrow(
      /TWEEDIE_MAX_BYTES: must be a number of bytes from 1048576 to \d+/,
    )
    vi.unstubAllEnvs()
    expect(() => createWasmDevice({ maxBytes: 2 ** 40 })).toThrow(DeviceError)
  })
})

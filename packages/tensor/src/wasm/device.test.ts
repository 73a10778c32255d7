import { describe, expect, test } from 'vitest'
import type { Device } from '../device.ts'
import { DeviceError } from '../errors.ts'
import { rowMajorStrides, sizeOf } from '../shape.ts'
import { createWasmDevice } from './device.ts'

const square = (device: Device, dtype: 'float32' | 'float64', values: number[]) => {
  const buffer = device.allocate(dtype, 4)
  device.write(buffer, dtype, dtype === 'float32' ? new Float32Array(values) : new Float64Array(values))
  return { buffer, dtype, shape: [2, 2], strides: [2, 1], offset: 0 }
}

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
      'packed weights kept: 0 bytes',
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
})

import { describe, expect, test } from 'vitest'
import type { Device } from '../device.ts'
import { DeviceError } from '../errors.ts'
import { createWasmDevice } from './device.ts'

const square = (device: Device, dtype: 'float32' | 'float64', values: number[]) => {
  const buffer = device.allocate(dtype, 4)
  device.write(buffer, dtype, dtype === 'float32' ? new Float32Array(values) : new Float64Array(values))
  return { buffer, dtype, shape: [2, 2], strides: [2, 1], offset: 0 }
}

describe('wasm device', () => {
  test('says what runs', () => {
    const info = createWasmDevice({ relaxedSimd: false }).info()
    expect(info).toMatchObject({ name: 'wasm', backend: 'webassembly', threads: 1, simd: true })
    expect(info.kernels).toEqual(expect.arrayContaining(['matmul', 'conv2d']))
    expect(info.kernels).not.toContain('reshape')
    expect(info.notes).toEqual(['relaxed SIMD (fused multiply-add): off'])
  })

  test.each([false, undefined])('multiplies with relaxedSimd %s', async (relaxedSimd) => {
    const device = createWasmDevice(relaxedSimd === undefined ? {} : { relaxedSimd })
    const a = square(device, 'float32', [1, 2, 3, 4])
    const call = { primitive: 'matmul', inputs: [a, a], params: {}, shape: [2, 2], dtype: 'float32' } as const
    const out = device.run(call)
    expect([...(await device.read(out, 'float32', 4))]).toEqual([7, 10, 15, 22])
    expect(device.info().notes).toHaveLength(1)
  })

  test('reports calls that fall to the reference loops', async () => {
    const device = createWasmDevice()
    const a = square(device, 'float64', [1, 2, 3, 4])
    const call = { primitive: 'matmul', inputs: [a, a], params: {}, shape: [2, 2], dtype: 'float64' } as const
    const out = device.run(call)
    expect([...(await device.read(out, 'float64', 4))]).toEqual([7, 10, 15, 22])
    expect(device.info().notes.at(-1)).toMatch(/matmul ×1/)
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

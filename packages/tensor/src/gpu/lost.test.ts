import { expect, test } from 'vitest'
import { DeviceError } from '../errors.ts'
import { add, fromData } from '../index.ts'
import { GpuJsDevice } from './device.ts'
import { importGpuJs } from './gpujs.ts'
import { DeviceLostError, loadGpu } from './index.ts'
import { surroundings } from './limits.ts'
import { KernelRunner } from './runner.ts'

// Devices that are gone.

test('a lost context is an error of its own kind in all that is asked for, and says what to do', async () => {
  const lib = await importGpuJs()
  let why: string | undefined
  const where = { ...(await surroundings(lib, 'cpu', undefined)), lost: () => why }
  const device = new GpuJsDevice(new KernelRunner(lib, 'cpu'), where)
  const x = fromData([1, 2], [2], { device })
  expect(await add(x, 1).data()).toEqual(Float32Array.of(2, 3))
  expect(device.isGone).toBe(false)
  why = 'the driver was reset'
  expect(device.isGone).toBe(true)
  const lost = new DeviceLostError('cpu', why)
  expect(lost).toBeInstanceOf(DeviceError)
  expect(lost.name).toBe('DeviceLostError')
  expect(lost.message).toBe(
    'gpu (cpu): the driver was reset, and with it all that was there; `await loadGpu()` makes a new device',
  )
  expect(() => add(x, 1)).toThrow(lost)
  expect(() => device.allocate('float32', 1)).toThrow(DeviceLostError)
  await expect(x.data()).rejects.toThrow(lost)
})

test('a backend is one device until that is closed, then another, which works', async () => {
  const [first, same] = await Promise.all([loadGpu({ backend: 'cpu' }), loadGpu({ backend: 'cpu' })])
  expect(same).toBe(first)
  await first.close()
  const next = await loadGpu({ backend: 'cpu' })
  expect(next).not.toBe(first)
  expect(await add(fromData([1], [1], { device: next }), 1).data()).toEqual(Float32Array.of(2))
  await next.close()
})

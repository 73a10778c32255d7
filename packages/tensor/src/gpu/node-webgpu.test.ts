import { afterEach, expect, test, vi } from 'vitest'
import type { NodeWebGpu } from './node-webgpu.ts'
import { provideWebGpu } from './node-webgpu.ts'

const place = globalThis as { navigator: { gpu?: unknown }; GPUBufferUsage?: unknown }
afterEach(() => {
  delete place.navigator.gpu
  delete place.GPUBufferUsage
})

test('in Node without the package, what to install', async () => {
  const missing = Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' })
  expect(await provideWebGpu(() => Promise.reject(missing))).toMatch(/missing; in Node, `npm i webgpu`/)
  const broken = new Error('GLIBCXX_3.4.32 not found\nat …')
  expect(await provideWebGpu(() => Promise.reject(broken))).toBe(
    'the package webgpu cannot be loaded (GLIBCXX_3.4.32 not found); `npm i webgpu@latest` may help',
  )
  expect(place.navigator.gpu).toBeUndefined()
})

test('with it, navigator.gpu and the names that go with it; what is there stays', async () => {
  const gpu = {}
  const create = vi.fn(() => gpu)
  const dawn: NodeWebGpu = { create, globals: { GPUBufferUsage: 1, Array: 2 } }
  expect(await provideWebGpu(() => Promise.resolve(dawn))).toBeUndefined()
  expect(place.navigator.gpu).toBe(gpu)
  expect(place.GPUBufferUsage).toBe(1)
  expect(Array).not.toBe(2)
  expect(await provideWebGpu(() => Promise.reject(new Error('not asked')))).toBeUndefined()
  expect(create).toHaveBeenCalledTimes(1)
})

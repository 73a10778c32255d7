import { describe, expect, test } from 'vitest'
import type { GpuJs } from './gpujs.ts'
import { surroundings } from './limits.ts'
import { fakeWebGpu } from './web-gpu.test.helper.ts'

// What drivers say of themselves, and what is made of it.

const info = { vendor: 'nvidia', architecture: 'hopper', description: 'NVIDIA H100' }

/** gpu.js with a WebGPU device that can be lost, or in trouble. */
function webGpu(
  adapter: object = { info },
  limits = { maxStorageBufferBindingSize: 4096, maxBufferSize: 1000 },
) {
  let lose: (how: { reason?: string; message: string }) => void = () => {}
  let hear: (event: { error: { message: string } }) => void = () => {}
  const device = Object.assign(fakeWebGpu().device, {
    lost: new Promise((resolve) => {
      lose = resolve
    }),
    limits,
    addEventListener: (_type: string, listener: typeof hear) => {
      hear = listener
    },
  })
  const lib = { WebGPUContext: { acquire: async () => ({ adapter, device }) } } as unknown as GpuJs
  return {
    lib,
    lose: (how: Parameters<typeof lose>[0]) => lose(how),
    hear: (message: string) => hear({ error: { message } }),
  }
}

describe('WebGPU', () => {
  test('a buffer holds what a binding and a buffer may, in floats', async () => {
    const where = await surroundings(webGpu().lib, 'webgpu', undefined)
    expect(where.maxElements).toBe(250)
    expect(where.limit).toBe('storage buffers of at most 1000 bytes')
    const huge = { maxStorageBufferBindingSize: 2 ** 40, maxBufferSize: 2 ** 40 }
    expect((await surroundings(webGpu({ info }, huge).lib, 'webgpu', undefined)).maxElements).toBe(2 ** 28)
  })

  test('its renderer is named, and a program among them told', async () => {
    const card = await surroundings(webGpu().lib, 'webgpu', undefined)
    expect(card).toMatchObject({ software: false, notes: ['renderer: nvidia hopper NVIDIA H100'] })
    for (const description of ['llvmpipe (LLVM 19)', 'SwiftShader Device', 'Microsoft Basic Render Driver']) {
      const where = await surroundings(webGpu({ info: { ...info, description } }).lib, 'webgpu', undefined)
      expect(where.software, description).toBe(true)
      expect(where.notes.join()).toContain('software renderer: correct, and slow')
    }
    expect((await surroundings(webGpu({}).lib, 'webgpu', undefined)).notes).toEqual(['renderer: unknown'])
  })

  test('a loss is told with its reason, once it has come, and waited for after a failure', async () => {
    const { lib, lose } = webGpu()
    const where = await surroundings(lib, 'webgpu', undefined)
    expect(where.lost()).toBeUndefined()
    const waited = where.afterFailure()
    lose({ reason: 'unknown', message: 'the driver was reset' })
    await waited
    expect(where.lost()).toBe('the WebGPU device was lost (unknown: the driver was reset)')
  })

  test('an error of the driver is trouble for the results before it, and told once', async () => {
    const { lib, hear } = webGpu()
    const where = await surroundings(lib, 'webgpu', undefined)
    expect(where.trouble()).toBeUndefined()
    hear('out of memory')
    hear('invalid buffer')
    expect(where.trouble()).toBe('WebGPU: out of memory; invalid buffer')
    expect(where.trouble()).toBeUndefined()
  })
})

describe('WebGL 2', () => {
  const names = { OUT_OF_MEMORY: 1285, NO_ERROR: 0, RENDERER: 7937 }
  const gl = (more: object = {}) => ({
    ...names,
    getExtension: (name: string) =>
      name === 'WEBGL_debug_renderer_info' ? { UNMASKED_RENDERER_WEBGL: 1 } : null,
    getParameter: (which: number) => (which === 1 ? 'ANGLE (NVIDIA)' : 'WebKit WebGL'),
    isContextLost: () => false,
    getError: () => 0,
    ...more,
  })
  const lib = { WebGL2Kernel: { features: { isFloatRead: true, maxTextureSize: 100 } } } as unknown as GpuJs

  test('a texture has so many elements, and the unmasked renderer is named', async () => {
    const where = await surroundings(lib, 'webgl2', gl())
    expect(where).toMatchObject({ maxElements: 10_000, software: false, notes: ['renderer: ANGLE (NVIDIA)'] })
    expect(where.lost()).toBeUndefined()
    expect(where.trouble()).toBeUndefined()
    const masked = await surroundings(lib, 'webgl2', gl({ getExtension: () => null }))
    expect(masked.notes).toEqual(['renderer: WebKit WebGL'])
  })

  test('a lost context and errors are told', async () => {
    const where = (more: object) => surroundings(lib, 'webgl2', gl(more))
    expect((await where({ isContextLost: () => true })).lost()).toBe('the WebGL context was lost')
    expect((await where({ getError: () => 1285 })).trouble()).toBe('WebGL ran out of memory')
    expect((await where({ getError: () => 1281 })).trouble()).toBe('WebGL error 1281')
  })

  test('without a context there is none of it', async () => {
    await expect(surroundings(lib, 'webgl2', undefined)).rejects.toThrow('gpu: webgl2 gave no context')
  })
})

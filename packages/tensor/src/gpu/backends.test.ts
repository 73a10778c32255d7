import { afterEach, describe, expect, test } from 'vitest'
import { DeviceError } from '../errors.ts'
import type { GpuBackend } from './backends.ts'
import { chooseBackend } from './backends.ts'
import type { GpuJs } from './gpujs.ts'

// Which backend is taken, of those that a browser or a Node may have.

const place = globalThis as { navigator: { gpu?: unknown } }
afterEach(() => {
  delete place.navigator.gpu
})

const floats = { isFloatRead: true, maxTextureSize: 1 }

/** gpu.js where these backends are there. */
function having(...there: readonly GpuBackend[]): GpuJs {
  const kernel = (name: GpuBackend) => ({ isSupported: there.includes(name), features: floats })
  Object.defineProperty(place.navigator, 'gpu', { value: {}, configurable: true })
  return {
    GPU: { isWebGPUAvailable: async () => there.includes('webgpu') },
    WebGL2Kernel: kernel('webgl2'),
    HeadlessGLKernel: kernel('headlessgl'),
    WebAssemblyKernel: kernel('webasm'),
  } as unknown as GpuJs
}

/** Opens a device, which is a program for some backends and not fit for others. */
const opening =
  ({ software = [], unfit = [] }: { software?: readonly GpuBackend[]; unfit?: readonly GpuBackend[] } = {}) =>
  async (backend: GpuBackend) => {
    if (unfit.includes(backend)) throw new DeviceError(`${backend} loses bits`)
    return { backend, isSoftware: software.includes(backend) }
  }

describe('without a name', () => {
  test.for([
    { there: ['webgpu', 'webgl2'], takes: 'webgpu', as: /^the best there is$/ },
    { there: ['webgl2', 'headlessgl'], takes: 'webgl2', as: /^as webgpu: navigator.gpu has no adapter/ },
    {
      there: ['headlessgl', 'webasm'],
      takes: 'headlessgl',
      as: /^as webgpu: .*; webgl2: Node has no WebGL 2/,
    },
    { there: ['webgpu', 'webgl2'], unfit: ['webgpu'], takes: 'webgl2', as: /^as webgpu: webgpu loses bits$/ },
    {
      there: ['webgpu', 'webgl2'],
      software: ['webgpu'],
      takes: 'webgl2',
      as: /^as webgpu: a software renderer$/,
    },
    {
      there: ['webgpu', 'webgl2'],
      software: ['webgpu', 'webgl2'],
      takes: 'webgpu',
      as: /^the best there is \(webgpu: a software renderer; webgl2: a software renderer; headlessgl: .*npm i gl/,
    },
  ] as const)('of $there, takes $takes', async ({ there, takes, as, ...traits }) => {
    const { device, reason } = await chooseBackend(having(...there), undefined, opening(traits))
    expect(device.backend).toBe(takes)
    expect(reason).toMatch(as)
  })

  test('never takes the processor, and says what there is and what would help', async () => {
    const none = chooseBackend(having('webasm'), undefined, opening())
    await expect(none).rejects.toThrow(DeviceError)
    await expect(none).rejects.toThrow(
      /no graphics processor can be reached \(webgpu: .*; webgl2: .*; headlessgl: .*npm i gl.*; webasm: available; cpu: available\)/,
    )
  })

  test('an error that is no refusal goes on', async () => {
    const bug = () => Promise.reject(new RangeError('a bug'))
    await expect(chooseBackend(having('webgpu', 'webgl2'), undefined, bug)).rejects.toThrow(RangeError)
  })
})

test('a backend that is named is taken, a program or not, or refused', async () => {
  const lib = having('webgpu', 'webgl2', 'webasm')
  const { device, reason } = await chooseBackend(lib, 'webgl2', opening({ software: ['webgl2'] }))
  expect([device.backend, reason]).toEqual(['webgl2', 'as asked for'])
  await expect(chooseBackend(lib, 'webgl2', opening({ unfit: ['webgl2'] }))).rejects.toThrow(
    'webgl2 loses bits',
  )
  await expect(chooseBackend(lib, 'headlessgl', opening())).rejects.toThrow(
    /^gpu: backend 'headlessgl' is absent \(headlessgl: .*npm i gl.*; webgpu: available; webgl2: available; webasm: available/,
  )
})

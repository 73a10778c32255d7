import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { KernelCall } from '../device.ts'
import { availableDevices, getDevice } from '../devices.ts'
import { DeviceError } from '../errors.ts'
import { add, div, fromData, gather, matmul, mean, ones, scope, sum, transpose } from '../index.ts'
import { primitiveNames } from '../primitives.ts'
import { GpuJsDevice } from './device.ts'
import { extremeCases } from './extremes.test.helper.ts'
import { families, seeded, viewOf } from './families.test.helper.ts'
import { importGpuJs } from './gpujs.ts'
import type { GpuDevice } from './index.ts'
import { loadGpu } from './index.ts'
import { surroundings } from './limits.ts'
import { discrepancy } from './oracle.test.helper.ts'
import { KernelRunner } from './runner.ts'
import { gpuDtypes, supportOf } from './support.ts'

/** A device that keeps few kernels, without the registry. */
async function smallDevice(backend: 'cpu' | 'webasm', maxKernels: number): Promise<GpuDevice> {
  const lib = await importGpuJs()
  const runner = new KernelRunner(lib, backend)
  return new GpuJsDevice(runner, await surroundings(lib, backend, undefined), [], maxKernels)
}

describe.each(['cpu', 'webasm'] as const)('gpu device on %s', (backend) => {
  let device: GpuDevice
  beforeAll(async () => {
    device = await loadGpu({ backend })
  })
  afterAll(() => device.close())

  test('says what runs', async () => {
    const info = device.info()
    expect(info).toMatchObject({ name: 'gpu', backend, threads: 1, dtypes: ['float32', 'bool', 'int32'] })
    expect(info.kernels).toEqual(
      expect.arrayContaining(['add', 'reduceSum', 'matmul', 'conv2d', 'pad', 'concat']),
    )
    expect(info.notes.join('\n')).toMatch(/on the processor/)
    expect(info.notes).toContain(`backend ${backend}: as asked for`)
    expect(getDevice('gpu')).toBe(device)
    expect(availableDevices()).toContain('gpu')
    expect(await loadGpu({ backend })).toBe(device)
  })

  test.each(Object.entries(families))('%s agrees with the reference device', async (_name, family) => {
    const entropy = fc.array(fc.nat(999_983), { minLength: 8, maxLength: 60 })
    await fc.assert(
      fc.asyncProperty(entropy, async (numbers) => {
        let at = 0
        expect(
          await discrepancy(
            device,
            family(() => numbers[at++ % numbers.length]!),
          ),
        ).toBeUndefined()
      }),
      { numRuns: 10 },
    )
  })

  test('NaN, infinities and overflow go through as on the reference device', async () => {
    for (const extreme of extremeCases()) expect(await discrepancy(device, extreme)).toBeUndefined()
  })

  test('quotients by a number are rounded once', async () => {
    const numbers = Array.from({ length: 255 }, (_, i) => i + 1)
    for (const b of [3, 41, 49, 107, 0.1, -0.7, 1e30, 0, Number.POSITIVE_INFINITY]) {
      const x = numbers.map((n) => Math.fround(n * (b === 0 || b > 1e35 ? 1 : b)))
      const quotients = await scope(() => div(fromData(x, [255], { device }), b)).data()
      expect(Array.from(quotients), `over ${b}`).toEqual(x.map((v) => Math.fround(v / Math.fround(b))))
    }
    expect(await mean(fromData(numbers, [255], { device })).item()).toBe(128)
  })

  test('groups of very many elements have gradients too', async () => {
    const view = (shape: readonly number[], i: number) => viewOf(seeded(i), shape)
    const shape = [1, 2, 96, 96]
    const inputs = [shape, [2], [2], shape].map(view)
    const params = { groups: 1, eps: 0.5, silu: true }
    // Elements are at most 3: dy·weight·rate is at most 13, and Σ dz·n over √(2·96²) of it.
    for (const [primitive, size] of [
      ['groupNormGradInput', 13],
      ['groupNormGradAffine', 13 * 136],
    ] as const)
      expect(await discrepancy(device, { primitive, inputs, params, size })).toBeUndefined()
  })

  test('groups of many channels are summed by several at once', async () => {
    const shape = [2, 64, 5]
    const inputs = [shape, [64], [64], shape].map((of, i) => viewOf(seeded(i), of))
    const params = { groups: 1, eps: 0.5, silu: true }
    const norm = { primitive: 'groupNorm' as const, inputs: inputs.slice(0, 3), params, size: 13 }
    expect(await discrepancy(device, norm)).toBeUndefined()
    const gradient = { primitive: 'groupNormGradInput' as const, inputs, params, size: 13 }
    expect(await discrepancy(device, gradient)).toBeUndefined()
  })

  test('long sums stay accurate, and long loops are not cut short', async () => {
    const x = fromData(new Float32Array(200_000).fill(0.1), [200_000], { device })
    expect(await sum(x).item()).toBeCloseTo(20_000, 1)
    const long = fromData(new Float32Array(5000).fill(1), [1, 5000], { device })
    expect(await matmul(long, transpose(long)).item()).toBe(5000)
  })

  test('every buffer is freed, also those between two stages', async () => {
    const own = await smallDevice(backend, 50)
    const values = scope(() => {
      const x = ones([4, 5], { device: own })
      return add(matmul(x, transpose(x)).slice([1, 3]), 1)
    })
    expect(await values.data()).toEqual(new Float32Array(8).fill(6))
    expect(own.stats()).toMatchObject({ buffers: 1, bytes: 32 })
    values.dispose()
    const long = {
      data: new Array<number>(2000).fill(1),
      dtype: 'float32',
      shape: [2000],
      strides: [1],
      offset: 0,
    } as const
    for (const primitive of ['reduceSum', 'reduceMax'] as const) {
      const sum = { primitive, inputs: [long], params: { axes: [0], keepDims: false } }
      expect(await discrepancy(own, sum)).toBeUndefined()
    }
    const concat = { primitive: 'concat', inputs: new Array(14).fill(long), params: { axis: 0 } } as const
    expect(await discrepancy(own, concat)).toBeUndefined()
    expect(own.stats()).toMatchObject({ buffers: 0, bytes: 0 })
    await own.close()
  })

  test('a kernel that is fed its own results leaves the earlier ones alone', async () => {
    let x = fromData([1, 2], [2], { device })
    const all = [x]
    for (let i = 0; i < 4; i++) all.push((x = add(x, x)))
    const values = await Promise.all(all.map((t) => t.data()))
    expect(values.map(([first]) => first)).toEqual([1, 2, 4, 8, 16])
  })

  test('kernels past the limit are destroyed, and built again when needed', async () => {
    const small = await smallDevice(backend, 3)
    for (const primitive of ['neg', 'abs', 'exp', 'floor', 'neg'] as const) {
      expect(
        await discrepancy(
          small,
          families[primitive]!(() => 5),
        ),
      ).toBeUndefined()
      expect(small.stats().kernels).toBeLessThanOrEqual(3)
    }
    await small.close()
    expect(() => small.allocate('float32', 1)).toThrow(/closed/)
  })

  test('a kernel that gpu.js would run elsewhere, or cannot compile, is an error', async () => {
    const runner = new KernelRunner(await importGpuJs(), backend)
    const truth = runner.compile('function(a0) { return a0[this.thread.x] > 1; }', [4])
    expect(() => truth.run([new Float32Array(4)])).toThrow(backend === 'webasm' ? DeviceError : Error)
    if (backend === 'webasm') {
      expect(() =>
        runner.compile('function(a0) { return a0[0] > 1; }', [4]).run([new Float32Array(4)]),
      ).toThrow(/gpu\.js would not run a kernel on 'webasm'.*Boolean/)
    }
    await runner.destroy()
  })

  test('errors name the primitive and what there is', async () => {
    const x = ones([2, 2], { device })
    const call = (primitive: KernelCall['primitive'], params: object): KernelCall =>
      ({
        primitive,
        inputs: [{ ...x, buffer: x.buffer }],
        params,
        shape: [2],
        dtype: 'float32',
      }) as unknown as KernelCall
    expect(() => device.allocate('float64', 2)).toThrow(/no float64 here.*float32, bool, int32/)
    expect(() => device.allocate('float32', 2 ** 40)).toThrow(
      /1099511627776 elements exceed .* the most one buffer/,
    )
    expect(() => device.run(call('affine', { scale: Number.POSITIVE_INFINITY, shift: 0 }))).toThrow(
      /affine: .*Infinity/,
    )
    await expect(device.read(device.allocate('float32', 2), 'float32', 2)).rejects.toThrow(/never written/)
    const buffer = device.allocate('float32', 1)
    expect(() => device.write(buffer, 'float32', new Float32Array(2))).toThrow(/2 values for a buffer of 1/)
  })

  test('integers are those that floats hold, and are not added', async () => {
    const n = fromData([3, -(2 ** 24), 2 ** 30], [3], { device, dtype: 'int32' })
    expect(await n.data()).toEqual(Int32Array.of(3, -(2 ** 24), 2 ** 30))
    expect(() => fromData([2 ** 24 + 1], [1], { device, dtype: 'int32' })).toThrow(
      /16777217 .*no float holds/,
    )
    expect(() => add(n, n)).toThrow(/add: no arithmetic of int32 here/)
    const x = fromData([1, 2, 3], [3], { device })
    const beyond = gather(x, fromData([2, 3, -1], [3], { device, dtype: 'int32' }))
    expect(await beyond.data()).toEqual(Float32Array.of(3, Number.NaN, Number.NaN))
  })

  test('empty tensors', async () => {
    const none = fromData([], [0, 3], { device })
    expect(await none.data()).toEqual(new Float32Array(0))
    expect(await add(none, 1).data()).toEqual(new Float32Array(0))
    expect(await sum(none, 0).data()).toEqual(new Float32Array(3))
    expect(await matmul(fromData([], [2, 0], { device }), none).data()).toEqual(new Float32Array(6))
  })
})

test('a kernel that ends up in another class than the backend’s own is refused', async () => {
  const lib = await importGpuJs()
  // As if gpu.js had quietly chosen its processor mode for a graphics backend.
  const runner = new KernelRunner({ ...lib, WebAssemblyKernel: lib.WebGL2Kernel }, 'webasm')
  const kernel = runner.compile('function(a0) { return a0[this.thread.x]; }', [2])
  expect(() => kernel.run([new Float32Array(2)])).toThrow(/it ran as WebAssemblyKernel/)
  await runner.destroy()
})

test('an absent backend is an error that lists what there is, and why the others are not', async () => {
  // Node has no graphics context (unless the optional package gl was built).
  await expect(loadGpu({ backend: 'webgl2' })).rejects.toThrow(
    /backend 'webgl2' is absent \(webgl2: Node has no WebGL 2; browsers do.*webasm: available; cpu: available\)/,
  )
  await expect(loadGpu({ backend: 'metal' as 'cpu' })).rejects.toThrow(
    /no backend 'metal'; there are: webgpu/,
  )
})

test('every primitive has kernels, but for views, which the dispatcher makes; and random calls here', async () => {
  const device = await loadGpu({ backend: 'cpu' })
  const covered = device.info().kernels
  expect(primitiveNames.filter((name) => !covered.includes(name))).toEqual([
    'reshape',
    'transpose',
    'slice',
    'broadcastTo',
  ])
  const drawn = new Set(
    Object.values(families).map((family) => {
      const { primitive, inputs } = family(seeded(1))
      return `${primitive} of ${inputs[primitive === 'where' ? 1 : 0]!.dtype}`
    }),
  )
  const here = primitiveNames.flatMap((name) =>
    gpuDtypes.filter((dtype) => supportOf(name, dtype) === 'kernel').map((dtype) => `${name} of ${dtype}`),
  )
  expect([...drawn].sort()).toEqual(here.sort())
})

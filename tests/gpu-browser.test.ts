import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { BrowserPage } from './browser.ts'
import { findChromium, openBrowser } from './browser.ts'

const here = findChromium() !== undefined
const folder = 'packages/tensor/src/gpu'

/** Imports of a module that runs in the page, and one device per page and backend. */
const prelude = (backend: string) => `
  import { add, fromData, matmul, sum } from '../index.ts'
  import { loadGpu } from './index.ts'
  import { GpuJsDevice } from './device.ts'
  import { importGpuJs } from './gpujs.ts'
  import { surroundings } from './limits.ts'
  import { examine } from './probe.ts'
  import { KernelRunner } from './runner.ts'
  import { extremeCases } from './extremes.test.helper.ts'
  import { families, seeded } from './families.test.helper.ts'
  import { discrepancy, survey } from './oracle.test.helper.ts'
  const device = (globalThis['device-${backend}'] ??= await loadGpu({ backend: '${backend}' }))
`

/** Code that makes a runner and keeps in `live` what its context makes and does not give back, until `unwatch`. */
const watched = (backend: string) => `
      const live = new Set<unknown>()
      const lib = await importGpuJs()
      const runner = new KernelRunner(lib, '${backend}')
      const { context } = await examine(runner)
      const maker = '${backend}' === 'webgl2' ? (context as any) : (context as any).device
      const [make, drop] = '${backend}' === 'webgl2' ? ['createTexture', 'deleteTexture'] : ['createBuffer', undefined]
      const former = { make: maker[make], drop: drop && maker[drop] }
      maker[make] = (...args: unknown[]) => {
        const made = former.make.apply(maker, args)
        live.add(made)
        if (drop === undefined && !Object.hasOwn(made, 'watched')) {
          const destroy = made.destroy
          Object.assign(made, { watched: true, destroy() { live.delete(made); destroy.call(made) } })
        }
        return made
      }
      if (drop !== undefined) maker[drop] = (texture: unknown) => { live.delete(texture); former.drop.call(maker, texture) }
      const unwatch = () => {
        maker[make] = former.make
        if (drop !== undefined) maker[drop] = former.drop
      }`

type Skip = { skip(note?: string): never }

let page: BrowserPage | undefined
beforeAll(async () => {
  if (here) page = await openBrowser({ skip: () => expect.unreachable() } as never)
})
afterAll(() => page?.[Symbol.asyncDispose]())

const pageOr = (context: Skip): BrowserPage =>
  page ?? context.skip('no Chromium found (install it, or set CHROMIUM)')

describe.each(['webgl2', 'webgpu'] as const)('gpu device in a browser on %s', (backend) => {
  const run = (context: Skip, code: string): Promise<unknown> =>
    pageOr(context).run(prelude(backend) + code, folder)

  test('says what runs', async (context) => {
    const info = await run(context, 'export default device.info()')
    expect(info).toMatchObject({ name: 'gpu', backend, dtypes: ['float32', 'bool', 'int32'] })
    const notes = (info as { notes: string[] }).notes.join('\n')
    expect(notes).toMatch(/renderer: .*SwiftShader/i)
    expect(notes).toMatch(/software renderer/)
  })

  test('random calls of every primitive agree with the reference device, and free their buffers', async (context) => {
    const code = `export default { found: await survey(device, ${backend === 'webgl2' ? 2 : 1}, 20), ...device.stats() }`
    expect(await run(context, code)).toMatchObject({ found: [], buffers: 0, bytes: 0 })
  })

  test('convolutions and contractions, some more', async (context) => {
    const code = `export default await survey(device, 5, 900, (name) => /conv2d|matmul|reduceSum|concat/.test(name))`
    expect(await run(context, code)).toEqual([])
  })

  test('threads that compute four elements, and what reads them', async (context) => {
    if (backend === 'webgl2') context.skip('on WebGL 2 threads compute one element')
    const code = `
      import { conv2d, normal, randomKey, scope } from '../index.ts'
      const runner = new KernelRunner(await importGpuJs(), '${backend}')
      const { context } = await examine(runner)
      const wide = new GpuJsDevice(runner, await surroundings(await importGpuJs(), '${backend}', context), [], 64, 1)
      const of = (device: unknown) => scope(() => {
        const draw = (name: number, shape: readonly number[]) => normal(randomKey(name), shape, { device: device as never })
        const [x, w] = [draw(1, [2, 40, 9, 8]), draw(2, [6, 40, 3, 3])]
        const y = conv2d(x, w, { padding: 1, bias: draw(3, [6]), residual: draw(4, [2, 6, 9, 8]), activation: 'silu' })
        const z = conv2d(y, draw(5, [3, 6, 3, 2]), { stride: [1, 2], padding: [[0, 1], [1, 0]] })
        return [y, add(z, sum(y, [2, 3], true).slice(null, [0, 3])), matmul(y, draw(6, [8, 12]))]
      })
      const [actual, expected] = [of(wide), of('reference')]
      const far: number[] = []
      for (const [k, x] of actual.entries()) {
        const [found, want] = [await x.data(), await expected[k]!.data()]
        const size = Math.max(...want.map(Math.abs))
        far.push(Math.max(...Array.from(found, (v, i) => Math.abs(v - want[i]!))) / size)
        x.dispose()
      }
      const { buffers } = wide.stats()
      // Weights that are laid out: once, and freed with their tensor.
      const [x, w] = [[2, 40, 9, 8], [8, 40, 3, 3]].map((shape) => normal(randomKey(shape[0]!), shape, { device: 'reference' }))
      const [here, weights] = await Promise.all([x, w].map((t) => t.to(wide)))
      const want = conv2d(x, w, { padding: 1 }).dataSync()
      const kept: unknown[] = []
      for (let round = 0; round < 3; round++) {
        const before = wide.stats().launches
        const y = conv2d(here, weights, { padding: 1 })
        const { launches, packedWeights } = wide.stats()
        far.push(Math.max(...Array.from(await y.data(), (v, i) => Math.abs(v - want[i]!))) / Math.max(...want))
        kept.push([launches - before, packedWeights])
      }
      weights.dispose()
      kept.push(wide.stats().packedWeights)
      await wide.close()
      export default { far, buffers, kept }`
    const { far, ...rest } = (await run(context, code)) as { far: number[] }
    expect(far).toHaveLength(6)
    for (const distance of far) expect(distance).toBeLessThan(1e-5)
    const bytes = 4 * 8 * 40 * 9
    expect(rest).toEqual({ buffers: 0, kept: [[2, bytes], [1, bytes], [1, bytes], 0] })
  })

  test('NaN, infinities and overflow go through as on the reference device', async (context) => {
    const code = `
      const found: string[] = []
      for (const extreme of extremeCases()) {
        const different = await discrepancy(device, extreme)
        if (different !== undefined) found.push(different)
      }
      export default found`
    expect(await run(context, code)).toEqual([])
  })

  test('results of one kernel do not overwrite each other', async (context) => {
    const code = `
      let x = fromData([1, 2], [2], { device })
      const all = [x]
      for (let i = 0; i < 6; i++) all.push((x = add(x, x)))
      all[2]!.dispose()
      const y = add(all[1]!, all[1]!)
      const kept = [...all.slice(0, 2), ...all.slice(3), y]
      const values = await Promise.all(kept.map((t) => t.data()))
      export default values.map(([first]) => first)`
    expect(await run(context, code)).toEqual([1, 2, 8, 16, 32, 64, 4])
  })

  test('long sums stay accurate, and long loops are not cut short', async (context) => {
    const code = `
      const x = fromData(new Float32Array(300_000).fill(0.1), [300_000], { device })
      const long = fromData(new Float32Array(5000).fill(1), [5000, 1], { device })
      export default [await sum(x).item(), await matmul(long.transpose(), long).item()]`
    const [total, product] = (await run(context, code)) as [number, number]
    expect(total).toBeCloseTo(30_000, 1)
    expect(product).toBe(5000)
  })

  test('errors name the primitive, the backend and the limits', async (context) => {
    const code = `
      const message = async (fn: () => unknown) => {
        try { await fn() } catch (error) { return (error as Error).name + ': ' + (error as Error).message }
        return 'nothing thrown'
      }
      const x = fromData([1, 2], [2], { device })
      export default {
        uncovered: await message(() => device.run({ primitive: 'reshape', inputs: [], params: { shape: [2] }, shape: [2], dtype: 'float32' })),
        integers: await message(() => {
          const n = fromData([3, 4], [2], { device, dtype: 'int32' })
          return add(n, n)
        }),
        unexact: await message(() => fromData([2 ** 24 + 1], [1], { device, dtype: 'int32' })),
        large: await message(() => device.allocate('float32', 2 ** 40)),
        sync: await message(() => add(x, 1).dataSync()),
        absent: await message(() => loadGpu({ backend: 'headlessgl' })),
        // On WebGPU it comes to light when the result is read.
        unwritten: await message(async () => {
          const view = { buffer: device.allocate('float32', 2), dtype: 'float32', shape: [2], strides: [1], offset: 0 }
          const out = device.run({ primitive: 'neg', inputs: [view], params: {}, shape: [2], dtype: 'float32' })
          await device.read(out, 'float32', 2)
        }),
        best: (await loadGpu()).info().backend,
      }`
    expect(await run(context, code)).toMatchObject({
      uncovered: expect.stringMatching(/^DeviceError: .*no kernel for reshape; this device has: .*conv2d/),
      integers: expect.stringMatching(/^DeviceError: gpu: add: no arithmetic of int32/),
      unexact: expect.stringMatching(/^DeviceError: gpu: write: 16777217 .*no float holds/),
      large: expect.stringMatching(
        /^DeviceError: .*(textures of at most \d+ × \d+|storage buffers of at most)/,
      ),
      // WebGL waits for its kernels; WebGPU cannot be waited for.
      sync: expect.stringMatching(backend === 'webgl2' ? /^nothing thrown$/ : /^DeviceError: dataSync/),
      absent: expect.stringMatching(/^DeviceError: .*'headlessgl' is absent .*webgl2: available/),
      unwritten: expect.stringMatching(/^DeviceError: .*never written/),
      best: 'webgpu',
    })
  })

  test('gradients of conv2d and matmul, with the views that autograd passes', async (context) => {
    const code = `
      import { vjp } from '@tweedie/autograd'
      import { conv2d, matmul, normal, randomKey, scope } from '@tweedie/tensor'
      import { loadGpu } from '@tweedie/tensor/gpu'
      await loadGpu({ backend: '${backend}' })
      const geometries = [
        { x: [2, 4, 7, 6], w: [6, 2, 3, 2], stride: [2, 1], padding: [1, 2], dilation: [1, 2], groups: 2 },
        { x: [1, 3, 5, 5], w: [4, 3, 3, 3], padding: 1 },
        { x: [2, 2, 4, 3], w: [3, 2, 2, 3], lhsDilation: [2, 3], padding: [[2, 0], [1, 3]], stride: 2 },
      ] as const
      const draw = (name: number, shape: readonly number[]) => (device: string) =>
        normal(randomKey(name), shape, { device })
      const gradients = async (device: string) => {
        const out: number[][] = []
        for (const { x, w, ...options } of geometries) {
          const [y, back] = vjp((a, b) => conv2d(a, b, options as never), draw(1, x)(device), draw(2, w)(device))
          const cotangent = draw(3, y.shape)(device)
          out.push(...(await Promise.all([y, ...back(cotangent)].map(async (t) => Array.from(await t.data())))))
        }
        const [y, back] = vjp(matmul, draw(4, [2, 3, 5])(device), draw(5, [2, 5, 4])(device))
        out.push(...(await Promise.all([y, ...back(draw(6, y.shape)(device))].map(async (t) => Array.from(await t.data())))))
        return out
      }
      export default [await gradients('gpu'), await gradients('reference')]`
    const [actual, expected] = (await pageOr(context).run(code)) as [number[][], number[][]]
    expect(actual).toHaveLength(12)
    actual.forEach((values, k) => {
      expect(values).toHaveLength(expected[k]!.length)
      values.forEach((value, i) => expect(value).toBeCloseTo(expected[k]![i]!, 4))
    })
  })

  test('kernels hold no results that have been freed', async (context) => {
    if (backend === 'webgl2') context.skip('on WebGL 2 they do, and past 512 MiB are compiled anew')
    const code = `
      import { abs, exp, neg, normal, randomKey, sigmoid, silu } from '../index.ts'
      ${watched(backend)}
      const own = new GpuJsDevice(runner, await surroundings(lib, '${backend}', context))
      const length = 2 ** 16 + 12
      const x = await normal(randomKey(1), [length], { device: 'reference' }).to(own)
      const alive = () => [...live].filter((buffer: any) => buffer.size === 4 * length).length
      const held: number[][] = []
      for (const fn of [neg, abs, exp, sigmoid, silu]) {
        const y = fn(x)
        await y.data()
        y.dispose()
        // Freeing takes its turn in the queue, and the device its time.
        const settled = () => own.info().reservedBytes === (held[0]?.[0] ?? own.info().reservedBytes) && alive() === 4
        for (let i = 0; i < 500 && !settled(); i++) await new Promise((done) => setTimeout(done, 10))
        held.push([own.info().reservedBytes, alive()])
      }
      const { kernels } = own.stats()
      await own.close()
      unwatch()
      export default { kernels, grown: held.map(([reserved]) => reserved! - held[0]![0]!), alive: held.map(([, count]) => count) }`
    // Alive are the argument, what carried it there, and two that carry results back. Beside the five kernels there are one that
    // uploads, one that copies and one that downloads.
    const expected = { kernels: 8, grown: [0, 0, 0, 0, 0], alive: [4, 4, 4, 4, 4] }
    expect(await run(context, code)).toEqual(expected)
  })

  test('device memory is given back: freed results, results that outlive their kernel, destroyed kernels', async (context) => {
    const code = `
${watched(backend)}
      await examine(runner)
      const afterProbe = live.size
      const small = new GpuJsDevice(runner, await surroundings(lib, '${backend}', context), [], 3)
      const found = await survey(small, 1, 31, (name) => /^(add|matmul|conv2d|concat|reduceSum|neg|pad)$/.test(name))
      // A result whose kernel has been destroyed by the time it is read, and then freed.
      const x = fromData([1, 2], [2], { device: small })
      const tensors = [x, add(x, x)]
      for (const k of [2, 3, 4, 5]) {
        const other = fromData([k], [1], { device: small })
        const sum = add(tensors[1]!, other)
        await sum.data()
        tensors.push(other, sum)
      }
      const outlived = Array.from(await tensors[1]!.data())
      const stats = small.stats()
      const held = live.size
      for (const t of tensors) t.dispose()
      await small.close()
      unwatch()
      export default { found, afterProbe, outlived, kernels: stats.kernels, held, beyondBuffers: held - stats.buffers, atTheEnd: live.size }`
    const result = (await run(context, code)) as { held: number; beyondBuffers: number }
    expect(result).toMatchObject({ found: [], afterProbe: 0, outlived: [2, 4], kernels: 3, atTheEnd: 0 })
    expect(result.held).toBeGreaterThan(0)
    expect(result.beyondBuffers).toBeLessThan(12) // of the three kernels
  })
})

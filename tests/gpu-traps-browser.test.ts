import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { BrowserPage } from './browser.ts'
import { findChromium, openBrowser } from './browser.ts'

// What gpu.js does wrong without a word, or cannot take: here a right result, or a typed error.

let page: BrowserPage | undefined
beforeAll(async () => {
  if (findChromium() !== undefined) page = await openBrowser({ skip: () => expect.unreachable() } as never)
})
afterAll(() => page?.[Symbol.asyncDispose]())

describe.each(['webgl2', 'webgpu'] as const)('on %s', (backend) => {
  const run = (context: { skip(note?: string): never }, code: string): Promise<unknown> =>
    (page ?? context.skip('no Chromium found (install it, or set CHROMIUM)')).run(
      `
      import { add, concat, cumsum, fromData, matmul, memory, mul, sum } from '@tweedie/tensor'
      import { loadGpu } from '@tweedie/tensor/gpu'
      import { importGpuJs } from './gpujs.ts'
      const contexts = (globalThis.contexts ??= [])
      const getContext = HTMLCanvasElement.prototype.getContext
      HTMLCanvasElement.prototype.getContext = function (...args) {
        const context = getContext.apply(this, args)
        if (args[0] === 'webgl2' && !contexts.includes(context)) contexts.push(context)
        return context
      }
      const device = await loadGpu({ backend: '${backend}' })
      ${code}`,
      'packages/tensor/src/gpu',
    )

  test('loops beyond a thousand iterations', async (context) => {
    const code = `
      const n = 2500
      const ones = fromData(new Float32Array(n).fill(1), [1, n], { device })
      const sums = await cumsum(ones, 1).data()
      export default [await matmul(ones, ones.transpose()).item(), sums[n - 1], sums[1001]]`
    expect(await run(context, code)).toEqual([2500, 2500, 1002])
  })

  test('two live results of one kernel', async (context) => {
    const code = `
      const [a, b, c] = [1, 2, 4].map((v) => fromData([v, v], [2], { device }))
      const [x, y, z] = [add(a, b), add(b, c), add(a, c)]
      export default [await x.data(), await z.data(), await mul(x, y).data()].map((v) => Array.from(v))`
    expect(await run(context, code)).toEqual([
      [3, 3],
      [5, 5],
      [18, 18],
    ])
  })

  test('more than seven inputs', async (context) => {
    const code = `
      const parts = Array.from({ length: 20 }, (_, i) => fromData([i, -i], [1, 2], { device }))
      export default Array.from(await concat(parts, 0).data())`
    expect(await run(context, code)).toEqual(Array.from({ length: 20 }, (_, i) => [i, -i]).flat())
  })

  test('shapes of more axes than gpu.js has, and longer than one side of a texture or a row of workgroups', async (context) => {
    const code = `
      const many = fromData(Float32Array.from({ length: 64 }, (_, i) => i), [2, 2, 2, 2, 2, 2], { device })
      const turned = await many.transpose([5, 4, 3, 2, 1, 0]).add(0).data()
      const n = 65_535 * 64 + 3
      const long = fromData(new Float32Array(n).fill(1), [n], { device })
      const raised = await add(long, 1).data()
      export default [Array.from(turned.slice(0, 4)), raised.length - n, raised.every((v) => v === 2), await sum(long).item() - n]`
    expect(await run(context, code)).toEqual([[0, 32, 16, 48], 0, true, 0])
  })

  test('what does not fit is refused before any work', async (context) => {
    const code = `
      const message = (fn) => { try { fn() } catch (error) { return error.name + ': ' + error.message } }
      const { buffers } = device.stats()
      const row = fromData([1, 2], [1, 2], { device })
      const found = message(() => row.broadcastTo([2 ** 29, 2]).add(1))
      export default { found, left: device.stats().buffers - buffers }`
    expect(await run(context, code)).toEqual({
      found: expect.stringMatching(
        /^DeviceError: gpu: affine: 1073741824 elements exceed \d+, the most one buffer holds here/,
      ),
      left: 1,
    })
  })

  test('memory() counts what truth values take on the device', async (context) => {
    const code = `
      const before = memory(device).bytes
      const x = fromData([1, 0, 1], [3], { device, dtype: 'bool' })
      export default [memory(device).bytes - before, x.dtype]`
    expect(await run(context, code)).toEqual([12, 'bool'])
  })

  test('a lost context: errors of a type of their own, and a new device where it is asked for', async (context) => {
    const code = `
      const message = async (fn) => { try { await fn() } catch (error) { return error.name + ': ' + error.message } }
      const x = fromData([1, 2], [2], { device })
      const y = add(x, 1)
      const fine = Array.from(await y.data())
      const z = mul(y, 2)
      const reading = '${backend}' === 'webgpu' ? message(() => y.data()) : undefined
      if ('${backend}' === 'webgpu') (await (await importGpuJs()).WebGPUContext.acquire()).device.destroy()
      else for (const gl of contexts) gl.getExtension('WEBGL_lose_context')?.loseContext()
      const underWay = await reading
      const read = await message(() => z.data())
      const used = await message(() => add(y, 1))
      const uploaded = await message(() => fromData([1], [1], { device }))
      for (const t of [x, y, z]) t.dispose()
      const next = await loadGpu({ backend: '${backend}' })
      const again = fromData([5], [1], { device: next })
      const kept = fromData([1], [1], { device: 'wasm' })
      export default {
        fine, underWay, read, used, uploaded,
        same: next === device,
        works: Array.from(await add(again, 1).data()),
        mixed: await message(() => add(again, kept)),
      }`
    const lost = expect.stringMatching(
      /^DeviceLostError: gpu \((webgl2|webgpu)\): the Web\w+ (context|device) was lost.*loadGpu\(\)` makes a new device/,
    )
    const found = (await run(context, code)) as { readonly underWay?: string }
    expect(found).toMatchObject({
      ...{ fine: [2, 3], read: lost, used: lost, uploaded: lost, same: false, works: [6] },
      mixed: expect.stringMatching(/^DeviceError: add: inputs are on gpu and wasm; move them/),
    })
    // A read that was under way has its values, or says why not.
    if (found.underWay !== undefined) expect(found.underWay).toEqual(lost)
  })
})

import process from 'node:process'
import { methods } from '@tweedie/solvers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { BrowserPage } from './browser.ts'
import { findChromium, openBrowser } from './browser.ts'

// Methods on WebGPU, which nothing can be read from at once: as on wasm.

let page: BrowserPage | undefined
beforeAll(async () => {
  if (findChromium() !== undefined) page = await openBrowser({ skip: () => expect.unreachable() } as never)
})
afterAll(() => page?.[Symbol.asyncDispose]())

/** One of each way to read numbers on the way; all of them take minutes on a software renderer. */
const some = ['dds', 'tds', 'rlsd', 'kadkhodaie-simoncelli', 'resample']
const all = process.env['TWEEDIE_LONG'] !== undefined

test.for(all ? methods.names : some)('%s takes two steps on WebGPU', async (name, context) => {
  const code = `
    import { memory } from '@tweedie/tensor'
    import { loadGpu } from '@tweedie/tensor/gpu'
    import { twoSteps } from './two-steps.test.helper.ts'
    const device = (globalThis['webgpu'] ??= await loadGpu({ backend: 'webgpu' }))
    export default { wasm: await twoSteps('${name}', 'wasm'), gpu: await twoSteps('${name}', 'gpu') }`
  interface Found {
    readonly values: readonly number[]
    readonly calls: unknown
  }
  const here = page ?? context.skip('no Chromium found (install it, or set CHROMIUM)')
  const found = await here.run(code, 'packages/solvers/src/methods')
  const { wasm, gpu } = found as { readonly wasm: Found; readonly gpu: Found }
  expect(gpu.calls).toEqual(wasm.calls)
  expect(gpu.values).toHaveLength(wasm.values.length)
  const size = Math.max(1, ...wasm.values.map(Math.abs))
  gpu.values.forEach((v, i) => void expect(Math.abs(v - wasm.values[i]!)).toBeLessThan(1e-3 * size))
})

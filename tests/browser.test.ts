import { expect, test } from 'vitest'
import { openBrowser } from './browser.ts'

test('the test browser has shared memory, WebGL2, WebGPU and TypeScript modules', async (context) => {
  await using page = await openBrowser(context)
  const found = await page.run(`
    const adapter: unknown = await (navigator as any).gpu?.requestAdapter()
    export default {
      isolated: crossOriginIsolated,
      webgl2: document.createElement('canvas').getContext('webgl2') !== null,
      webgpu: adapter != null,
    }`)
  expect(found).toEqual({ isolated: true, webgl2: true, webgpu: true })
  await expect(page.run(`throw new RangeError('from the page')`)).rejects.toThrow('from the page')
})

test('gpu.js computes in the test browser', async (context) => {
  await using page = await openBrowser(context)
  const code = `
    import { GPU } from 'gpu.js'
    const gpu = new GPU({ mode: 'webgl2' })
    const double = gpu.createKernel(function (x) { return 2 * x[this.thread.x] }).setOutput([3])
    export default Array.from(double([1, 2, 3]))`
  expect(await page.run(code, 'packages/tensor/src')).toEqual([2, 4, 6])
})

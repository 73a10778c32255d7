import { expect, test } from 'vitest'
import { openBrowser } from './browser.ts'

/** Products on three threads and on one, in a page: whether they are equal, and what the device says. */
const compare = (threads: string) => `
  import { createWasmDevice } from './device.ts'
  const product = async (options) => {
    const device = createWasmDevice(options)
    const buffer = device.allocate('float32', 600 * 600)
    device.write(buffer, 'float32', Float32Array.from({ length: 600 * 600 }, (_, i) => Math.sin(i)))
    const view = { buffer, dtype: 'float32', shape: [600, 600], strides: [600, 1], offset: 0 }
    const call = { primitive: 'matmul', inputs: [view, view], params: {}, shape: [600, 600], dtype: 'float32' }
    let out
    for (let i = 0; i < 20; i++) {
      out = device.run(call)
      await new Promise((resolve) => setTimeout(resolve, 20)) // Workers start when the page gives them time.
    }
    return { info: device.info(), data: await device.read(out, 'float32', 600 * 600) }
  }
  const [one, many] = [await product({ threads: 1 }), await product(${threads})]
  export default {
    equal: one.data.every((x, i) => x === many.data[i]),
    threads: many.info.threads,
    notes: many.info.notes.join(),
  }`

/** As many tasks as threads, each of which waits for the others. */
const meeting = `
  import { atomics, i32 } from './asm/index.ts'
  import { Heap } from './runtime/heap.ts'
  import { KernelCache } from './runtime/module.ts'
  import { ThreadPool } from './runtime/pool.ts'
  const heap = new Heap({ shared: true })
  const kernels = new KernelCache(heap)
  const meet = kernels.get('meet', (m) =>
    m.procedure('meet', (f, at, count) => {
      const turns = f.let(0)
      f.let(atomics.add(at, 1))
      f.while(i32.and(i32.ltS(atomics.load(at), count), i32.ltS(turns, 2 ** 28)), () => f.add(turns, 1))
      f.if(i32.ltS(turns, 2 ** 28), () => f.let(atomics.add(at, count)))
    }),
  )
  const pool = new ThreadPool(heap, kernels, 3)
  const at = heap.allocate(4)
  let count = 0
  for (let attempt = 0; attempt < 40 && count !== 12; attempt++) {
    heap.i32[at / 4] = 0
    pool.run(Array.from({ length: 3 }, () => [{ run: meet, args: [at, 3] }]))
    count = heap.i32[at / 4]
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  export default { count, report: pool.report() }`

const folder = 'packages/tensor/src/wasm'

test('an isolated page computes on several threads, to the same bits', async (context) => {
  await using page = await openBrowser(context)
  const found = await page.run(compare('{ threads: 3 }'), folder)
  expect(found).toMatchObject({
    equal: true,
    threads: 3,
    notes: expect.stringContaining('threads: as asked for'),
  })
  expect(await page.run(meeting, folder)).toEqual({ count: 12, report: { threads: 3, notes: [] } })
})

test('a page that is not isolated computes on one thread and says why', async (context) => {
  await using page = await openBrowser(context, { isolated: false })
  const found = await page.run(compare('{}'), folder)
  expect(found).toMatchObject({
    equal: true,
    threads: 1,
    notes: expect.stringContaining('not cross-origin isolated'),
  })
  await expect(page.run(compare('{ threads: 2 }'), folder)).rejects.toThrow(
    /2 threads asked for, but no SharedArrayBuffer/,
  )
})

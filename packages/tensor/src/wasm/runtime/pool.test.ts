import { describe, expect, test, vi } from 'vitest'
import { DeviceError } from '../../errors.ts'
import { atomics, i32 } from '../asm/index.ts'
import { Heap } from './heap.ts'
import { KernelCache } from './module.ts'
import type { PoolOptions } from './pool.ts'
import { ThreadPool } from './pool.ts'
import type { Task } from './tasks.ts'
import { controlWords } from './worker-main.ts'

/** A pool with functions to test it by: count a visit, wait for a flag, for a number of visitors, fail. */
function testPool(size: number, options: PoolOptions = {}) {
  const heap = new Heap({ shared: true, maxBytes: 64 * 2 ** 20 })
  const kernels = new KernelCache(heap)
  const functions = kernels.all('test', ['visit', 'hold', 'meet', 'trap'], (m) => {
    m.procedure('visit', (f, at) => f.let(atomics.add(at, 1)))
    m.procedure('hold', (f, entered, flag) => {
      f.emit(atomics.store(entered, 1))
      f.while(i32.eqz(atomics.load(flag)), () => {})
    })
    m.procedure('meet', (f, at, count) => {
      const turns = f.let(0)
      f.let(atomics.add(at, 1))
      f.while(i32.and(i32.ltS(atomics.load(at), count), i32.ltS(turns, 2 ** 27)), () => f.add(turns, 1))
      f.if(i32.ltS(turns, 2 ** 27), () => f.let(atomics.add(at, count)))
    })
    m.procedure('trap', (f, at) => f.let(i32.load(at)))
  })
  return { heap, kernels, ...functions, pool: new ThreadPool(heap, kernels, size, options) }
}

/** Lets workers come up and events arrive. */
const until = async (holds: () => boolean) => {
  for (let i = 0; i < 20_000 && !holds(); i++) await new Promise((resolve) => setTimeout(resolve, 5))
  expect(holds()).toBe(true)
}

/** Workers of a pool: private, but a test has to kill one. */
/** A pool whose only worker sits in a task until `flag` is set, the caller having nothing to do. */
async function withWorkerInside(options: PoolOptions) {
  const test = testPool(2, options)
  const [entered, flag] = [test.heap.allocate(64), test.heap.allocate(64)]
  const word = (at: number) => Atomics.load(test.heap.i32, at / 4)
  for (const at of [entered, flag]) Atomics.store(test.heap.i32, at / 4, 0)
  expect(test.pool.post([[{ run: test.hold, args: [entered, flag] }]])).toBe(1)
  await until(() => word(entered) === 1)
  return { ...test, release: () => Atomics.store(test.heap.i32, flag / 4, 1) }
}

describe('thread pool', () => {
  test.each([2, 3, 4])('%d threads do every task of every job exactly once', (size) => {
    const { heap, pool, visit } = testPool(size)
    const slots = 40
    let at = heap.allocate(4 * slots)
    const visits = () => [...heap.i32.subarray(at / 4, at / 4 + slots)]
    heap.i32.fill(0, at / 4, at / 4 + slots)
    const tasks = Array.from({ length: slots }, (_, i): Task => [{ run: visit, args: [at + 4 * i] }])
    for (let job = 1; job <= 3000; job++) {
      const count = (job * 7) % slots
      pool.run(tasks.slice(0, count))
      if (visits().some((n, i) => n !== (i < count ? 1 : 0))) expect(visits()).toBe(`job ${job}`)
      heap.i32.fill(0, at / 4, at / 4 + slots)
      if (job === 1000) heap.allocate(20 * 2 ** 20) // Growth under the workers' feet.
    }
    at = heap.allocate(2 ** 20)
    expect(pool.report()).toEqual({ threads: size, notes: [] })
  })

  test.each([2, 3, 4])('%d threads work at the same time', (size) => {
    const { heap, pool, meet } = testPool(size)
    const at = heap.allocate(4)
    // Each waits for all the others, or in the end gives up: on a busy machine several times.
    for (let attempt = 0; attempt < 50 && heap.i32[at / 4] !== size + size * size; attempt++) {
      heap.i32[at / 4] = 0
      pool.run(Array.from({ length: size }, () => [{ run: meet, args: [at, size] }]))
    }
    expect(heap.i32[at / 4]).toBe(size + size * size)
  })

  test('calls of a task follow each other, and jobs larger than the table are done in turns', () => {
    const { heap, pool, visit } = testPool(2)
    const [at, calls] = [heap.allocate(12), 20_000]
    heap.i32.fill(0, at / 4, at / 4 + 3)
    const task = (slot: number, length: number): Task =>
      new Array(length).fill({ run: visit, args: [at + 4 * slot] })
    pool.run([task(0, calls), task(1, calls), task(1, calls), task(2, 60_000), task(2, 1)])
    expect([...heap.i32.subarray(at / 4, at / 4 + 3)]).toEqual([calls, 2 * calls, 60_001])
  })

  test('code made later reaches workers that are already up', async () => {
    const { heap, kernels, pool, visit } = testPool(2)
    const at = heap.allocate(4)
    heap.i32[at / 4] = 0
    const task = (run: typeof visit): Task => [{ run, args: [at] }]
    for (let i = 0; i < 50; i++) {
      const later = kernels.get(`later${i}`, (m) =>
        m.procedure('run', (f, at) => f.let(atomics.add(at, 100 + i))),
      )
      pool.run(Array.from({ length: 6 }, () => task(i % 2 === 0 ? later : visit)))
      if (i === 10) await new Promise((resolve) => setTimeout(resolve, 100))
    }
    const even = Array.from({ length: 25 }, (_, i) => 6 * (100 + 2 * i)).reduce((a, b) => a + b)
    expect(heap.i32[at / 4]).toBe(even + 25 * 6)
  })

  test('a task that fails is an error, wherever it ran, and the pool goes on', async () => {
    const { heap, pool, visit, trap } = testPool(2)
    const at = heap.allocate(4)
    const bad: Task = [{ run: trap, args: [-64] }]
    pool.post([bad])
    await until(() => Atomics.load(pool.control, controlWords.next) > 0) // The worker took it.
    expect(() => pool.finish()).toThrow(/wasm: thread 1 failed: RuntimeError: memory access out of bounds/)
    expect(() => pool.run([bad, bad])).toThrow(/out of bounds/)
    heap.i32[at / 4] = 0
    pool.run([[{ run: visit, args: [at] }], [{ run: visit, args: [at] }]])
    expect(heap.i32[at / 4]).toBe(2)
  })

  test('a worker that dies in the middle of a task is an error, not a hang', async () => {
    const { pool } = await withWorkerInside({ patience: 250 })
    pool.workers![0]!.terminate()
    expect(() => pool.finish()).toThrow(DeviceError)
    expect(() => pool.run([[], []])).toThrow(/1 of 1 workers took work and did not come back for \d+\.\d s/)
    expect(pool.report().notes.join()).toContain('did not come back')
  })

  test.each([
    ['process.exit(3)'],
    ['throw { toString() { throw new Error("none") } }'], // Not even its report succeeds.
  ])('a worker that ends itself inside a task is noticed at once: %s', async (end) => {
    const { Worker } = await import('node:worker_threads')
    // The worker's instances have functions that do not return.
    class Doomed extends Worker {
      constructor(code: string, options: object) {
        const run = `() => { ${end} }`
        super(
          `WebAssembly.Instance = function () { return { exports: [${[run, run, run, run]}] } }\n${code}`,
          options,
        )
      }
    }
    const { pool, visit, heap } = testPool(2, { patience: 60_000 })
    vi.stubGlobal('process', { ...process, getBuiltinModule: () => ({ Worker: Doomed }) })
    try {
      pool.post([[{ run: visit, args: [heap.allocate(4)] }]])
    } finally {
      vi.unstubAllGlobals()
    }
    // Without a turn of the event loop, which would bring the worker's own event.
    while (Atomics.load(pool.control, controlWords.next) === 0);
    expect(() => pool.finish()).toThrow(/thread 1 of 2 ended by itself/)
    expect(() => pool.run([[], []])).toThrow(/this device is no longer usable/)
  })

  test('a worker that is only slow is waited for', async () => {
    const { pool, release } = await withWorkerInside({ patience: 60_000 })
    release()
    expect(() => pool.finish()).not.toThrow()
  })

  test('workers that are kept from working are left alone for a while', async () => {
    const busy = testPool(2)
    const at = busy.heap.allocate(4)
    const round = async (turns: number) => {
      busy.heap.i32[at / 4] = 0
      busy.pool.post([[{ run: busy.meet, args: [at, turns] }]])
      await until(() => Atomics.load(busy.heap.i32, at / 4) > 0)
      busy.pool.finish()
    }
    await round(1)
    await until(() => busy.pool.parts(1e9, 100) > 1)
    await round(2) // Waits for a second visitor, who does not come, until it gives up.
    expect(busy.pool.parts(1e9, 100)).toBe(1)
    await until(() => busy.pool.parts(1e9, 100) > 1)
  })

  test('a worker that dies idle is an error at the next job', async () => {
    const { pool, heap, visit } = testPool(3)
    const at = heap.allocate(4)
    const tasks: Task[] = [[{ run: visit, args: [at] }], [{ run: visit, args: [at] }]]
    pool.run(tasks)
    await until(() => [1, 2].every((i) => Atomics.load(pool.control, controlWords.started + i) === 1))
    pool.workers![1]!.terminate()
    await until(() => pool.report().notes.length > 0)
    expect(() => pool.run(tasks)).toThrow(
      /wasm: thread 2 of 3 died \(exit code 1\); this device is no longer usable/,
    )
  })

  test('without any worker that starts, the caller does it all, and the pool says so', async () => {
    const { pool, heap, visit } = testPool(3)
    const at = heap.allocate(4)
    heap.i32[at / 4] = 0
    const task: Task = [{ run: visit, args: [at] }]
    vi.stubGlobal('process', {
      ...process,
      getBuiltinModule: () => ({
        Worker: function refuse() {
          throw new Error('no more threads')
        },
      }),
    })
    try {
      pool.run([task, task, task])
    } finally {
      vi.unstubAllGlobals()
    }
    expect(heap.i32[at / 4]).toBe(3)
    expect(pool.report()).toEqual({
      threads: 1,
      notes: ['2 of 2 workers did not start: Error: no more threads'],
    })
  })

  test('limited to one, it does everything itself', () => {
    const { pool, heap, visit } = testPool(4)
    expect(pool.limitTo(1)).toBe(4)
    const at = heap.allocate(4)
    heap.i32[at / 4] = 0
    pool.run([[{ run: visit, args: [at] }], [{ run: visit, args: [at] }]])
    expect(heap.i32[at / 4]).toBe(2)
    expect(pool.workers!).toBeUndefined()
    expect(pool.parts(1e9, 1000)).toBe(1)
    expect(pool.report().threads).toBe(1)
  })
})

import { DeviceError } from '../../errors.ts'
import { times } from '../../times.ts'
import type { Heap } from './heap.ts'
import { JobTable } from './job-table.ts'
import type { KernelCache } from './module.ts'
import type { Spawned } from './spawn.ts'
import { spawn } from './spawn.ts'
import type { Task, Threads } from './tasks.ts'
import { partsFor, runHere } from './tasks.ts'
import { jobOpen, controlWords as words } from './worker-main.ts'

/** Looks at a word before sleeping: some tens of microseconds. */
const spins = 4000
/** One wait of the caller, in milliseconds; time is counted in these, so that a sleeping computer loses none. */
const slice = 250

/** First and longest time to do without workers that got no processor, in milliseconds. */
const [firstRest, longestRest] = [16, 1000]

export interface PoolOptions {
  /**
   * Milliseconds to wait for the last task of a worker before it counts as killed (one that ends by itself
   * says so), on top of twenty times what the caller's own tasks took.
   */
  readonly patience?: number
}

/** What is known of the workers. Apart from the pool, so that their listeners do not keep it alive. */
interface Status {
  /** Why the pool can no longer be trusted. */
  failure: string | undefined
  /** Workers that did not come up, with the reason of the last one. */
  missing: number
  why: string
}

/** Threads of devices that are collected end. */
const collected = new FinalizationRegistry<readonly Spawned[]>((workers) => {
  for (const worker of workers) worker.terminate()
})

/** Whether this thread may sleep; a browser's main thread may not. */
function maySleep(control: Int32Array): boolean {
  try {
    Atomics.wait(control, words.text, 1, 0)
    return true
  } catch {
    return false
  }
}

/**
 * The caller and `size` − 1 workers on one shared memory. Workers start with the first job and sleep between
 * jobs. All tasks of a job lie in a shared table; everyone takes the next one until none is left, the caller
 * too, so that a job never waits for a worker to wake up. See {@link workerMain} for the protocol.
 */
export class ThreadPool implements Threads {
  readonly #heap: Heap
  readonly #patience: number
  readonly #size: number
  /** @internal What workers and caller tell each other: for tests, which stop workers. */
  readonly control = new Int32Array(new SharedArrayBuffer(4 * words.length))
  readonly #table: JobTable
  readonly #status: Status = { failure: undefined, missing: 0, why: '' }
  readonly #sleeps = maySleep(this.control)
  #limit: number
  /** When the job was opened. */
  #opened = 0
  /** While other programs keep the cores busy, the caller works alone: until then, and for how long the next time. */
  #restUntil = 0
  #rest = firstRest
  /** @internal From the first job on. */
  workers: readonly Spawned[] | undefined

  constructor(heap: Heap, kernels: KernelCache, size: number, options: PoolOptions = {}) {
    this.#heap = heap
    this.#table = new JobTable(heap, kernels)
    this.#size = size
    this.#limit = size
    this.#patience = options.patience ?? 30_000
  }

  /** Threads in use, the caller's among them, and what to know about them. */
  report(): { readonly threads: number; readonly notes: readonly string[] } {
    const { failure, missing, why } = this.#status
    return {
      threads: Math.min(this.#limit, this.#size - missing),
      notes: [
        ...(failure === undefined ? [] : [failure]),
        ...(missing === 0 ? [] : [`${missing} of ${this.#size - 1} workers did not start: ${why}`]),
      ],
    }
  }

  /** Sets the most threads that later calls use (1: the caller alone). Returns the former limit. */
  limitTo(threads: number): number {
    const former = this.#limit
    this.#limit = Math.max(1, Math.min(threads, this.#size))
    return former
  }

  parts(nanoseconds: number, units: number): number {
    const parts = partsFor(this.#limit, nanoseconds, units)
    return parts > 1 && performance.now() < this.#restUntil ? 1 : parts
  }

  run(tasks: readonly Task[]): void {
    if (tasks.length < 2 || this.#limit === 1) {
      runHere(tasks)
      return
    }
    for (let rest = tasks; rest.length > 0; ) {
      const count = this.post(rest)
      try {
        for (;;) {
          const task = Atomics.add(this.control, words.next, 1)
          if (task >= count) break
          runHere([rest[task]!])
        }
      } finally {
        this.finish()
      }
      if (count === 0) runHere(rest.slice(0, 1)) // One that does not fit.
      rest = rest.slice(Math.max(count, 1))
    }
  }

  /**
   * Offers as many of the first tasks as fit to the workers, and returns how many; {@link finish} must follow.
   * @throws {DeviceError} if a worker has died.
   */
  post(tasks: readonly Task[]): number {
    this.check()
    this.#start()
    const control = this.control
    const count = this.#table.write(tasks)
    Atomics.store(control, words.tasks, count)
    Atomics.store(control, words.next, 0)
    Atomics.store(control, words.state, jobOpen)
    this.#opened = performance.now()
    Atomics.add(control, words.signal, 1)
    Atomics.notify(control, words.signal, this.#limit - 1)
    return count
  }

  /**
   * Closes the job and waits for the workers inside it.
   * @throws {DeviceError} if one of them failed or died.
   */
  finish(): void {
    const control = this.control
    Atomics.and(control, words.state, ~jobOpen)
    for (let i = 0; i < spins; i++) {
      if (Atomics.load(control, words.state) === 0) break
    }
    const closed = performance.now()
    const own = closed - this.#opened
    const patience = this.#patience + 20 * own
    let [waited, before] = [0, 0]
    for (;;) {
      const inside = Atomics.load(control, words.state)
      if (inside === 0) break
      this.check()
      waited = inside === before ? waited + slice : 0
      before = inside
      if (waited > patience) {
        this.#status.failure ??= `${inside} of ${this.#size - 1} workers took work and did not come back for ${(patience / 1000).toFixed(1)} s`
        this.check()
      }
      this.#wait(inside)
    }
    this.#learn(own, performance.now() - closed)
    const failed = Atomics.load(control, words.failed)
    if (failed > 0) {
      Atomics.store(control, words.failed, 0)
      const length = control[words.text]!
      const text = String.fromCharCode(...control.subarray(words.text + 1, words.text + 1 + length))
      throw new DeviceError(`wasm: thread ${failed} failed: ${text}`)
    }
  }

  /** @throws {DeviceError} once a worker has died: what it had in hand is lost. */
  check(): void {
    const died = Atomics.load(this.control, words.died)
    if (died > 0) this.#status.failure ??= `thread ${died} of ${this.#size} ended by itself`
    if (this.#status.failure === undefined) return
    throw new DeviceError(
      `wasm: ${this.#status.failure}; this device is no longer usable (TWEEDIE_THREADS=1 works without workers)`,
    )
  }

  /**
   * Rests the workers if the caller waited for them longer than it worked itself: each had no more to do, so
   * they were kept from it.
   */
  #learn(own: number, waited: number): void {
    if (waited > own + 1) {
      this.#restUntil = performance.now() + this.#rest
      this.#rest = Math.min(longestRest, 2 * this.#rest)
    } else if (own > 0.1) this.#rest = Math.max(firstRest, this.#rest / 2)
  }

  /** Sleeps while the state is `inside`, for one slice at most. */
  #wait(inside: number): void {
    const control = this.control
    if (this.#sleeps) {
      Atomics.wait(control, words.state, inside, slice)
      return
    }
    const end = performance.now() + slice
    while (Atomics.load(control, words.state) === inside && performance.now() < end);
  }

  #start(): void {
    if (this.workers !== undefined) return
    const { control } = this
    const status = this.#status
    const size = this.#size
    const { memory, memoryType } = this.#heap
    const noPages = memoryType.address === 'i64' ? 0n : 0
    const common = { memory, control, table: this.#table.words, spins, words, open: jobOpen, noPages }
    this.workers = times(size - 1, (i) => {
      const thread = i + 1
      let ended = false
      return spawn({ ...common, thread }, (why) => {
        if (ended) return
        ended = true
        if (Atomics.load(control, words.started + thread) === 1) {
          status.failure ??= `thread ${thread} of ${size} died (${why})`
        } else {
          status.missing++
          status.why = why
        }
      })
    })
    collected.register(this, this.workers)
  }
}

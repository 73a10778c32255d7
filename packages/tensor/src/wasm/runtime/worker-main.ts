/** Indices into the control words that all threads share; each busy word has a cache line of its own. */
export const controlWords = {
  /** Goes up by one with every job: what idle workers wait on. */
  signal: 0,
  /** {@link jobOpen} while workers may enter the job, plus the number of workers inside it. */
  state: 16,
  /** The next task nobody has taken. */
  next: 32,
  /** Number of tasks of the job. */
  tasks: 48,
  /** Number of the first thread whose task threw, or 0; its message as UTF-16 from `text` on, after its length. */
  failed: 49,
  /** Number of a thread that ended, or 0. Only an end that the thread itself sees is told: not that of a killed one. */
  died: 50,
  text: 51,
  /** From here on, 1 at the thread's number once it runs. */
  started: 128,
  length: 256,
} as const

/** Bit of the state word: the job takes workers. */
export const jobOpen = 1 << 30

/** What a worker is given once. */
export interface WorkerSetup {
  readonly memory: WebAssembly.Memory
  readonly control: Int32Array
  /** The job, as `JobTable` writes it. */
  readonly table: Float64Array
  /** From 1; the caller is 0. */
  readonly thread: number
  /** Looks at the signal before going to sleep. */
  readonly spins: number
  readonly words: typeof controlWords
  readonly open: number
  /** As the memory counts its pages: a BigInt where its addresses have 64 bits. */
  readonly noPages: number | bigint
}

/**
 * The life of a worker: sleep until the signal moves, enter the job if it is open, take tasks until none is
 * left, leave. Code it has not run before it finds in the shared memory, so that it never needs an event loop.
 *
 * A job's table is stable for whoever is inside: the caller closes the job and waits for all to leave before
 * it writes the next. No wake-up can be lost: the caller opens a job before it moves the signal, and a worker
 * looks at the job after it read the signal it will wait on. And a worker that comes late does no harm: the
 * caller does all tasks that nobody has taken.
 *
 * This function is sent to workers as text and must stand alone: no imports, no names from outside.
 */
export function workerMain(setup: WorkerSetup): void {
  const { memory, control, table, thread, spins, words, open, noPages } = setup
  const functions = new Map<number, (...args: number[]) => unknown>()
  const instances = new Map<number, WebAssembly.Instance>()

  const load = (id: number, at: number, bytes: number, position: number) => {
    let instance = instances.get(at)
    if (instance === undefined) {
      memory.grow(noPages as number) // Brings `buffer` up to date with growth by other threads.
      const code = new Uint8Array(memory.buffer, at, bytes).slice()
      instance = new WebAssembly.Instance(new WebAssembly.Module(code), { env: { memory } })
      instances.set(at, instance)
    }
    const run = Object.values(instance.exports)[position] as (...args: number[]) => unknown
    functions.set(id, run)
    return run
  }

  const runTask = (task: number) => {
    let at = table[task]!
    for (let calls = table[at++]!; calls > 0; calls--) {
      const id = table[at]!
      const run = functions.get(id) ?? load(id, table[at + 1]!, table[at + 2]!, table[at + 3]!)
      const args = new Array<number>(table[at + 4]!)
      at += 5
      for (let i = 0; i < args.length; i++) args[i] = table[at++]!
      run(...args)
    }
  }

  const enter = () => {
    for (;;) {
      const state = Atomics.load(control, words.state)
      if ((state & open) === 0) return false
      if (Atomics.compareExchange(control, words.state, state, state + 1) === state) return true
    }
  }

  const report = (error: unknown) => {
    if (Atomics.compareExchange(control, words.failed, 0, -thread) !== 0) return
    const text = String(error).slice(0, words.started - words.text - 1)
    control[words.text] = text.length
    for (let i = 0; i < text.length; i++) control[words.text + 1 + i] = text.charCodeAt(i)
    Atomics.store(control, words.failed, thread)
  }

  // By an exit of the process or an uncaught error (Node): the caller may be waiting for this thread.
  globalThis.process?.on?.('exit', () => {
    Atomics.store(control, words.died, thread)
    Atomics.notify(control, words.state)
  })
  Atomics.store(control, words.started + thread, 1)
  for (let seen = 0; ; ) {
    for (let i = 0; i < spins && Atomics.load(control, words.signal) === seen; i++);
    Atomics.wait(control, words.signal, seen)
    seen = Atomics.load(control, words.signal)
    if (!enter()) continue
    try {
      const tasks = Atomics.load(control, words.tasks)
      for (;;) {
        const task = Atomics.add(control, words.next, 1)
        if (task >= tasks) break
        runTask(task)
      }
    } catch (error) {
      report(error)
    }
    if (Atomics.sub(control, words.state, 1) === 1) Atomics.notify(control, words.state)
  }
}

// Runs the cells of the grid of pictures that are not known, in this thread or in several.
import { Worker } from 'node:worker_threads'
import type { AnyMethod } from '@tweedie/solvers'
import { methods } from '@tweedie/solvers'
import type { DigitTask } from './digits.ts'
import { tasks } from './digits.ts'
import type { GridCell } from './grid-cells.ts'
import { keepCell, readCell, runCell } from './grid-cells.ts'

/** What is asked of the grid. */
export interface GridAsked {
  /** Names of methods; all where there is none. */
  readonly only: readonly string[]
  /** Whether what is kept is run again. */
  readonly fresh: boolean
  /** Threads, each with a cell; kernels have one thread each where there is more than one. */
  readonly jobs: number
}

/** A cell by names, as threads are told it. */
export interface CellNames {
  readonly method: string
  readonly task: string
}

/** What a thread says of it. */
export type Said = { readonly cell: GridCell | undefined } | { readonly failed: string }

interface Place {
  readonly method: AnyMethod
  readonly task: DigitTask
}

/** All cells by `method/task`, those that are not known or not to be kept run now. */
export async function runGrid({ only, fresh, jobs }: GridAsked): Promise<Map<string, GridCell>> {
  const all = [...methods].flatMap((method) => tasks.map((task): Place => ({ method, task })))
  const isAsked = ({ method }: Place) => only.length === 0 || only.includes(method.info.name)
  const found = new Map<string, GridCell>()
  const missing = all.filter((place) => {
    const known = fresh && isAsked(place) ? undefined : readCell(place.method, place.task)
    if (known !== undefined) found.set(nameOf(place), known)
    return known === undefined && isAsked(place)
  })
  let done = 0
  const left = [...missing]
  const work = async (run: (place: Place) => Promise<GridCell | undefined>) => {
    for (let place = left.shift(); place !== undefined; place = left.shift()) {
      const cell = await run(place)
      done++
      if (cell === undefined) continue
      found.set(nameOf(place), cell)
      keepCell(place.method, place.task, cell)
      const told = cell.cannot ?? `${cell.psnr?.toFixed(1)} dB, ${cell.seconds?.toFixed(1)} s`
      console.log(`${done}/${missing.length} ${place.method.info.name} on ${place.task.name}: ${told}`)
    }
  }
  if (jobs === 1) await work(({ method, task }) => runCell(method, task))
  else await inThreads(Math.min(jobs, missing.length), work)
  return found
}

const nameOf = ({ method, task }: Place): string => `${method.info.name}/${task.name}`

async function inThreads(
  jobs: number,
  work: (run: (place: Place) => Promise<GridCell | undefined>) => Promise<void>,
): Promise<void> {
  const threads = Array.from(
    { length: jobs },
    () =>
      new Worker(new URL('./grid-worker.ts', import.meta.url), {
        env: { ...process.env, TWEEDIE_THREADS: '1' },
      }),
  )
  try {
    await Promise.all(threads.map((thread) => work((place) => ask(thread, place))))
  } finally {
    await Promise.all(threads.map((thread) => thread.terminate()))
  }
}

function ask(thread: Worker, { method, task }: Place): Promise<GridCell | undefined> {
  return new Promise((resolve, reject) => {
    const heard = (said: Said) => {
      thread.off('error', reject)
      if ('failed' in said) reject(new Error(`${method.info.name} on ${task.name}: ${said.failed}`))
      else resolve(said.cell)
    }
    thread.once('message', heard)
    thread.once('error', reject)
    thread.postMessage({ method: method.info.name, task: task.name } satisfies CellNames)
  })
}

import { InterruptedError } from '@tweedie/runs'
import type { Cell, PosedCase } from './cell.ts'
import { measureCell, poseOnce } from './cell.ts'
import type { Plan, Task } from './plan.ts'
import { tasksOf } from './plan.ts'

/** What works on one cell at a time: this thread, or another. */
export interface CellWorker {
  /** @param index - Of the task among those of the plans. */
  run(index: number, onProgress: (done: number) => void): Promise<Cell>
  close(): Promise<void>
}

/** Works in this thread; a case is kept until a cell of another is asked for. */
export function localWorker(tasks: readonly Task[], signal?: AbortSignal): CellWorker {
  let held: { readonly caseOf: number; readonly posed: PosedCase } | undefined
  const drop = () => {
    held?.posed[Symbol.dispose]()
    held = undefined
  }
  return {
    run: async (index, onProgress) => {
      const task = tasks[index]
      if (task === undefined) throw new RangeError(`there is no task ${index} of ${tasks.length}`)
      const { caseOf, plan, problem, seed, row } = task
      if (held?.caseOf !== caseOf) {
        drop()
        held = { caseOf, posed: poseOnce(problem.pose(seed), seed) }
      }
      return measureCell(row, held.posed, { ...cellOptions(plan, problem.name), signal, onProgress })
    },
    close: async () => drop(),
  }
}

const cellOptions = ({ suite, extent, metrics }: Plan, problem: string) => ({
  suite: suite.name,
  version: suite.version ?? 1,
  problem,
  samples: extent.samples,
  metrics,
  limit: extent.limit,
})

/** Options of {@link measure}. */
export interface MeasureOptions {
  /** Who works; this thread where left out. They are closed at the end. */
  readonly workers?: readonly CellWorker[]
  /** A cell of a task that is measured already. */
  known?(task: Task): Cell | undefined
  /** Called with each cell that is finished, and awaited. */
  readonly onCell?: ((cell: Cell) => void | Promise<void>) | undefined
  readonly signal?: AbortSignal | undefined
  /**
   * @param done - Part of all, 0 … 1.
   * @param label - What is at work.
   */
  onProgress?(done: number, label: string): void
}

/**
 * Measures all cells of plans: case after case, its rows in their order, each worker with a case of its own as long as there are
 * some. The cells are the same whoever works, but for their times. A row that was stopped at the limit is not tried on further
 * cases of its problem.
 *
 * @returns The cells in the order of the tasks.
 * @throws {InterruptedError} once `signal` is raised; what `onCell` got is all there is.
 * @example
 * ```ts
 * import { findSuite, measure, planSuite } from '@tweedie/calibration'
 * const asked = { problems: ['d=8,dy=1,steps=20'], methods: ['exact'], seeds: 1, samples: 20 }
 * const cells = await measure([await planSuite(findSuite('gmm'), asked)])
 * cells.map(({ row }) => row) // => ['exact', 'exact-score', 'prior']
 * ```
 */
export async function measure(plans: readonly Plan[], options: MeasureOptions = {}): Promise<Cell[]> {
  const { signal, known, onCell } = options
  const tasks = tasksOf(plans)
  const workers = options.workers ?? [localWorker(tasks, signal)]
  const cells = tasks.map((task) => known?.(task))
  const order = dispatcher(
    tasks.flatMap((task, i) => (cells[i] === undefined ? [{ i, caseOf: task.caseOf }] : [])),
  )
  const stopped = new Map(
    tasks.flatMap((task, i) => {
      const cell = cells[i]
      return cell !== undefined && isStopped(cell) ? [[rowOf(task), cell] as const] : []
    }),
  )
  let finished = cells.filter((cell) => cell !== undefined).length
  const running = new Map<CellWorker, number>()
  const tell = (worker: CellWorker, task: Task) => (done: number) => {
    running.set(worker, done)
    const parts = [...running.values()].reduce((sum, part) => sum + part, 0)
    options.onProgress?.((finished + parts) / tasks.length, labelOf(task))
  }
  const work = async (worker: CellWorker) => {
    for (let i = order.next(worker); i !== undefined; i = order.next(worker)) {
      const task = tasks[i]
      if (task === undefined) return
      if (signal?.aborted === true) throw new InterruptedError()
      const earlier = stopped.get(rowOf(task))
      tell(worker, task)(0)
      const cell =
        earlier === undefined
          ? await worker.run(i, tell(worker, task))
          : { ...earlier, seed: task.seed, took: 0 }
      if (isStopped(cell)) stopped.set(rowOf(task), cell)
      cells[i] = cell
      finished++
      running.delete(worker)
      await onCell?.(cell)
    }
  }
  try {
    await Promise.all(workers.map(work))
  } finally {
    await Promise.all(workers.map((worker) => worker.close()))
  }
  return cells.filter((cell) => cell !== undefined)
}

const isStopped = (cell: Cell) => 'refused' in cell && cell.stoppedAfter !== undefined

const rowOf = ({ plan, problem, row }: Task) => [plan.suite.name, problem.name, row.words].join('\n')

const labelOf = ({ plan, problem, seed, row }: Task) =>
  `${plan.suite.name} ${problem.name}, seed ${seed}: ${row.name}`

/** Who does what: a worker goes on with its case, then takes one that nobody has, then helps with the one that has most left. */
function dispatcher(tasks: readonly { readonly i: number; readonly caseOf: number }[]) {
  const left = new Map<number, number[]>()
  for (const { i, caseOf } of tasks) left.set(caseOf, [...(left.get(caseOf) ?? []), i])
  const holds = new Map<CellWorker, number>()
  return {
    next: (worker: CellWorker): number | undefined => {
      const open = [...left].filter(([, own]) => own.length > 0)
      const held = new Set(holds.values())
      const [chosen] =
        open.find(([caseOf]) => caseOf === holds.get(worker)) ??
        open.find(([caseOf]) => !held.has(caseOf)) ??
        [...open].sort(([, a], [, b]) => b.length - a.length)[0] ??
        []
      if (chosen === undefined) return undefined
      holds.set(worker, chosen)
      return left.get(chosen)?.shift()
    },
  }
}

import type { AnyMethod, Noise, Operator, Prior, Problem, ShownOperator } from '@tweedie/solvers'
import { isLinear } from '@tweedie/solvers'
import type { Tensor } from '@tweedie/tensor'
import { scope } from '@tweedie/tensor'
import type { Setting } from './catalog.ts'
import type { Picture } from './images/picture.ts'
import { toPictures } from './images/picture.ts'
import type { Io } from './io.ts'
import type { Progress } from './progress.ts'
import type { TaskPictures } from './report/page.ts'
import type { MethodRecord, TaskRecord } from './report/record.ts'
import type { Outcome, PartialRun } from './run-method.ts'
import { runMethod } from './run-method.ts'
import { scoreAll, scoreMean } from './scores.ts'
import { drawPanel } from './task-panel.ts'

/** One inverse problem for a batch of samples, and the methods that are to solve it. */
export interface Task {
  readonly title: string
  /** The operator as it was asked for. */
  readonly spec: string
  readonly operator: Operator
  readonly noise: Noise
  readonly sigma: number
  /** [N, …operator.outShape] */
  readonly y: Tensor
  /** [N, …operator.inShape], where it is known. */
  readonly truth?: Tensor
  readonly samples: readonly string[]
  /** Whether the samples are draws for one measurement, so that their mean is worth a look. */
  readonly draws?: boolean
  /** For a task of one method: where an earlier run had come to, and what to do when this one is stopped. */
  readonly resume?: PartialRun
  readonly onInterrupt?: (partial: PartialRun) => Promise<void>
  readonly methods: readonly {
    readonly entry: AnyMethod
    readonly options: Readonly<Record<string, Setting>>
  }[]
}

export interface TaskResult {
  readonly record: TaskRecord
  readonly pictures: TaskPictures
  readonly measurement: readonly Picture[] | undefined
  /** Restored batches by method, where the method finished. The caller owns them. */
  readonly restored: ReadonlyMap<string, Tensor>
}

/**
 * The degraded picture in the shape of the sought one: the measurement itself where it has that shape,
 * else its pseudo-inverse, else its adjoint. undefined where nothing of the kind exists.
 */
export function inputPicture(problem: Problem): { from: TaskRecord['input']['from']; x: Tensor | undefined } {
  const { operator, y } = problem
  const same =
    operator.inShape.length === operator.outShape.length &&
    operator.inShape.every((n, i) => n === operator.outShape[i])
  if (same) return { from: 'measurement', x: y.alias() }
  if (!isLinear(operator)) return { from: 'none', x: undefined }
  if (operator.pinv !== undefined) return { from: 'pseudo-inverse', x: scope(() => operator.pinv!(y)) }
  return { from: 'adjoint', x: scope(() => operator.adjoint(y)) }
}

/** The measurement as pictures, the way its operator shows it; else the input picture. */
async function measurementPictures(
  problem: Problem,
  input: Tensor | undefined,
): Promise<Picture[] | undefined> {
  const { operator, y } = problem
  const show = (operator as Partial<ShownOperator>).display
  const shown = show === undefined ? input : scope(() => show(y))
  return shown === undefined ? undefined : toPictures(shown)
}

/** Runs every method of a task on its batch; a method that diverges leaves its error in the record. */
export async function runTask(
  io: Io,
  task: Task,
  prior: Prior,
  progress: Progress,
  portion: { from: number; size: number } = { from: 0, size: 1 },
): Promise<TaskResult> {
  const { operator, noise, y, truth } = task
  const problem: Problem = { operator, noise, y }
  const input = inputPicture(problem)
  const restored = new Map<string, Tensor>()
  const runs: MethodRecord[] = []
  const strips: { method: string; steps: Outcome['strip'] }[] = []
  for (const [m, { entry, options }] of task.methods.entries()) {
    const label = `${task.title} · ${entry.info.name}`
    const at = (done: number) =>
      progress.at(portion.from + (portion.size * (m + done)) / task.methods.length, label)
    at(0)
    try {
      const outcome = await runMethod(io, {
        method: entry,
        problem,
        prior,
        options,
        ...(truth === undefined ? {} : { truth }),
        ...(task.resume === undefined ? {} : { resume: task.resume }),
        ...(task.onInterrupt === undefined ? {} : { onInterrupt: task.onInterrupt }),
        onStep: at,
      })
      restored.set(entry.info.name, outcome.x)
      strips.push({ method: entry.info.name, steps: outcome.strip })
      const { nfe, vjps, seconds, trace } = outcome
      const scores = await scoreAll(problem, outcome.x, truth)
      const mean = task.draws === true ? { mean: await scoreMean(problem, outcome.x, truth) } : {}
      runs.push({ method: entry.info.name, options, nfe, vjps, seconds, scores, ...mean, trace })
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'NonFiniteError') throw error
      runs.push({
        method: entry.info.name,
        options,
        nfe: 0,
        vjps: 0,
        seconds: 0,
        scores: [],
        trace: [],
        error: error.message,
      })
    }
  }
  const scores = input.x === undefined ? [] : await scoreAll(problem, input.x, truth)
  const record: TaskRecord = {
    title: task.title,
    operator: task.spec,
    sigma: task.sigma,
    measured: operator.outShape.reduce((product, n) => product * n, 1),
    input: { from: input.from, scores },
    runs,
  }
  const measurement = await measurementPictures(problem, input.x)
  input.x?.dispose()
  return {
    record,
    pictures: { panel: await drawPanel(task, record, measurement, restored), strips },
    measurement,
    restored,
  }
}

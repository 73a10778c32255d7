import type { Prior, Problem, ShownOperator } from '@tweedie/solvers'
import { isLinear } from '@tweedie/solvers'
import type { Tensor } from '@tweedie/tensor'
import { NonFiniteError, sameShape, scope, sizeOf } from '@tweedie/tensor'
import type { Picture } from '../pictures/picture.ts'
import { toPictures } from '../pictures/picture.ts'
import type { MethodRecord, TaskRecord } from '../record/record.ts'
import { drawPanel } from '../report/panel.ts'
import type { TaskPictures } from '../report/pictures.ts'
import { residualCheck } from '../scores/chi-squared.ts'
import { scoresOf, scoresOfMean } from '../scores/scores.ts'
import { runMethod } from './run-method.ts'
import type { Assignment, Task, TaskControl } from './task.ts'

/** What came of a task. The caller owns the tensors. */
export interface TaskResult {
  readonly record: TaskRecord
  readonly pictures: TaskPictures
  readonly measurement: readonly Picture[] | undefined
  /** Restored batches by method, where the method finished. */
  readonly restored: ReadonlyMap<string, Tensor>
}

/**
 * The degraded picture in the shape of the sought one: the measurement itself where it has that shape,
 * else its pseudo-inverse, else its adjoint. undefined where nothing of the kind exists.
 */
function inputPicture({ operator, y }: Problem): {
  from: TaskRecord['input']['from']
  x: Tensor | undefined
} {
  if (sameShape(operator.inShape, operator.outShape)) return { from: 'measurement', x: y.alias() }
  if (!isLinear(operator)) return { from: 'none', x: undefined }
  const { pinv } = operator
  if (pinv !== undefined) return { from: 'pseudo-inverse', x: scope(() => pinv.call(operator, y)) }
  return { from: 'adjoint', x: scope(() => operator.adjoint(y)) }
}

/** The measurement as pictures, the way its operator shows it; else the input picture. */
async function measurementPictures(
  { operator, y }: Problem,
  input: Tensor | undefined,
): Promise<Picture[] | undefined> {
  const { display }: Partial<ShownOperator> = operator
  if (display === undefined) return input === undefined ? undefined : toPictures(input)
  const shown = scope(() => display.call(operator, y))
  try {
    return await toPictures(shown)
  } finally {
    shown.dispose()
  }
}

/** Runs one method of a task. A run that diverges leaves its error in the record, and no outcome. */
async function attempt(
  task: Task,
  { method, options }: Assignment,
  prior: Prior,
  control: { readonly signal?: AbortSignal | undefined; onStep(done: number): void },
) {
  const { problem, truth, resume, onInterrupt } = task
  const named = { method: method.info.name, options }
  try {
    const outcome = await runMethod({
      ...control,
      method,
      problem,
      prior,
      options,
      truth,
      resume,
      onInterrupt,
    })
    const { x, nfe, vjps, seconds, peakBytes, trace } = outcome
    const scores = await scoresOf(problem, x, truth)
    const residual = residualCheck(scores, sizeOf(problem.operator.outShape))
    const mean = task.draws === true ? { mean: await scoresOfMean(problem, x, truth) } : {}
    return {
      outcome,
      record: {
        ...{ ...named, nfe, vjps, seconds, peakBytes, scores },
        ...{ ...(residual && { residual }), ...mean, trace },
      },
    }
  } catch (error) {
    if (!(error instanceof NonFiniteError)) throw error
    const nothing = { nfe: 0, vjps: 0, seconds: 0, scores: [], trace: [] }
    return { outcome: undefined, record: { ...named, ...nothing, error: error.message } }
  }
}

/**
 * Runs every method of a task on its batch; one that diverges leaves its error in the record.
 * @throws {InterruptedError} between two steps, once the signal is raised.
 */
export async function runTask(task: Task, prior: Prior, control: TaskControl = {}): Promise<TaskResult> {
  const { problem, truth, methods } = task
  const { operator, noise } = problem
  const input = inputPicture(problem)
  const restored = new Map<string, Tensor>()
  const runs: MethodRecord[] = []
  const strips: TaskPictures['strips'][number][] = []
  for (const [m, assignment] of methods.entries()) {
    const { name } = assignment.method.info
    const onStep = (done: number) =>
      control.onProgress?.((m + done) / methods.length, `${task.title} · ${name}`)
    onStep(0)
    const { outcome, record } = await attempt(task, assignment, prior, { signal: control.signal, onStep })
    runs.push(record)
    if (outcome === undefined) continue
    restored.set(name, outcome.x)
    strips.push({ method: name, steps: outcome.strip })
  }
  const scores = input.x === undefined ? [] : await scoresOf(problem, input.x, truth)
  const record: TaskRecord = {
    title: task.title,
    operator: task.spec,
    ...(noise.sigma === undefined ? {} : { sigma: noise.sigma }),
    ...(task.noise === undefined ? {} : { noise: task.noise }),
    measured: sizeOf(operator.outShape),
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

import { basename } from 'node:path'
import type {
  Assignment,
  InputRecord,
  Measured,
  OpenPrior,
  PartialRun,
  Restoration,
  Task,
  TaskControl,
  TaskResult,
} from '@tweedie/runs'
import { drawsOf, InterruptedError, isPicture, runTask, suggesting } from '@tweedie/runs'
import { writeUnfinished } from '@tweedie/runs/node'
import type { Noise, Prior, ShownOperator } from '@tweedie/solvers'
import { methods, pictureShape } from '@tweedie/solvers'
import { NonFiniteError, OptionError } from '@tweedie/tensor'
import type { WeightType } from '@tweedie/unet'
import type { DeviceOptions } from '../../device.ts'
import { finishRun } from '../../files/run-folder.ts'
import { absolute, writeFolder } from '../../files/write.ts'
import type { Io } from '../../io.ts'
import {
  presetNotes,
  requireFit,
  resolveOpenPrior,
  resolveSettings,
  resolveWithPreset,
} from '../../resolve.ts'
import { withProgress } from '../../terminal/progress.ts'
import { printSummary } from '../../terminal/summary.ts'
import { writeResults } from './results.ts'

/** The options of `tweedie restore`, defaults filled in. */
export interface RestoreOptions extends Restoration, DeviceOptions {
  readonly out: string
  readonly resumable?: boolean | undefined
  readonly json?: boolean | undefined
}

/** A run as it was asked for, and what it works on: tensors of one sample, which it takes over. */
export interface Job {
  readonly image: string
  readonly options: RestoreOptions
  readonly argv: readonly string[]
  readonly assignment: Assignment
  readonly prior: Prior
  readonly operator: ShownOperator
  readonly noise: Noise
  readonly measured: Measured
  readonly inputs: readonly InputRecord[]
  readonly resume?: PartialRun
}

/**
 * The method of a run with its options, and a word on a preset that was made for something else, or on a scale that nobody
 * has tried.
 * @throws {OptionError} where there is no such method, or an option does not fit.
 */
export async function chooseMethod(
  io: Io,
  { method: text, preset, set, steps, seed, operator, noise }: RestoreOptions,
): Promise<Assignment & { readonly notes: readonly string[] }> {
  const chosen = await resolveWithPreset(io, text, preset)
  const { entry: method, settings } = chosen
  const given = { ...settings, ...set, ...(steps === undefined ? {} : { steps }), seed }
  const options = await resolveSettings(method, given, '--set')
  const advice = method.info.advice(options).map((said) => `${method.info.name}: ${said}`)
  return { method, options, notes: [...presetNotes(chosen, { operator, noise }), ...advice] }
}

/** The prior of a text, which has to be one of pictures. */
export async function picturePrior(io: Io, text: string, weights?: WeightType): Promise<OpenPrior> {
  const open = await resolveOpenPrior(io, text, '--prior', { weights })
  const { prior } = open
  if (isPicture(pictureShape(prior))) return open
  throw new OptionError('--prior', `'${prior.name}' is not for pictures but for [${prior.shape.join(', ')}]`)
}

/** The task of a job, for one method. */
export function taskOf({ image, options, assignment, operator, noise, measured }: Job): Task {
  const { samples: count } = options
  return {
    ...drawsOf(operator, noise, measured, count),
    title: basename(image),
    spec: options.operator,
    noise: typeof options.noise === 'string' ? options.noise : undefined,
    samples: Array.from({ length: count }, (_, n) => (count === 1 ? '' : `${n + 1}`)),
    draws: count > 1,
    methods: [assignment],
  }
}

/**
 * Solves a task of one method.
 * @throws {NonFiniteError} where the method diverged.
 */
export async function solve(
  task: Task,
  { operator, noise, prior }: Job,
  control: TaskControl,
): Promise<TaskResult> {
  const result = await suggesting(methods, { operator, noise }, () => runTask(task, prior, control), prior)
  const error = result.record.runs.find((run) => run.error !== undefined)?.error
  if (error !== undefined) throw new NonFiniteError(error)
  return result
}

/** Runs a job and writes its folder, or keeps its state where it is interrupted. */
export async function perform(io: Io, job: Job): Promise<void> {
  const started = new Date()
  const { image, options, argv, assignment, prior, operator, noise, measured, inputs } = job
  const { seed, out } = options
  const problem = { operator, noise, y: measured.y }
  await requireFit(assignment.method, problem, prior, '--method')
  const folder = absolute(io.cwd, out)
  /** Keeps what an interrupted run has come to. */
  const keep = async (partial: PartialRun): Promise<void> => {
    await writeFolder(folder, (draft) =>
      writeUnfinished(draft.write, { image, options, argv, measured, inputs, partial }),
    )
    throw new InterruptedError(
      `interrupted after step ${partial.next}; go on with: tweedie restore --resume ${out}`,
    )
  }
  const task: Task = {
    ...taskOf(job),
    resume: job.resume,
    onInterrupt: options.resumable === true ? keep : undefined,
  }
  const record = await writeFolder(folder, async (draft) => {
    const result = await withProgress(io, { quiet: options.json === true }, (onProgress) =>
      solve(task, job, { signal: io.signal, onProgress }),
    )
    await writeResults(draft, result, measured.y, options.depth)
    return finishRun(draft, {
      command: 'restore',
      argv,
      options: { image, ...options },
      seed,
      prior,
      started,
      samples: task.samples,
      inputs,
      notes: measured.notes,
      results: [result],
    })
  })
  io.out(options.json === true ? `${JSON.stringify(record, null, 2)}\n` : printSummary(record, out, io))
}

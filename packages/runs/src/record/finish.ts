import type { Prior } from '@tweedie/solvers'
import { getDevice } from '@tweedie/tensor'
import type { TaskResult } from '../run/run-task.ts'
import type { InputRecord, Machine, RunRecord } from './record.ts'

/** What a finished run knows of itself. */
export interface FinishedRun {
  readonly command: string
  readonly argv: readonly string[]
  readonly options: Readonly<Record<string, unknown>>
  readonly seed: number
  readonly prior: Prior
  readonly machine: Machine
  readonly started: Date
  readonly samples: readonly string[]
  /** The files that it read. */
  readonly inputs?: readonly InputRecord[]
  readonly notes: readonly string[]
  readonly results: readonly TaskResult[]
}

/** The default device in words, such as `wasm (wasm32, 2 threads, SIMD)`. */
export function describeDevice(): string {
  const { name, backend, threads, simd } = getDevice().info()
  return `${name} (${backend}, ${threads} thread${threads === 1 ? '' : 's'}${simd ? ', SIMD' : ''})`
}

/** What a record says of a prior. */
export const priorRecord = ({ name, shape, schedule }: Prior): RunRecord['prior'] => ({
  name,
  shape,
  schedule: schedule.name,
})

/**
 * The record of a finished run.
 * @param files - Every file of its folder.
 */
export function recordRun(run: FinishedRun, files: readonly string[]): RunRecord {
  const { command, argv, options, seed, prior, machine, started, samples, inputs, notes, results } = run
  return {
    tool: 'tweedie',
    format: 1,
    command,
    argv,
    options,
    seed,
    prior: priorRecord(prior),
    machine,
    started: started.toISOString(),
    seconds: (Date.now() - started.getTime()) / 1000,
    samples,
    ...(inputs === undefined ? {} : { inputs }),
    tasks: results.map((result) => result.record),
    notes,
    files,
  }
}

import type { Prior } from '@tweedie/solvers'
import { getDevice } from '@tweedie/tensor'
import { encodePicture } from './images/png.ts'
import { drawSheet } from './images/sheet.ts'
import type { InputRecord } from './inputs.ts'
import { drawReport } from './report/page.ts'
import type { RunRecord } from './report/record.ts'
import { describeMachine, formatRecord } from './report/record.ts'
import type { TaskResult } from './run-task.ts'
import { version } from './version.ts'
import type { Draft } from './write.ts'

/** What a finished run knows of itself. */
export interface FinishedRun {
  readonly command: string
  readonly argv: readonly string[]
  readonly options: Readonly<Record<string, unknown>>
  readonly seed: number
  readonly prior: Prior
  readonly started: Date
  readonly samples: readonly string[]
  /** The files that it read. */
  readonly inputs?: readonly InputRecord[]
  readonly notes: readonly string[]
  readonly results: readonly TaskResult[]
}

function describeDevice(): string {
  const { name, backend, threads, simd } = getDevice().info()
  return `${name} (${backend}, ${threads} thread${threads === 1 ? '' : 's'}${simd ? ', SIMD' : ''})`
}

/** Writes contact-sheet.png, report.html and, last, run.json into a run's folder. */
export async function finishRun(draft: Draft, run: FinishedRun): Promise<RunRecord> {
  const { command, argv, options, seed, prior, started, samples, inputs, notes, results } = run
  const panels = results.map((result) => result.pictures.panel)
  await draft.write('contact-sheet.png', encodePicture(drawSheet(panels)))
  const record: RunRecord = {
    tool: 'tweedie',
    format: 1,
    command,
    argv,
    options,
    seed,
    prior: { name: prior.name, shape: prior.shape, schedule: prior.schedule.name },
    machine: describeMachine(version, describeDevice()),
    started: started.toISOString(),
    seconds: (Date.now() - started.getTime()) / 1000,
    samples,
    ...(inputs === undefined ? {} : { inputs }),
    tasks: results.map((result) => result.record),
    notes,
    files: [...draft.files, 'report.html', 'run.json'],
  }
  await draft.write(
    'report.html',
    drawReport(
      record,
      results.map((result) => result.pictures),
    ),
  )
  await draft.write('run.json', formatRecord(record))
  return record
}

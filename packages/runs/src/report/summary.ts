import { meanScore } from '../record/format.ts'
import type { RunRecord, Score, TaskRecord } from '../record/record.ts'
import { residualInWords } from '../scores/chi-squared.ts'
import type { ShownMetric } from '../scores/scores.ts'
import { shownMetrics } from '../scores/scores.ts'
import { verdict } from './verdict.ts'

/** A row of a run's table: the degraded input, a method, or the mean of a method's samples. */
export interface SummaryRow {
  readonly kind: 'input' | 'method' | 'mean'
  /** The input's origin, or the method's name. */
  readonly name: string
  /** Means over the samples. */
  readonly scores: Score
  /** Mean PSNR minus that of the input, in dB. */
  readonly gain?: number | undefined
  readonly nfe?: number
  readonly vjps?: number
  readonly seconds?: number
  readonly peakBytes?: number | undefined
}

/** What is to be said of a method: why it diverged, why it loses to its input. */
export interface Remark {
  readonly method: string
  /** The rest of the sentence that begins with the method's name, without its full stop. */
  readonly says: string
}

/** A task's part of the table of a run. */
export interface TaskSummary {
  readonly task: TaskRecord
  readonly rows: readonly SummaryRow[]
  readonly remarks: readonly Remark[]
  /** How the residual of each method compares with noise. */
  readonly residuals: readonly Remark[]
}

/** The mean of each score over the samples that have it. */
const meanOf = (scores: readonly Score[]): Score =>
  Object.fromEntries(
    shownMetrics.flatMap(({ metric: { info } }) => {
      const mean = meanScore(scores, info.name)
      return mean === undefined ? [] : [[info.name, mean]]
    }),
  )

function remarksOf(task: TaskRecord): Remark[] {
  return task.runs.flatMap((run) => {
    const { gain, why } = verdict(task, run)
    if (why === undefined) return []
    const loses = gain !== undefined && gain <= 0 ? ' does not beat the input' : ''
    return [{ method: run.method, says: `${loses}: ${why}` }]
  })
}

/** The noise of a task in words, such as `σ_y = 0.05`. */
export const noiseInWords = ({ sigma, noise }: TaskRecord): string => noise ?? `σ_y = ${sigma ?? '?'}`

/** A number of bytes in units of 2²⁰, with a decimal below ten. */
export const mebibytes = (bytes: number): string => {
  const units = bytes / 2 ** 20
  return units.toFixed(units < 9.95 ? 1 : 0)
}

/** The metrics of which some row of a table has a value: without the truth there is no PSNR. */
export const metricsShown = (tasks: readonly TaskSummary[]): readonly ShownMetric[] =>
  shownMetrics.filter(({ metric: { info } }) =>
    tasks.some(({ rows }) => rows.some(({ scores }) => scores[info.name] !== undefined)),
  )

/** What a table of a run shows, as data: for a terminal, for HTML. */
export const summarise = (record: RunRecord): TaskSummary[] =>
  record.tasks.map((task) => ({
    task,
    rows: [
      { kind: 'input', name: task.input.from, scores: meanOf(task.input.scores) },
      ...task.runs.map((run): SummaryRow => {
        const { method: name, scores, nfe, vjps, seconds, peakBytes } = run
        return {
          kind: 'method',
          name,
          scores: meanOf(scores),
          gain: verdict(task, run).gain,
          nfe,
          vjps,
          seconds,
          ...(peakBytes !== undefined && { peakBytes }),
        }
      }),
      ...task.runs.flatMap(({ method: name, mean }): SummaryRow[] =>
        mean === undefined ? [] : [{ kind: 'mean', name, scores: mean }],
      ),
    ],
    remarks: remarksOf(task),
    residuals: task.runs.flatMap(({ method, residual }) =>
      residual === undefined ? [] : [{ method, says: `: ${residualInWords(residual)}` }],
    ),
  }))

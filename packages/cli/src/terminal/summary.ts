import { join } from 'node:path'
import pc from 'picocolors'
import type { Paper } from '../table.ts'
import { fixed, formatTable } from '../table.ts'
import type { MethodRecord, RunRecord, TaskRecord } from './record.ts'
import { meanScore } from './record.ts'
import { verdict } from './verdict.ts'

interface Line {
  readonly task: TaskRecord
  /** undefined: the degraded input. */
  readonly run: MethodRecord | undefined
  readonly first: boolean
}

/** The table of a run for the terminal, what there is to say of it, and where the rest is. */
export function printSummary(record: RunRecord, folder: string, paper: Paper): string {
  const colors = pc.createColors(paper.color)
  const lines: Line[] = record.tasks.flatMap((task) =>
    [undefined, ...task.runs].map((run, i) => ({ task, run, first: i === 0 })),
  )
  const scores = ({ task, run }: Line) => (run === undefined ? task.input.scores : run.scores)
  const table = formatTable(
    lines,
    [
      { title: 'task', least: 10, value: ({ task, first }) => (first ? task.title : '') },
      { title: 'method', least: 10, value: ({ task, run }) => run?.method ?? `input (${task.input.from})` },
      {
        title: 'PSNR',
        right: true,
        value: (line) => fixed(meanScore(scores(line), 'psnr'), 2),
        tint: ({ task, run }, c) =>
          run === undefined ? c.dim : (verdict(task, run).gain ?? 1) > 0 ? c.green : c.red,
      },
      { title: 'SSIM', right: true, value: (line) => fixed(meanScore(scores(line), 'ssim'), 3) },
      { title: 'misfit', right: true, value: (line) => fixed(meanScore(scores(line), 'misfit'), 2) },
      { title: 'NFE', right: true, value: ({ run }) => (run === undefined ? '' : String(run.nfe)) },
      {
        title: 'VJP',
        right: true,
        value: ({ run }) => (run === undefined || run.vjps === 0 ? '' : String(run.vjps)),
      },
      {
        title: 'seconds',
        right: true,
        value: ({ run }) => (run === undefined ? '' : run.seconds.toFixed(1)),
      },
    ],
    paper,
  )
  const remarks = record.tasks.flatMap((task) =>
    task.runs.flatMap((run) => {
      const { gain, why } = verdict(task, run)
      if (why === undefined) return []
      return [
        `${task.title}, ${run.method}${gain !== undefined && gain <= 0 ? ' does not beat the input' : ''}: ${why}.\n`,
      ]
    }),
  )
  const means = record.tasks.flatMap((task) =>
    task.runs.flatMap((run) =>
      run.mean?.psnr === undefined
        ? []
        : [
            `The mean of the samples has a PSNR of ${run.mean.psnr.toFixed(2)} dB, an SSIM of ${fixed(run.mean.ssim, 3)}.\n`,
          ],
    ),
  )
  const count = record.samples.length
  return `${table}
${colors.dim(`Means over ${count} sample${count === 1 ? '' : 's'}; PSNR in dB; misfit = ‖y − Ax‖/(σ_y√m), about 1 for the truth; ${record.seconds.toFixed(1)} s in all.`)}
${means.join('')}${remarks.join('')}${record.notes.map((note) => `Note: ${note}.\n`).join('')}Wrote ${join(folder, 'report.html')}\n`
}

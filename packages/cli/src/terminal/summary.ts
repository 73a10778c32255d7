import { join } from 'node:path'
import type { RunRecord, ShownMetric, SummaryRow } from '@tweedie/runs'
import { fixed, mebibytes, metricsShown, summarise } from '@tweedie/runs'
import pc from 'picocolors'
import type { Column, Paper } from './table.ts'
import { formatTable } from './table.ts'

/** A line of the table, its task's title where it is the first of it. */
type Line = SummaryRow & { readonly task: string }

const scoreColumn = ({ metric: { info }, title, digits }: ShownMetric): Column<Line> => ({
  title,
  right: true,
  value: ({ scores }) => fixed(scores[info.name], digits),
  // PSNR tells whether a method is better than its input.
  ...(info.name !== 'psnr'
    ? {}
    : { tint: ({ kind, gain }, c) => (kind === 'input' ? c.dim : (gain ?? 1) > 0 ? c.green : c.red) }),
})

const columnsOf = (metrics: readonly ShownMetric[]): readonly Column<Line>[] => [
  { title: 'task', least: 10, value: ({ task }) => task },
  {
    title: 'method',
    least: 10,
    value: ({ kind, name }) => (kind === 'input' ? `input (${name})` : name),
  },
  ...metrics.map(scoreColumn),
  { title: 'NFE', right: true, value: ({ nfe }) => (nfe === undefined ? '' : String(nfe)) },
  { title: 'VJP', right: true, value: ({ vjps = 0 }) => (vjps === 0 ? '' : String(vjps)) },
  {
    title: 'seconds',
    right: true,
    value: ({ seconds }) => (seconds === undefined ? '' : seconds.toFixed(1)),
  },
  {
    title: 'MiB',
    right: true,
    value: ({ peakBytes }) => (peakBytes === undefined ? '' : mebibytes(peakBytes)),
  },
]

/** The table of a run for the terminal, remarks on it, and the path of the report. */
export function printSummary(record: RunRecord, folder: string, paper: Paper): string {
  const colors = pc.createColors(paper.color)
  const tasks = summarise(record)
  const lines = tasks.flatMap(({ task, rows }) =>
    rows
      .filter(({ kind }) => kind !== 'mean')
      .map((row, i): Line => ({ ...row, task: i === 0 ? task.title : '' })),
  )
  const metrics = metricsShown(tasks)
  const table = formatTable(lines, columnsOf(metrics), paper)
  const comparing = metrics.some(({ metric: { info } }) => info.name === 'psnr')
  const means = tasks.flatMap(({ rows }) =>
    rows.flatMap(({ kind, scores: { psnr, ssim } }) =>
      kind !== 'mean' || psnr === undefined
        ? []
        : [`The mean of the samples has a PSNR of ${psnr.toFixed(2)} dB, an SSIM of ${fixed(ssim, 3)}.\n`],
    ),
  )
  const remarks = tasks.flatMap(({ task, remarks }) =>
    remarks.map(({ method, says }) => `${task.title}, ${method}${says}.\n`),
  )
  // Of one method it is worth a line; a table of several has the misfit.
  const [only, ...others] = tasks.flatMap(({ residuals }) => residuals)
  const residual = only === undefined || others.length > 0 ? '' : `${only.method}${only.says}.\n`
  const counts = [...new Set(record.tasks.map((task) => (task.samples ?? record.samples).length))]
  return `${table}
${colors.dim(`Means over ${counts.join(' or ')} sample${counts.at(-1) === 1 ? '' : 's'}${comparing ? '; PSNR in dB' : ''}; misfit = ‖y − Ax‖/(σ_y√m), about 1 for the truth; ${record.seconds.toFixed(1)} s in all.`)}
${residual}${means.join('')}${remarks.join('')}${record.notes.map((note) => `Note: ${note}.\n`).join('')}Wrote ${join(folder, 'report.html')}\n`
}

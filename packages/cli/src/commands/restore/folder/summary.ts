import { join } from 'node:path'
import type { FolderRecord, FolderRow } from '@tweedie/runs'
import { failedOf, fixed, meanOfRows, metricsOfRows } from '@tweedie/runs'
import pc from 'picocolors'
import type { Column, Paper } from '../../../terminal/table.ts'
import { formatTable } from '../../../terminal/table.ts'

/** The table of a run over a folder for the terminal: a row a picture, what failed below, and the path of the report. */
export function printFolder(record: FolderRecord, folder: string, paper: Paper): string {
  const colors = pc.createColors(paper.color)
  const { pictures, notes } = record
  const metrics = metricsOfRows(pictures)
  const columns: readonly Column<FolderRow>[] = [
    { title: 'picture', least: 12, value: ({ file }) => file },
    {
      title: 'size',
      value: ({ result }) => (result === undefined ? '' : `${result.shape[2]}×${result.shape[1]}`),
    },
    ...metrics.map(
      ({ title, digits, metric: { info } }): Column<FolderRow> => ({
        title,
        right: true,
        value: ({ result }) => (result === undefined ? '' : fixed(result.scores[info.name], digits)),
      }),
    ),
    { title: 'seconds', right: true, value: ({ result }) => result?.seconds.toFixed(1) ?? 'failed' },
  ]
  const failed = failedOf(pictures)
  const means = metrics.map(
    ({ title, digits, metric: { info } }) => `${title} ${fixed(meanOfRows(pictures, info.name), digits)}`,
  )
  const said = new Map<string, number>()
  for (const note of pictures.flatMap((row) => row.notes)) said.set(note, (said.get(note) ?? 0) + 1)
  const lines = [
    ...failed.map(({ file, error }) => (error?.startsWith(file) === true ? error : `${file}: ${error}`)),
    ...[...said].map(([note, count]) => `Note: ${note}${count > 1 ? ` (${count} pictures)` : ''}.`),
    ...notes.map((note) => `Note: ${note}.`),
    `Wrote ${join(folder, 'report.html')}`,
  ]
  return `${formatTable(pictures, columns, paper)}
${colors.dim(`${pictures.length - failed.length} of ${pictures.length} pictures restored${means.length === 0 ? '' : `; means: ${means.join(', ')}`}; ${record.seconds.toFixed(1)} s in all.`)}
${lines.join('\n')}\n`
}

import type { ImageTable } from '@tweedie/calibration'
import { imageColumns, imageHeading, imageNotes } from '@tweedie/calibration'
import type { Paper } from '../../terminal/table.ts'
import { formatTable } from '../../terminal/table.ts'

/** A table of `tweedie bench images` for the terminal. */
export function imageTableText(paper: Paper, table: ImageTable, truth: string, seeds: number): string {
  const [first, ...others] = imageColumns(({ words }) => words)
  const columns = [...(first ? [{ ...first, least: 12 }] : []), ...others]
  const notes = imageNotes(table, seeds).map((note) => `  ${note}\n`)
  return `${imageHeading(table, truth, seeds)}\n\n${formatTable(table.rows, columns, paper)}${notes.join('')}`
}

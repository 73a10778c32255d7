import type { ImageRow, ImageTable } from '@tweedie/calibration'
import { shownMetrics } from '@tweedie/runs'
import type { Column, Paper } from '../../terminal/table.ts'
import { formatTable } from '../../terminal/table.ts'

const withHalf = (row: ImageRow, name: string, digits: number): string => {
  const found = row.scores[name]
  if (found === undefined) return '–'
  const half = found.high - found.value
  return Number.isFinite(half)
    ? `${found.value.toFixed(digits)} ± ${half.toFixed(digits)}`
    : found.value.toFixed(digits)
}

/** The PSNR less that of the best with half its interval. */
function behind({ behind }: ImageRow): string {
  if (behind === undefined) return ''
  const { value, high } = behind
  return `${value.toFixed(2)} ± ${(high - value).toFixed(2)}`
}

const probability = ({ behind }: ImageRow): string =>
  behind === undefined ? '' : behind.p < 0.001 ? '<0.001' : behind.p.toFixed(3)

function residual({ residual }: ImageRow): string {
  if (residual === undefined) return '–'
  const { chi2, verdict } = residual
  return `${chi2.toFixed(0)}${verdict === 'as noise' ? '' : `, ${verdict}`}`
}

/** A table of `tweedie bench images` for the terminal. */
export function imageTableText(paper: Paper, table: ImageTable, truth: string, seeds: number): string {
  const range = table.rows[0]?.residual
  const columns: readonly Column<ImageRow>[] = [
    { title: 'method', least: 12, value: ({ words }) => words },
    ...shownMetrics.map(({ metric: { info }, title, digits }) => ({
      title,
      right: true,
      value: (row: ImageRow) => withHalf(row, info.name, digits),
    })),
    { title: 'χ²', right: true, value: residual },
    { title: 'behind', right: true, value: behind },
    { title: 'p', right: true, value: probability },
    { title: 'NFE', right: true, value: ({ nfe }) => nfe.toFixed(0) },
    { title: 'VJP', right: true, value: ({ vjps }) => (vjps === 0 ? '' : vjps.toFixed(0)) },
    { title: 'seconds', right: true, value: ({ seconds }) => seconds.toFixed(1) },
  ]
  const expected =
    range === undefined ? '' : `; χ² of the truth is ${range.low.toFixed(0)} … ${range.high.toFixed(0)}`
  const refused = table.refused.map(
    ({ method, why, seeds: without }) =>
      `  ${method}${without < seeds ? `, in ${without} of ${seeds} seeds` : ''}: ${why}\n`,
  )
  const [{ pictures } = { pictures: 0 }] = table.rows
  return `${table.operator}, noise ${table.noise}: ${pictures} ${truth}, ${seeds} seed${seeds === 1 ? '' : 's'}${expected}

${formatTable(table.rows, columns, paper)}${refused.join('')}`
}

import { shownMetrics } from '@tweedie/runs'
import { chance } from '../numbers.ts'
import type { ImageRow, ImageTable } from './table.ts'

/** A column of a table of restorations, as texts. */
export interface ImageColumn {
  readonly title: string
  /** Whether it is of numbers, which stand to the right. */
  readonly right?: boolean
  value(row: ImageRow): string
}

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

function residual({ residual }: ImageRow): string {
  if (residual === undefined) return '–'
  const { chi2, verdict } = residual
  return `${chi2.toFixed(0)}${verdict === 'as noise' ? '' : `, ${verdict}`}`
}

/**
 * The columns of a table of restorations: scores with their 95 % intervals, χ², what a row is behind the best and the chance of
 * that, and the cost.
 * @param name - How a row is called.
 */
export const imageColumns = (name: (row: ImageRow) => string): readonly ImageColumn[] => [
  { title: 'method', value: name },
  ...shownMetrics.map(({ metric: { info }, title, digits }) => ({
    title,
    right: true,
    value: (row: ImageRow) => withHalf(row, info.name, digits),
  })),
  { title: 'χ²', right: true, value: residual },
  { title: 'behind', right: true, value: behind },
  { title: 'p', right: true, value: ({ behind }) => (behind === undefined ? '' : chance(behind.p)) },
  { title: 'NFE', right: true, value: ({ nfe }) => nfe.toFixed(0) },
  { title: 'VJP', right: true, value: ({ vjps }) => (vjps === 0 ? '' : vjps.toFixed(0)) },
  { title: 'seconds', right: true, value: ({ seconds }) => seconds.toFixed(1) },
]

/** What stands over a table: the task, how many pictures of how many seeds, and the range of χ² that noise gives. */
export function imageHeading({ operator, noise, rows }: ImageTable, truth: string, seeds: number): string {
  const range = rows[0]?.residual
  const expected =
    range === undefined ? '' : `; χ² of the truth is ${range.low.toFixed(0)} … ${range.high.toFixed(0)}`
  const pictures = rows[0]?.pictures ?? 0
  return `${operator}, noise ${noise}: ${pictures} ${truth}, ${seeds} seed${seeds === 1 ? '' : 's'}${expected}`
}

/** Why methods are missing, a line each. */
export const imageNotes = ({ refused }: ImageTable, seeds: number): readonly string[] =>
  refused.map(
    ({ method, why, seeds: without }) =>
      `${method}${without < seeds ? `, in ${without} of ${seeds} seeds` : ''}: ${why}`,
  )

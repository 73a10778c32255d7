// Which method was measured on which suite, of the results that lie in docs/calibration.
import type { RowResults, SuiteResults } from '@tweedie/calibration'

/** What became of a method on a suite. */
export type Standing =
  | { readonly measured: number }
  | { readonly stoppedAfter: number }
  | { readonly refused: readonly string[] }
  | 'not run'

/** The method of a row, of whatever settings and name. */
const methodOf = ({ words }: RowResults): string => /^[\w-]+/.exec(words)?.[0] ?? ''

/**
 * On how many cases a method was measured; where on none, the longest that it was given, or why it has no samples there.
 * @param results - Of one suite.
 */
export function standingOf(method: string, results: readonly SuiteResults[]): Standing {
  const rows = results.flatMap(({ rows }) => rows).filter((row) => methodOf(row) === method)
  const measured = new Set(
    rows.flatMap(({ problem, cells }) =>
      cells.flatMap((cell) => ('metrics' in cell ? [`${problem} ${cell.seed}`] : [])),
    ),
  )
  if (measured.size > 0) return { measured: measured.size }
  const refused = rows.flatMap(({ cells }) => cells).filter((cell) => 'refused' in cell)
  if (refused.length === 0) return 'not run'
  const limits = refused.flatMap(({ stoppedAfter }) => stoppedAfter ?? [])
  if (limits.length > 0) return { stoppedAfter: Math.max(...limits) }
  return { refused: [...new Set(refused.map((cell) => cell.refused))] }
}

/** A standing as a cell of a table; what does not fit is a stroke. */
export function standingText(standing: Standing): string {
  if (standing === 'not run') return standing
  if ('measured' in standing) return String(standing.measured)
  if ('stoppedAfter' in standing) return `stopped, ${standing.stoppedAfter} s`
  return standing.refused.some((why) => why.includes('diverges')) ? 'diverges' : '–'
}

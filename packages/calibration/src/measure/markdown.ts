import { chance, short } from '../numbers.ts'
import type { Published } from '../types.ts'
import type { ProblemTable, TableRow, Told } from './table.ts'

/** A value with half the width of its interval, unless all cases have the same, and the median where it is told. */
export function told(found: Told | undefined, withMedian: boolean): string {
  if (found === undefined) return '–'
  const { value, low, high, median } = found
  const even = Math.abs(high - value - (value - low)) <= 1e-6 * Math.max(1e-12, Math.abs(high - low))
  const interval =
    !Number.isFinite(high - low) || high - low <= 1e-12 * Math.abs(value)
      ? ''
      : even
        ? ` ± ${short(high - value)}`
        : ` [${short(low)}, ${short(high)}]`
  return `${short(value)}${interval}${withMedian ? ` (${short(median)})` : ''}`
}

/** Bytes in MiB. */
const mebibytes = (bytes: number): string => short(bytes / 2 ** 20)

/** The metrics of which the median stands beside the mean: distances, whose spread over cases is wide. */
const withMedian = new Set(['sw'])

/** The columns of a table, as texts: the name of the row, a column a metric, what is published, and what it costs. */
export function columnsOf({ metrics, published }: Pick<ProblemTable, 'metrics' | 'published'>) {
  const beside = published.length > 0
  const head = [
    'row',
    ...metrics.map(({ name }) => name),
    ...(beside ? ['published'] : []),
    'samples',
    'NFE',
    'VJP',
    'A',
    'MiB',
    's',
  ]
  const cells = ({ row, metrics: numbers, samples, cost, kind }: TableRow): string[] => {
    const free = kind === 'reference' && cost.nfe === 0
    return [
      row,
      ...metrics.map(({ name, unit }) => {
        const found = numbers[name]
        return unit === 'p' && found ? chance(found.value) : told(found, withMedian.has(name))
      }),
      ...(beside ? [publishedCell(published, row)] : []),
      String(samples),
      ...(free ? ['', '', ''] : [short(cost.nfe), short(cost.vjps), short(cost.operatorCalls)]),
      free ? '' : mebibytes(cost.peakBytes),
      short(cost.seconds),
    ]
  }
  return { head, cells }
}

const publishedCell = (published: readonly Published[], row: string): string =>
  published
    .filter((number) => number.row === row)
    .map(({ metric, value, error }) => `${metric} ${short(value)}${error ? ` ± ${short(error)}` : ''}`)
    .join(', ') || '–'

const line = (cells: readonly string[]) =>
  `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`

/** What is missing and why, and where the published numbers are from: a list. */
export function notesOf({ rows, refused, published, seeds }: ProblemTable): string[] {
  const partly = rows.flatMap(({ row, refused: missing, cases }) =>
    missing.map(({ why, cases: without }) => `${row}, in ${without} of ${without + cases} cases: ${why}`),
  )
  const fewer = rows.filter(({ cases, refused: missing }) => cases < seeds && missing.length === 0)
  const sources = [
    ...new Set(published.map(({ provenance, source }) => `published: ${provenance}; ${source}`)),
  ]
  const byReason = new Map<string, string[]>()
  for (const { row, why } of refused) byReason.set(why, [...(byReason.get(why) ?? []), row])
  return [
    ...partly,
    ...fewer.map(({ row, cases }) => `${row}: ${cases} of ${seeds} cases`),
    ...[...byReason].map(([why, names]) => `none of ${names.join(', ')}: ${why}`),
    ...sources,
  ]
}

/**
 * A table of a problem in Markdown, with its notes.
 * @param linked - How the name of a row is written, such as a link to its page.
 */
export function tableMarkdown(table: ProblemTable, linked: (row: string) => string = (row) => row): string {
  const { head, cells } = columnsOf(table)
  const lines = [
    head,
    head.map((_, i) => (i === 0 ? '---' : '--:')),
    ...table.rows.map((row) => cells(row).map((text, i) => (i === 0 ? linked(text) : text))),
  ].map(line)
  const notes = notesOf(table).map((note) => `- ${note}.`)
  return [
    `### ${table.problem}: ${table.title}`,
    lines.join('\n'),
    ...(notes.length ? [notes.join('\n')] : []),
  ].join('\n\n')
}

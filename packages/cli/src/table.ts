import pc from 'picocolors'

/** One column of a printed table. */
export interface Column<Row> {
  readonly title: string
  readonly value: (row: Row) => string
  /** Numbers stand right-aligned. */
  readonly right?: boolean
  /** How a cell is coloured on a terminal. */
  readonly tint?: (row: Row, colors: ReturnType<typeof pc.createColors>) => (text: string) => string
}

/** A table in plain text, columns two spaces apart, the header underlined. */
export function formatTable<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  color: boolean,
): string {
  const colors = pc.createColors(color)
  const cells = rows.map((row) => columns.map((column) => column.value(row)))
  const widths = columns.map((column, i) =>
    Math.max([...column.title].length, ...cells.map((line) => [...line[i]!].length)),
  )
  const pad = (text: string, i: number) => {
    const gap = ' '.repeat(widths[i]! - [...text].length)
    return columns[i]!.right === true ? gap + text : text + gap
  }
  const join = (parts: string[]) => parts.join('  ').trimEnd()
  const lines = [
    join(columns.map((column, i) => colors.bold(pad(column.title, i)))),
    colors.dim(join(widths.map((width) => '─'.repeat(width)))),
    ...rows.map((row, r) =>
      join(columns.map((column, i) => (column.tint?.(row, colors) ?? String)(pad(cells[r]![i]!, i)))),
    ),
  ]
  return `${lines.join('\n')}\n`
}

/** A number with a fixed count of digits, or a dash where there is none. */
export const fixed = (value: number | undefined, digits: number): string =>
  value === undefined || Number.isNaN(value) ? '–' : value.toFixed(digits)

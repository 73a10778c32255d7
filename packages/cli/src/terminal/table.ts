import pc from 'picocolors'
import stringWidth from 'string-width'
import wrapAnsi from 'wrap-ansi'

type Tint = (text: string) => string

/** One column of a printed table. */
export interface Column<Row> {
  readonly title: string
  readonly value: (row: Row) => string
  /** Numbers stand right-aligned. */
  readonly right?: boolean
  /** The fewest characters to which its cells may be broken where a table is too wide; otherwise they are not. */
  readonly least?: number
  /** How a cell is coloured on a terminal. */
  readonly tint?: (row: Row, colors: ReturnType<typeof pc.createColors>) => Tint
}

/** Where a table is printed. */
export interface Paper {
  readonly color: boolean
  /** Characters in a line; undefined where lines have no end. */
  readonly columns?: number | undefined
}

const gap = '  '

/** Widths that add up to `room`, each between its least and its natural one; undefined where there are none. */
function fitted(natural: readonly number[], least: readonly number[], room: number): number[] | undefined {
  const sum = (widths: readonly number[]) => widths.reduce((total, width) => total + width, 0)
  if (sum(least) > room) return undefined
  const widths = [...least]
  for (let left = Math.min(room, sum(natural)) - sum(least); left > 0; left--) {
    // The next character goes to the narrowest column that wants one.
    const wanting = widths.map((_, i) => i).filter((i) => widths[i]! < natural[i]!)
    widths[wanting.reduce((a, b) => (widths[b]! < widths[a]! ? b : a))]!++
  }
  return widths
}

/** A text in lines of at most `width` characters, broken between words where it can be. */
const broken = (text: string, width: number): string[] =>
  stringWidth(text) <= width ? [text] : wrapAnsi(text, width, { hard: true }).split('\n')

/**
 * A table in plain text, columns two spaces apart, the header underlined. Where the paper is too narrow, cells
 * are broken into lines; where it is too narrow for that as well, each row becomes a block of lines `title  value`.
 */
export function formatTable<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  paper: Paper,
): string {
  const colors = pc.createColors(paper.color)
  const cells = rows.map((row) => columns.map((column) => column.value(row)))
  const natural = columns.map((column, i) =>
    Math.max(stringWidth(column.title), ...cells.map((line) => stringWidth(line[i]!))),
  )
  const least = columns.map((column, i) =>
    Math.min(natural[i]!, Math.max(column.least ?? natural[i]!, stringWidth(column.title))),
  )
  const room = (paper.columns ?? Number.POSITIVE_INFINITY) - gap.length * (columns.length - 1)
  const tints = rows.map((row) => columns.map((column): Tint => column.tint?.(row, colors) ?? String))
  const widths = fitted(natural, least, room)
  if (widths === undefined) return inBlocks(columns, cells, tints, paper)
  const pad = (text: string, i: number) => {
    const space = ' '.repeat(widths[i]! - stringWidth(text))
    return columns[i]!.right === true ? space + text : text + space
  }
  const lay = (line: readonly string[], tint: (i: number) => Tint) => {
    const parts = line.map((text, i) => broken(text, widths[i]!))
    const height = Math.max(...parts.map((part) => part.length))
    return Array.from({ length: height }, (_, n) =>
      parts
        .map((part, i) => tint(i)(pad(part[n] ?? '', i)))
        .join(gap)
        .trimEnd(),
    )
  }
  const titles = columns.map((column) => column.title)
  const lines = [
    ...lay(titles, () => colors.bold),
    colors.dim(widths.map((width) => '─'.repeat(width)).join(gap)),
    ...cells.flatMap((line, r) => lay(line, (i) => tints[r]![i]!)),
  ]
  return `${lines.join('\n')}\n`
}

/**
 * Each row as a block: its first cell, and under it the others beside their titles, as far as they are not empty. A
 * block is indented as its first cell is.
 */
function inBlocks(
  columns: readonly Column<never>[],
  cells: readonly (readonly string[])[],
  tints: readonly (readonly Tint[])[],
  paper: Paper,
): string {
  const colors = pc.createColors(paper.color)
  const titled = Math.max(...columns.slice(1).map((column) => stringWidth(column.title)))
  const blocks = cells.map((line, r) => {
    const [first = ''] = line
    const indent = first.slice(0, first.length - first.trimStart().length)
    const width = Math.max(20, (paper.columns ?? 80) - indent.length - titled - 2 * gap.length)
    return [
      tints[r]![0]!(first),
      ...columns.slice(1).flatMap((column, k) => {
        const i = k + 1
        const text = line[i]!
        if (text === '') return []
        return broken(text, width).map((part, n) => {
          const title = n === 0 ? column.title : ''
          const space = ' '.repeat(titled - stringWidth(title))
          return `${indent}${gap}${colors.dim(title)}${space}${gap}${tints[r]![i]!(part)}`
        })
      }),
    ].join('\n')
  })
  return `${blocks.join('\n')}\n`
}

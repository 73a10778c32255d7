import stringWidth from 'string-width'
import { describe, expect, test } from 'vitest'
import { ran } from '../testing.test.helper.ts'
import { formatTable } from './table.ts'

interface Row {
  readonly name: string
  readonly size: number
  readonly what: string
}
const rows: readonly Row[] = [
  { name: 'a', size: 1, what: 'the first of them all' },
  { name: 'bcd', size: 2345, what: '' },
]
const columns = [
  { title: 'name', value: (row: Row) => row.name },
  { title: 'size', right: true, value: (row: Row) => String(row.size) },
  { title: 'what', least: 9, value: (row: Row) => row.what },
]
const printed = (width?: number) => formatTable(rows, columns, { color: false, columns: width })

describe('a table', () => {
  test('stands in columns where there is room, numbers to the right', () => {
    const whole = `name  size  what
────  ────  ─────────────────────
a        1  the first of them all
bcd   2345
`
    expect(printed()).toBe(whole)
    expect(printed(33)).toBe(whole)
  })

  test('breaks the cells that may be broken where there is less', () => {
    expect(printed(25)).toBe(`name  size  what
────  ────  ─────────────
a        1  the first of
            them all
bcd   2345
`)
    expect(printed(21).split('\n')[1]).toBe('────  ────  ─────────')
  })

  test('gives what room there is to the narrowest first', () => {
    const texts = ['a'.repeat(30), 'b'.repeat(10), 'c'.repeat(10)]
    const wide = texts.map((_, i) => ({
      title: String(i),
      least: 4,
      value: (row: readonly string[]) => row[i]!,
    }))
    const line = formatTable([texts], wide, { color: false, columns: 28 }).split('\n')[1]!
    expect(line.split('  ').map((part) => part.length)).toEqual([8, 8, 8])
  })

  test('becomes blocks where there is no room for columns, without empty lines', () => {
    expect(printed(20)).toBe(`a
  size  1
  what  the first of them
        all
bcd
  size  2345
`)
  })

  test('a block is indented as its name is', () => {
    const nested = [rows[0]!, { ...rows[0]!, name: '  a' }]
    expect(formatTable(nested, columns, { color: false, columns: 20 })).toBe(`a
  size  1
  what  the first of them
        all
  a
    size  1
    what  the first of them
          all
`)
  })

  test('counts wide and combined characters as a terminal shows them, and breaks words that are too long', () => {
    const wide = [{ name: '数字', size: 1, what: 'e\u0301'.repeat(20) }]
    const lines = formatTable(wide, columns, { color: false, columns: 24 }).trimEnd().split('\n')
    expect(lines.slice(2).map((line) => stringWidth(line))).toEqual([24, 20])
  })

  test.for([40, 60, 80, 100, 120])('no line of a list is longer than %i', async (width) => {
    const lists = ['methods', 'operators', 'noises', 'metrics', 'samplers', 'schedules', 'priors']
    for (const argv of [...lists.map((list) => [list]), ['methods', 'red-diff']]) {
      const { out } = await ran('/', argv, { columns: width })
      const longest = Math.max(...out.split('\n').map((line) => stringWidth(line)))
      expect(longest, argv.join(' ')).toBeLessThanOrEqual(Math.max(width, 50)) // 50: the hints below a table
    }
  })

  test('a list shows a value that needs no name without one', async () => {
    const notes = ['noises poisson', 'operators sr', 'samplers ddim'].map(async (line) => {
      const { out } = await ran('/', line.split(' '))
      return out.trimEnd().split('\n').at(-1)
    })
    expect(await Promise.all(notes)).toEqual(
      ['poisson:255', 'sr:4', 'ddim:0'].map((example) => `* needs no name, as in ${example}`),
    )
  })
})

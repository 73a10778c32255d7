import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { opsTable, shippedDevices, supportPage, supportTable, tableIn, withTable } from './support.ts'

const page = readFileSync(resolve(import.meta.dirname, '../../../../docs/autodiff.md'), 'utf8')

describe('the support table', () => {
  it('of docs/autodiff.md is what the generator writes', async () => {
    const table = supportPage(await shippedDevices())
    expect(tableIn(page), 'run: node packages/autograd/scripts/support-table.ts').toBe(table)
  })

  it('tells own kernels from loops, absence and zero gradients', () => {
    const devices = [
      { name: 'a', kernels: ['exp', 'mul', 'tanh'], fallback: false },
      { name: 'b', kernels: ['tanh'], fallback: true },
    ] as const
    const rows = supportTable(devices, ['exp', 'tanh', 'floor', 'reshape']).split('\n')
    const row = (name: string) => rows.find((line) => line.includes(`\`${name}\``))
    expect(row('exp')).toBe('| `exp` | elementwise | ● | ● | ● | ○ | ○ | ○ |')
    expect(row('tanh')).toBe('| `tanh` | elementwise | ● | – | – | ● | ○ | ○ |')
    expect(row('floor')).toBe(
      '| `floor` | zero: the result is constant between jumps | – | 0 | 0 | ○ | 0 | 0 |',
    )
    expect(row('reshape')).toBe('| `reshape` | linear | ● | ● | ● | ● | ● | ● |')
  })

  it('says what public ops are made of', () => {
    const devices = [
      { name: 'a', kernels: ['mul', 'sub', 'reduceSum', 'affine', 'exp'], fallback: false },
    ] as const
    const rows = opsTable(devices, ['square', 'squeeze']).split('\n').slice(2)
    expect(rows).toEqual(['| `square` | `mul` | ● | – | – |', '| `squeeze` | a view | ● | ● | ● |'])
  })

  it('goes between the marks of a page', () => {
    const marked = 'x\n<!-- support table: begin -->\nold\n<!-- support table: end -->\ny'
    expect(tableIn(withTable(marked, 'new'))).toBe('new')
    expect(withTable(marked, 'new')).toMatch(/^x\n<!--.*-->\n\nnew\n\n<!--.*-->\ny$/)
    expect(() => withTable('none', 'new')).toThrow(/lacks/)
  })
})

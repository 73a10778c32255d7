import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { gpuTables, measuredOnACard, tableOf } from './gpu-page.ts'

const page = readFileSync(resolve(import.meta.dirname, '../../../docs/gpu.md'), 'utf8')
const tables = gpuTables(measuredOnACard())

/** The numbers of a row, by how it begins. */
function row(table: string, begin: string): number[] {
  const line = tables[table]!.split('\n').find((text) => text.startsWith(`| ${begin} |`))!
  return line.split('|').slice(2, -1).map(Number)
}

describe('the tables of docs/gpu.md', () => {
  test.each(Object.keys(tables))('%s is what the generator writes', (name) => {
    expect(tableOf(page, name), 'run: node packages/bench/scripts/gpu-page.ts').toBe(tables[name])
  })

  test('launches of the digits network stay below their bars', () => {
    expect(row('networks', 'digits prior @28²')[0]).toBeLessThanOrEqual(130)
    expect(row('networks', 'digits prior @28², with VJP')[0]).toBeLessThanOrEqual(300)
  })

  test('what is counted of a convolution is what it does', () => {
    const [launches, mflop, narrow, loaded, moved] = row('kernels', 'conv 3×3 64→64 @64²')
    // 64·64² elements of 64·9 products, two operations each, and their sums; of every product two loads.
    const products = 64 * 64 ** 2 * 64 * 9
    expect(launches).toBe(1) // that lays the weights out is done once for all
    expect(mflop! * 1e6).toBeGreaterThanOrEqual(2 * products - 5e5)
    expect(mflop! * 1e6).toBeLessThan(2.01 * products)
    expect(narrow).toBe(Math.round((8 * products) / 1e6))
    expect(loaded).toBe(Math.round((8 * products * 9) / 24 / 1e6)) // nine loads for twelve products
    expect(moved).toBeCloseTo((4 * (2 * 64 * 64 ** 2 + 64 * 64 * 9)) / 1e6, 1)
  })
})

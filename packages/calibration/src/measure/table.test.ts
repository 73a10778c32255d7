import { describe, expect, it } from 'vitest'
import { meanOver } from '../metrics/define.ts'
import { chance, short } from '../numbers.ts'
import { exactDraws } from '../rows/references.ts'
import { compareResults } from './compare.ts'
import { columnsOf, notesOf, tableMarkdown, told } from './markdown.ts'
import type { Results, RowResults } from './results.ts'
import { resultsOf } from './results.ts'
import { measure } from './run.ts'
import { median, tablesOf } from './table.ts'
import { diverging, off, pair, planOf, shifted, tiny, unfit } from './tiny.test.helper.ts'

const facts = {
  command: 'tweedie bench posterior tiny',
  date: '2026-01-02T03:04:05.000Z',
  machine: { tweedie: '1', node: '24', platform: 'linux', cpu: 'a', cores: 2, device: 'wasm' },
}
const known = { suites: [tiny], metrics: [off, pair] }
const plan = planOf([exactDraws, shifted('bad', 1), unfit, shifted('good', 0.01), diverging])
const results = resultsOf([plan], await measure([plan]), facts)
const [near] = tablesOf(results.suites[0]!, known)

/** Results of one row, with these values of the metric `off`. */
const of = (values: readonly number[], more: Partial<RowResults> = {}): Results => ({
  ...results,
  suites: [
    {
      ...results.suites[0]!,
      rows: [
        {
          problem: 'near',
          row: 'good',
          words: 'good:shift=0.01',
          samples: 20,
          cells: values.map((value, seed) => ({
            seed,
            took: 1,
            metrics: { off: [value] },
            cost: { nfe: 10 * (seed + 1), vjps: 0, operatorCalls: 0, peakBytes: 2 ** 21, seconds: 1 },
          })),
          ...more,
        },
      ],
    },
  ],
})

describe('a table', () => {
  it('has the references first, then methods from the best to the worst, and what was refused beside', () => {
    expect(near?.rows.map(({ row }) => row)).toEqual(['exact', 'good', 'bad'])
    expect(near?.refused).toEqual([
      { row: 'unfit', why: 'it wants pictures' },
      { row: 'diverging', why: 'it diverges there' },
    ])
  })

  it('ranks by a metric of which more is better, and by the distance from a target', () => {
    const ranked = (change: Partial<typeof off.info>) =>
      tablesOf(results.suites[0]!, {
        suites: [tiny],
        metrics: [{ ...off, info: { ...off.info, ...change } }, pair],
      })[0]?.rows.map(({ row }) => row)
    expect(ranked({ better: 'higher' })).toEqual(['exact', 'bad', 'good'])
    expect(ranked({ better: 'target', target: Math.SQRT2 })).toEqual(['exact', 'bad', 'good'])
  })

  it('has the mean with 1.96 standard errors, the median, and what it cost on average', () => {
    const [row] = tablesOf(of([1, 2, 6]).suites[0]!, known)[0]?.rows ?? []
    const half = (1.96 * Math.sqrt((4 + 1 + 9) / 2)) / Math.sqrt(3)
    expect(row?.metrics['off']).toEqual({ value: 3, low: 3 - half, high: 3 + half, median: 2 })
    expect(row?.cost).toMatchObject({ nfe: 20, peakBytes: 2 ** 21, seconds: 1 })
    expect(told(row?.metrics['off'], true)).toBe(`3 ± ${short(half)} (2)`)
    expect(median([4, 1, 3, 2])).toBe(2.5)
  })

  it('shows published numbers with where they are from', () => {
    const { head, cells } = columnsOf(near!)
    expect(head).toEqual(['row', 'off', 'pair', 'published', 'samples', 'NFE', 'VJP', 'A', 'MiB', 's'])
    expect(near?.rows.map((row) => cells(row)[3])).toEqual(['–', 'off 0.5 ± 0.1', '–'])
    expect(notesOf(near!)).toEqual([
      'none of unfit: it wants pictures',
      'none of diverging: it diverges there',
      'published: second hand; nowhere',
    ])
    expect(tableMarkdown(near!)).toMatch(/^### near: σ = 0\.1\n\n\| row \| off \|.*\n\| --- \| --: \|/)
  })

  it('says in how many cases a row is missing', () => {
    const suite = of([1, 2]).suites[0]!
    const row = suite.rows[0]!
    const more = { ...row, cells: [...row.cells, { seed: 2, took: 0, refused: 'it diverges there' }] }
    expect(notesOf(tablesOf({ ...suite, rows: [more] }, known)[0]!)[0]).toBe(
      'good, in 1 of 3 cases: it diverges there',
    )
  })

  it('tells rows of one method apart by their settings', () => {
    const suite = of([1]).suites[0]!
    const two = { ...suite, rows: [suite.rows[0]!, { ...suite.rows[0]!, words: 'good:shift=1' }] }
    expect(tablesOf(two, known)[0]?.rows.map(({ row }) => row)).toEqual(['good', 'good, shift=1'])
  })

  it('writes an interval where there is one: not of numbers that are all the same, and none of a p-value', () => {
    const one = (value: number, low: number, high: number) => told({ value, low, high, median: value }, false)
    expect(one(1.5, 1.5, 1.5 + 2e-16)).toBe('1.5')
    expect(one(0, 0, 0)).toBe('0')
    expect(one(0, 0, 0.39)).toBe('0 [0, 0.39]')
    expect(one(1, 0.5, 1.5)).toBe('1 ± 0.5')
    expect([0, 9e-4, 1e-3, 0.267].map(chance)).toEqual(['<0.001', '<0.001', '0.001', '0.267'])
    const [row] = near?.rows ?? []
    const cellOf = (unit: string, found: { value: number; low: number; high: number }) =>
      columnsOf({ metrics: [{ ...off.info, unit }], published: [] }).cells({
        ...row!,
        metrics: { off: { ...found, median: found.value } },
      })[1]
    expect(cellOf('p', { value: 2e-6, low: 2e-6, high: 2e-6 })).toBe('<0.001')
    expect(cellOf('', { value: 2e-6, low: 1e-6, high: 3e-6 })).toBe('2.0e−6 ± 1.0e−6')
  })

  it('writes numbers short', () => {
    expect([0, 1234.5, 0.12345, 3.999, -0.5, 1e-5, -1e-5, 2e7, Number.NaN, Infinity].map(short)).toEqual([
      '0',
      '1235',
      '0.123',
      '4',
      '−0.5',
      '1.0e−5',
      '−1.0e−5',
      '2.0e+7',
      '–',
      '∞',
    ])
  })
})

describe('a comparison', () => {
  it('of a run with itself has no difference', () => {
    const { differences, alone } = compareResults(results, results, [off, pair])
    expect(differences).toHaveLength(12)
    expect(differences.filter(({ differs }) => differs)).toEqual([])
    expect(alone).toEqual({ before: [], now: [] })
  })

  it('is paired by seed: a change is seen that the spread over cases would hide', () => {
    const [before, now] = [of([1, 50, 100]), of([1.2, 50.1, 100.3])]
    const [difference] = compareResults(before, now, [off]).differences
    expect(difference).toMatchObject({ differs: true, worse: true, cases: 3 })
    expect(difference?.change).toEqual(meanOver([[1.2 - 1], [50.1 - 50], [100.3 - 100]]))
    expect(compareResults(now, before, [off]).differences[0]).toMatchObject({ differs: true, worse: false })
  })

  it('takes the seeds that both have, and says nothing of noise', () => {
    const [difference] = compareResults(of([1, 2, 3, 9]), of([2, 1, 3]), [off]).differences
    expect(difference).toMatchObject({ cases: 3, before: 2, now: 2, differs: false })
  })

  it('of other summaries looks whether their intervals meet', () => {
    const rate = {
      ...off,
      over: (cases: readonly (readonly number[])[]) => ({
        value: cases[0]![0]!,
        low: cases[0]![0]! - 1,
        high: cases[0]![0]! + 1,
      }),
    }
    expect(compareResults(of([1]), of([2.5]), [rate]).differences[0]).toMatchObject({ differs: false })
    expect(compareResults(of([1]), of([3.5]), [rate]).differences[0]).toMatchObject({
      differs: true,
      worse: true,
    })
  })

  it('names rows of one run alone, and settings that changed', () => {
    const other = of([1, 2], { row: 'new', words: 'new' })
    expect(compareResults(of([1, 2]), other, [off])).toEqual({
      differences: [],
      alone: { before: ['tiny, near: good'], now: ['tiny, near: new'] },
    })
    const changed = of([1, 2], { words: 'good:shift=2' })
    expect(compareResults(of([1, 2]), changed, [off]).differences[0]?.settings).toEqual({
      before: 'good:shift=0.01',
      now: 'good:shift=2',
    })
    expect(compareResults(of([1, 2]), of([1, 2], { samples: 5 }), [off]).differences).toEqual([])
  })
})

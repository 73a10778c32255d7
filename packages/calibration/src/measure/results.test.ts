import { appendFileSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { exactDraws } from '../rows/references.ts'
import type { Cell } from './cell.ts'
import { journalOf, openJournal } from './journal.ts'
import type { Plan, Task } from './plan.ts'
import { tasksOf } from './plan.ts'
import { cellLookup, formatResults, parseCell, parseResults, resultsOf, rounded } from './results.ts'
import { measure } from './run.ts'
import { diverging, off, planOf, shifted, unfit } from './tiny.test.helper.ts'

const facts = {
  command: 'tweedie bench posterior tiny',
  date: '2026-01-02T03:04:05.000Z',
  machine: { tweedie: '1', node: '24', platform: 'linux', cpu: 'a', cores: 2, device: 'wasm' },
}
const plan = planOf([exactDraws, shifted('good', 0.01), unfit, diverging], { seeds: 2 })
const cells = await measure([plan])
const results = resultsOf([plan], cells, facts)

describe('results', () => {
  it('come back from their file as they were', () => {
    expect(parseResults(formatResults(results), 'r.json')).toEqual(results)
    expect(results.suites[0]).toMatchObject({
      suite: 'tiny',
      extent: { problems: ['near', 'far'], seeds: 2, samples: 20 },
      metrics: ['off', 'pair'],
    })
    expect(results.suites[0]?.rows.map(({ problem, row, cells: own }) => [problem, row, own.length])).toEqual(
      ['near', 'far'].flatMap((p) => ['exact', 'good', 'unfit', 'diverging'].map((row) => [p, row, 2])),
    )
    expect(results.seconds).toBeCloseTo(
      cells.reduce((sum, { took }) => sum + took, 0),
      12,
    )
  })

  it('keep what is not finite as what it is not: a number', () => {
    const endless = {
      ...results,
      suites: [{ ...results.suites[0]!, rows: [withMetric(Number.POSITIVE_INFINITY)] }],
    }
    const back = parseResults(formatResults(endless), 'r.json').suites[0]?.rows[0]?.cells[0]
    expect(back && 'metrics' in back && back.metrics['off']).toEqual([Number.NaN])
  })

  it('are rounded for a repository, to digits, not to places', () => {
    const small = { ...results, suites: [{ ...results.suites[0]!, rows: [withMetric(1.23456789e-7)] }] }
    const cell = rounded(small, 3).suites[0]?.rows[0]?.cells[0]
    expect(cell && 'metrics' in cell && cell.metrics['off']).toEqual([1.23e-7])
  })

  it('of something else are refused with the file and the field', () => {
    expect(() => parseResults('{', 'r.json')).toThrow(/r\.json/)
    expect(() => parseResults(JSON.stringify({ ...results, format: 'tweedie bench 1' }), 'r.json')).toThrow(
      /format/,
    )
  })

  const withMetric = (value: number) => {
    const row = results.suites[0]!.rows[0]!
    const [cell] = row.cells
    if (cell === undefined || !('metrics' in cell)) throw new Error('no cell')
    return { ...row, cells: [{ ...cell, metrics: { off: [value] } }] }
  }
})

describe('cells of an earlier run', () => {
  const [task] = tasksOf([plan]) as [Task]
  const [cell] = cells as [Cell]
  const finds = (change: Partial<Cell>, asked: Task = task) =>
    cellLookup([{ ...cell, ...change } as Cell])(asked) !== undefined

  it('are found by what they are of, and not where anything of it is other', () => {
    expect(finds({})).toBe(true)
    for (const change of [
      { suite: 'gmm' },
      { version: 2 },
      { problem: 'far' },
      { words: 'exact draws:steps=3' },
      { seed: 1 },
      { samples: 21 },
    ])
      expect(finds(change), JSON.stringify(change)).toBe(false)
  })

  it('are not found without a metric that is asked for, nor with one too many', () => {
    const asking = (metrics: Plan['metrics']): Task => ({ ...task, plan: { ...plan, metrics } })
    expect(finds({}, asking([off]))).toBe(false)
    expect(finds({ metrics: { off: [1] } }, asking([off]))).toBe(true)
    expect(finds({ metrics: { off: [1] } })).toBe(false)
  })

  it('that were stopped are tried again under another limit', () => {
    const stopped = { ...cell, refused: 'stopped after 5 s', stoppedAfter: 5 }
    const under = (limit: number): Task => ({ ...task, plan: { ...plan, extent: { ...plan.extent, limit } } })
    expect(cellLookup([stopped])(under(5))).toBe(stopped)
    expect(cellLookup([stopped])(under(50))).toBeUndefined()
  })
})

describe('the journal', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tweedie-journal-'))
  const file = join(folder, 'r.json')

  it('holds each cell from when it is finished, and is mended where a line was broken off', async () => {
    const first = await openJournal(file)
    expect(first.cells).toEqual([])
    for (const cell of cells.slice(0, 3)) await first.add(cell)
    appendFileSync(journalOf(file), JSON.stringify(cells[3]).slice(0, 40))
    const second = await openJournal(file)
    expect(second.cells).toEqual(cells.slice(0, 3))
    await second.add(cells[3]!)
    expect((await openJournal(file)).cells).toEqual(cells.slice(0, 4))
    expect(readFileSync(journalOf(file), 'utf8').split('\n')).toHaveLength(5)
    await second.remove()
    expect(existsSync(journalOf(file))).toBe(false)
  })

  it('is not the file of somebody else', async () => {
    writeFileSync(journalOf(file), 'notes of mine\n')
    expect((await openJournal(file)).cells).toEqual([])
    expect(parseCell('{"suite":"tiny"}')).toBeUndefined()
  })
})

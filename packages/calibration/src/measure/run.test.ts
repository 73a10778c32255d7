import { memory, ShapeError } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { exactDraws } from '../rows/references.ts'
import type { Cell } from './cell.ts'
import { tasksOf } from './plan.ts'
import { cellLookup } from './results.ts'
import { localWorker, measure } from './run.ts'
import { diverging, planOf, plans, shifted, unfit } from './tiny.test.helper.ts'
import { threadWorkers } from './workers.ts'

/** A cell without its times, which differ from run to run. */
const told = ({ took: _, ...cell }: Cell) =>
  'cost' in cell ? { ...cell, cost: { ...cell.cost, seconds: 0 } } : cell

const rows = [exactDraws, shifted('good', 0.01), unfit, diverging]

describe('measure', () => {
  it('has a cell for every row of every case, in order, and says why there is nothing', async () => {
    const cells = await measure([planOf(rows, { seeds: 2 })])
    expect(cells.map(({ problem, seed, row }) => `${problem} ${seed} ${row}`)).toEqual(
      ['near 0', 'near 1', 'far 0', 'far 1'].flatMap((at) => rows.map(({ name }) => `${at} ${name}`)),
    )
    expect(cells.slice(2, 4).map((cell) => 'refused' in cell && cell.refused)).toEqual([
      'it wants pictures',
      'it diverges there',
    ])
    const [exact] = cells
    expect(exact).toMatchObject({ suite: 'tiny', version: 1, words: 'exact draws', samples: 20 })
    expect('metrics' in exact! && exact.metrics['pair']).toEqual([expect.any(Number), 20])
  })

  it('frees what it poses', async () => {
    await measure([planOf([exactDraws], { seeds: 1 })]) // constants of the device are made
    const before = memory().tensors
    const plan = planOf([exactDraws, shifted('good', 0)], { seeds: 3 })
    await measure([plan])
    // The matrix of each of six operators is its own until it is collected.
    expect(memory().tensors - before).toBeLessThanOrEqual(6)
  })

  it('poses a case once for all of its rows', async () => {
    const plan = planOf(rows, { seeds: 2 })
    let posed = 0
    const counted = plan.problems.map(({ posed: problem, rows: own }) => ({
      rows: own,
      posed: {
        ...problem,
        pose: (seed: number) => {
          posed++
          return problem.pose(seed)
        },
      },
    }))
    await measure([{ ...plan, problems: counted }])
    expect(posed).toBe(4)
  })

  it('takes cells that are known, and measures the others alike', async () => {
    const plan = planOf(rows, { seeds: 2 })
    const all = await measure([plan])
    const asked: string[] = []
    const resumed = await measure([plan], {
      known: cellLookup(all.filter((_, i) => i % 2 === 0)),
      onCell: ({ row, seed }) => void asked.push(`${row} ${seed}`),
    })
    expect(resumed.map(told)).toEqual(all.map(told))
    expect(asked).toHaveLength(all.length / 2)
  })

  it('gives the row fewer samples where it says so, and compares with as many draws', async () => {
    const [cell] = await measure([planOf([shifted('dear', 0, { most: 7 })], { seeds: 1 })])
    expect(cell).toMatchObject({ samples: 7 })
    expect('metrics' in cell! && cell.metrics['pair']?.[1]).toBe(7)
  })

  it('stops a row at the limit, and does not try it on further cases of the problem', async () => {
    let drawn = 0
    const slow = shifted('slow', 0, {
      draw: async (posed, draw) => {
        drawn++
        const until = performance.now() + 30
        while (performance.now() < until);
        draw.onProgress?.(0.5)
        if (draw.signal?.aborted === true) {
          const { InterruptedError } = await import('@tweedie/runs')
          throw new InterruptedError()
        }
        return exactDraws.draw(posed, draw)
      },
    })
    const cells = await measure([planOf([slow, exactDraws], { limit: 0.01 })])
    const stopped = cells.filter((cell) => 'refused' in cell)
    expect(stopped.map((cell) => [cell.seed, cell.refused])).toEqual(
      [0, 1, 2, 0, 1, 2].map((seed) => [seed, 'stopped after 0.01 s']),
    )
    expect(drawn).toBe(2)
    expect(cells.filter((cell) => 'metrics' in cell)).toHaveLength(6)
  })

  it('tells how far it is, never more than all', async () => {
    const seen: number[] = []
    await measure([planOf(rows, { seeds: 2 })], { onProgress: (done) => void seen.push(done) })
    expect(seen).toEqual([...seen].sort((a, b) => a - b))
    expect(seen[0]).toBe(0)
    expect(Math.max(...seen)).toBeLessThanOrEqual(1)
  })

  it('ends when it is told to, and throws what is no error of ours', async () => {
    const stop = new AbortController()
    const kept: Cell[] = []
    const running = measure([planOf(rows)], {
      signal: stop.signal,
      onCell: (cell) => {
        kept.push(cell)
        if (kept.length === 3) stop.abort()
      },
    })
    await expect(running).rejects.toThrow(expect.objectContaining({ name: 'InterruptedError' }))
    expect(kept).toHaveLength(3)
    const broken = shifted('broken', 0, { draw: () => Promise.reject(new TypeError('a bug')) })
    await expect(measure([planOf([broken])])).rejects.toThrow('a bug')
    const wrong = shifted('wrong', 0, { draw: () => Promise.reject(new ShapeError('op', 'two shapes')) })
    const [cell] = await measure([planOf([wrong])])
    expect(cell).toMatchObject({ refused: expect.stringMatching(/two shapes/) })
  })
})

describe('threads', () => {
  const source = (module: string) => ({ module: new URL(module, import.meta.url).href, data: { seeds: 2 } })

  it('give the cells that this thread gives', async () => {
    const planned = await plans({ seeds: 2 })
    const here = await measure(planned, { workers: [localWorker(tasksOf(planned))] })
    const there = await measure(planned, { workers: threadWorkers(2, source('./tiny.test.helper.ts')) })
    expect(there.map(told)).toEqual(here.map(told))
  })

  it('that cannot be asked are an error', async () => {
    const planned = await plans({ seeds: 1 })
    const workers = threadWorkers(1, source('./no-such-module.ts'))
    await expect(measure(planned, { workers })).rejects.toThrow(/no-such-module/)
    expect(() => threadWorkers(0, source('./tiny.test.helper.ts'))).toThrow(/positive integer/)
  })

  it('end at once when they are told to', async () => {
    const planned = await plans({ seeds: 2 })
    const stop = new AbortController()
    const running = measure(planned, {
      workers: threadWorkers(2, source('./tiny.test.helper.ts'), stop.signal),
      signal: stop.signal,
      onCell: () => stop.abort(),
    })
    await expect(running).rejects.toThrow(expect.objectContaining({ name: 'InterruptedError' }))
  })
})

// What the documentation says of measurements that are committed: that the numbers in the files say it.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SuiteResults } from '@tweedie/calibration'
import { pairsOf, parseResults } from '@tweedie/calibration'
import { allSuites } from '@tweedie/calibration/node'
import { methods } from '@tweedie/solvers'
import { expect, test } from 'vitest'
import { standingOf, standingText } from '../scripts/docs/coverage.ts'

const folder = join(import.meta.dirname, '../docs/calibration')
const resultsIn = (file: string) => parseResults(readFileSync(join(folder, file), 'utf8'), file).suites
const everything = readdirSync(folder)
  .filter((file) => file.endsWith('.json'))
  .flatMap(resultsIn)
const pairs = everything
  .flatMap((results) => pairsOf(results, allSuites.find(({ name }) => name === results.suite)?.pairs ?? []))
  // The claim is of 20 steps.
  .filter(({ problem }) => problem.endsWith('steps=20'))

test('MCGDiff is nearer to the posterior than DPS and ΠGDM at 20 steps, at every d and d_y, and wherever else it was measured', () => {
  const columns = [8, 80, 800].flatMap((d) => [1, 2, 4].map((m) => `d=${d},dy=${m},steps=20`))
  for (const other of ['dps', 'pigdm']) {
    const against = pairs.filter(({ than }) => than === other)
    expect(new Set(against.map(({ problem }) => problem))).toEqual(new Set(columns))
    for (const name of columns) {
      const cases = against
        .filter(({ problem }) => problem === name)
        .map(({ difference }) => difference.count)
      expect(Math.max(...cases), `${name}: ${other}`).toBe(20)
    }
  }
  for (const { problem, than, difference } of pairs) {
    const where = `${problem}: ${than}`
    expect(difference.high, where).toBeLessThan(0)
    expect(difference.p, where).toBeLessThan(0.05)
  }
})

test('every method of the registry has been tried on every suite', () => {
  for (const { name } of allSuites)
    for (const method of methods.names) {
      const own = everything.filter(({ suite }) => suite === name)
      expect(standingOf(method, own), `${method} on ${name}`).not.toBe('not run')
    }
})

test('where a method stands on a suite: cases measured, else the longest it was given, else why it has none', () => {
  const cost = { nfe: 1, vjps: 0, operatorCalls: 1, peakBytes: 1, seconds: 1 }
  const measured = (seed: number) => ({ seed, took: 1, metrics: { sw: [1] }, cost })
  const stopped = (seed: number, stoppedAfter: number) => ({
    seed,
    took: 1,
    refused: `stopped after ${stoppedAfter} s`,
    stoppedAfter,
  })
  const row = (words: string, cells: readonly object[], problem = 'p') => ({
    problem,
    row: 'any',
    words,
    samples: 1,
    cells,
  })
  const extent = { problems: ['p', 'q'], seeds: 2, samples: 1 }
  const results = {
    ...{ suite: 's', version: 1, extent, metrics: ['sw'] },
    rows: [
      row('dps:scale=1', [measured(0), stopped(1, 5)]),
      row('dps:scale=2 (one run)', [measured(0)]),
      row('dps', [measured(0)], 'q'),
      row('dps-gsg', [stopped(0, 8)]),
      row('dps-gsg:queries=2', [stopped(0, 60)]),
      row('repaint', [{ seed: 0, took: 0, refused: 'needs orthonormal rows' }]),
      row('daps', [{ seed: 0, took: 0, refused: 'it diverges there' }]),
    ],
  } as unknown as SuiteResults
  const text = (method: string) => standingText(standingOf(method, [results]))
  expect(['dps', 'dps-gsg', 'repaint', 'daps', 'ddrm'].map(text)).toEqual([
    ...['2', 'stopped, 60 s', '–', 'diverges', 'not run'],
  ])
})

test('of DW-4 pure guidance is last, half of it with weights next, and VCG first, by every score', () => {
  const [{ rows = [] } = {}] = resultsIn('tilt-dw-4.json')
  const of = (name: string, metric: string) => {
    const [cell] = rows.find(({ row }) => row === name)?.cells ?? []
    return cell !== undefined && 'metrics' in cell ? (cell.metrics[metric]?.[0] ?? Number.NaN) : Number.NaN
  }
  for (const metric of ['sw', 'observed-w1', 'mmd', 'variance-error']) {
    const [pure, half, controlled] = ['pure-guidance', 'c=0.5 (one run)', 'vcg (one run)'].map((row) =>
      of(row, metric),
    )
    expect(pure, metric).toBeGreaterThan(half ?? Number.NaN)
    expect(half, metric).toBeGreaterThan(controlled ?? Number.NaN)
  }
  // The paper's G-SMC has all of the guidance.
  expect(of('c=1 (one run)', 'observed-w1')).toBeLessThan(of('pure-guidance', 'observed-w1'))
  expect(of('c=1 (one run)', 'observed-w1')).toBeGreaterThan(of('vcg (one run)', 'observed-w1'))
})

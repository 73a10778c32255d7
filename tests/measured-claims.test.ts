// What the documentation says of measurements that are committed: that the numbers in the files say it.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pairsOf, parseResults } from '@tweedie/calibration'
import { allSuites } from '@tweedie/calibration/node'
import { expect, test } from 'vitest'

const folder = join(import.meta.dirname, '../docs/calibration')
const resultsIn = (file: string) => parseResults(readFileSync(join(folder, file), 'utf8'), file).suites
const pairs = readdirSync(folder)
  .filter((file) => file.endsWith('.json'))
  .flatMap(resultsIn)
  .flatMap((results) => pairsOf(results, allSuites.find(({ name }) => name === results.suite)?.pairs ?? []))
  // The claim is of 20 steps.
  .filter(({ problem }) => problem.endsWith('steps=20'))

test('MCGDiff is nearer to the posterior than DPS and ΠGDM at 20 steps, wherever it was measured', () => {
  expect(new Set(pairs.map(({ than }) => than))).toEqual(new Set(['dps', 'pigdm']))
  expect(pairs.length).toBeGreaterThanOrEqual(8)
  for (const { problem, than, difference } of pairs) {
    const where = `${problem}: ${than}`
    expect(difference.high, where).toBeLessThan(0)
    // Of six cases the least there is is 0.031.
    expect(difference.p, where).toBeLessThan(0.05)
  }
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

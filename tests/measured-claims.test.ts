// What the documentation says of measurements that are committed: that the numbers in the files say it.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pairsOf, parseResults } from '@tweedie/calibration'
import { allSuites } from '@tweedie/calibration/node'
import { expect, test } from 'vitest'

const folder = join(import.meta.dirname, '../docs/calibration')
const pairs = readdirSync(folder)
  .filter((file) => file.endsWith('.json'))
  .flatMap((file) => parseResults(readFileSync(join(folder, file), 'utf8'), file).suites)
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

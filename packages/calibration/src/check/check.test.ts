import { describe, expect, test } from 'vitest'
import type { Cell } from '../measure/cell.ts'
import { findSuite } from '../measure/plan.ts'
import { sampleMetrics } from '../metrics/catalog.ts'
import { trial } from '../metrics/trials.ts'
import { drawKeys } from '../rows/references.ts'
import { checkCalibration } from './check.ts'
import { checkMetrics, checkOf } from './verdict.ts'

const names: readonly string[] = [
  ...checkMetrics.calibration,
  ...checkMetrics.distances,
  ...checkMetrics.shown,
]
const metrics = sampleMetrics.filter(({ info }) => names.includes(info.name))
const cost = { nfe: 0, vjps: 0, operatorCalls: 0, peakBytes: 0, seconds: 0 }
const samples = 50

/** How draws are made wrong: scaled about the posterior's mean, and moved by a part of each deviation. */
interface Wrong {
  readonly factor?: number
  readonly shift?: number
}

/** Cells of draws that were made wrong, and of others that were not. */
function cells(
  { factor = 1, shift = 0 }: Wrong,
  count: number,
): { method: readonly Cell[]; exact: readonly Cell[] } {
  const of = (row: string, seed: number, key: number): Cell => {
    const { samples: drawn, judged } = trial({ problem: 'gaussian', samples, seed })
    const { posterior } = judged.posed
    const [mean, spread] = [posterior.mean(), posterior.covariance().diag().map(Math.sqrt)]
    const exact = posterior.sample(drawKeys(key, row, samples))
    const values = exact.values.map((value, i) => {
      const j = i % exact.dimension
      return mean[j]! + factor * (value - mean[j]!) + shift * spread[j]!
    })
    const points = row === 'm' ? { ...drawn, values } : exact
    const found = metrics.map((metric) => [metric.info.name, metric.of(points, judged)] as const)
    const id = { suite: 's', version: 1, problem: 'p', row, words: row, seed, samples, took: 0 }
    return { ...id, metrics: Object.fromEntries(found), cost }
  }
  const seeds = Array.from({ length: count }, (_, seed) => seed)
  return {
    method: seeds.map((seed) => of('m', seed, seed)),
    exact: seeds.map((seed) => of('exact', seed, seed)),
  }
}

const words = (wrong: Wrong) => checkOf('p', cells(wrong, 40), metrics)

describe('the verdict', () => {
  test('exact draws hold in every respect', () => {
    const check = words({})
    expect(check.findings.map(({ metric }) => metric)).toEqual([
      'sbc',
      'marginal90',
      'sw',
      'energy',
      'mean-error',
    ])
    // Fixed seeds; the least of five p-values that are uniform is above 0.002 with probability 0.99.
    expect(check.findings.every(({ p }) => p > 0.01)).toBe(true)
    expect(check).toMatchObject({ holds: true, cases: 40, refused: [] })
    expect(check.says).toBe('as draws of the posterior, as far as 40 cases tell')
  })

  test('draws that are half as wide, or nearly twice as wide, are told by ranks and coverage', () => {
    const [narrow, wide] = [words({ factor: 0.5 }), words({ factor: 1.8 })]
    const broken = ({ findings }: typeof narrow) =>
      findings.filter(({ holds }) => !holds).map(({ metric }) => metric)
    expect(broken(narrow)).toEqual(expect.arrayContaining(['sbc', 'marginal90', 'sw']))
    expect(broken(wide)).toEqual(expect.arrayContaining(['sbc', 'marginal90']))
    expect(narrow.says).toMatch(
      /^not draws of the posterior: ranks of the truth .* too narrow \(spread of its rank [12]/,
    )
    expect(wide.says).toMatch(/too wide \(spread of its rank 0\./)
  })

  test('draws about another mean are told by the distances, coverage being as it may', () => {
    const { findings, holds } = words({ shift: 1 })
    expect(holds).toBe(false)
    expect(findings.filter((f) => !f.holds).map(({ metric }) => metric)).toContain('mean-error')
  })

  test('closer than exact draws is no fault; what is asked of several problems at once is asked of each more strictly', () => {
    const { method, exact } = cells({}, 30)
    const closer = method.map((cell) =>
      'metrics' in cell ? { ...cell, metrics: { ...cell.metrics, sw: [0] } } : cell,
    )
    const check = checkOf('p', { method: closer, exact }, metrics)
    expect(check.findings.find(({ metric }) => metric === 'sw')).toMatchObject({
      holds: true,
      p: expect.closeTo(1, 3),
    })
    const narrow = cells({ factor: 0.3 }, 12)
    const strict = (tests: number) =>
      checkOf('p', narrow, metrics, tests).findings.filter((f) => !f.holds).length
    expect(strict(1e6)).toBeLessThan(strict(1))
  })

  test('cases without samples do not hold', () => {
    const { method, exact } = cells({}, 12)
    const [first, ...rest] = method
    const { metrics: _, cost: __, ...id } = first as Extract<Cell, { metrics: unknown }>
    const torn: Cell = { ...id, refused: 'it diverges there' }
    const some = checkOf('p', { method: [torn, ...rest], exact }, metrics)
    expect(some).toMatchObject({ holds: false, cases: 11, refused: ['it diverges there'] })
    expect(some.says).toMatch(/; in some cases there are no samples: it diverges there$/)
    const none = checkOf('p', { method: [torn], exact }, metrics)
    expect(none).toMatchObject({
      holds: false,
      findings: [],
      says: 'there are no samples: it diverges there',
    })
  })
})

test('a suite is posed, sampled and judged; exact draws hold', async () => {
  const suite = findSuite('gmm')
  const done: number[] = []
  const [check, ...others] = await checkCalibration({
    ...{ suite, problems: suite.problems.slice(0, 1), seeds: 15, samples: 20 },
    onProgress: (part) => void done.push(part),
  })
  expect(others).toEqual([])
  expect(check).toMatchObject({ problem: 'd=8,dy=1,steps=20', cases: 15, holds: true })
  expect(done.at(-1)).toBeGreaterThan(0.9)
})

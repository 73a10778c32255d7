// What has to hold of all metrics together: exact draws sit at the floor, and calibration by ranks passes those who sample the
// posterior and fails those who do not.
import { dps, redDiff, tds, tmpd } from '@tweedie/solvers'
import { describe, expect, test } from 'vitest'
import { methodRow } from '../rows/method.ts'
import { exactDraws, exactScore } from '../rows/references.ts'
import type { Row } from '../types.ts'
import { sampleMetrics } from './catalog.ts'
import { metricPower } from './power.ts'
import { rankCalibration } from './sbc.ts'
import { trial, trialCase } from './trials.ts'

test('names are unique and each metric says what it is', () => {
  const names = sampleMetrics.map(({ info }) => info.name)
  expect(new Set(names).size).toBe(names.length)
  for (const { info } of sampleMetrics) {
    expect(info.name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/)
    expect([info.title, info.source].map((text) => text.length > 0)).toEqual([true, true])
  }
})

describe('exact draws of the row `exact` sit at the floor', () => {
  test.each(['gaussian', 'mixture'] as const)('%s', async (problem) => {
    const size = { samples: 80, cases: 5, exact: 12, repetitions: 0 }
    const floors = metricPower(problem, sampleMetrics, size)
    const cases = await Promise.all(
      Array.from({ length: size.cases }, async (_, k) => {
        const { judged } = trial({ problem, samples: size.samples, seed: 1000 + k })
        return { judged, samples: await exactDraws.draw(judged.posed, { samples: size.samples, seed: k }) }
      }),
    )
    for (const { name, paired, floor } of floors.filter((found) => !found.paired)) {
      const metric = sampleMetrics.find(({ info }) => info.name === name)
      const value =
        metric?.over(cases.map(({ samples, judged }) => metric.of(samples, judged))).value ?? Number.NaN
      // Student's t of 11 degrees is beyond 8 with a probability of 7e-6; the greatest here is 2.6.
      expect([name, paired, Math.abs(value - floor.mean) <= 8 * floor.deviation + 1e-12]).toEqual([
        name,
        false,
        true,
      ])
    }
    // All but evidence and observables, and modes where there is one.
    expect(floors.length).toBe(sampleMetrics.length - 3 + 3 - (problem === 'gaussian' ? 2 : 0))
  })
})

describe('calibration by ranks, 60 truths and 9 numbers of each: 540 ranks', () => {
  const steps = 60
  const p = async (row: Row) => {
    const ranks = []
    for (let seed = 0; seed < 60; seed++) {
      const posed = trialCase('gaussian', seed)
      const samples = await row.draw(posed, { samples: 19, seed })
      ranks.push(rankCalibration.of(samples, { posed, draws: samples }))
    }
    return rankCalibration.over(ranks).value
  }

  test.each([
    ['exact draws', exactDraws], // 0.61
    ['the exact score', exactScore({ steps, eta: 1 })], // 0.19
    ['TMPD, exact for a Gaussian', methodRow(tmpd, { steps })], // 0.32
    ['TDS', methodRow(tds, { steps: 30 })], // 0.70
  ])('pass with p > 0.01: %s', async (_, row) => {
    expect(await p(row)).toBeGreaterThan(0.01)
  })

  test.each([
    ['DPS', methodRow(dps, { steps })], // 0 to 16 digits, as RED-diff
    ['RED-diff', methodRow(redDiff, { steps })],
  ])('fail: %s', async (_, row) => {
    expect(await p(row)).toBeLessThan(1e-6)
  })
})

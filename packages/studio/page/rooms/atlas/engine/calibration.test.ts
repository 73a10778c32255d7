import { chiSquareTail, rankCalibration, uniformRanks } from '@tweedie/calibration'
import { memory } from '@tweedie/tensor'
import { expect, test } from 'vitest'
import type { Law, Stripe } from '../../plane/law.ts'
import { normalOf, posterior } from '../../plane/law.ts'
import { lawOf } from '../../plane/presets.ts'
import type { CalibrationRequest, Standing } from './calibration.ts'
import { calibrate, caseOf, forgetCells, standingOf } from './calibration.ts'
import { parts } from './calibration-size.ts'

const law: Law = lawOf('pair', [])
const stripe: Stripe = { angle: 30, offset: 0, sigma: 0.3 }
const plane = { law, stripe }

/** How all stand after some cases. */
async function after(
  cases: number,
  asked: Partial<CalibrationRequest> = {},
  seen: number[] = [],
): Promise<readonly Standing[]> {
  const control = new AbortController()
  let last: readonly Standing[] = []
  const request = { plane, methods: ['tmpd:steps=8'], seed: 0, ...asked }
  const watch = calibrate(request, control.signal, (standings) => {
    last = standings
    seen.push(standings[0]?.cases ?? 0)
    if (standings[0]?.cases === cases) control.abort()
  })
  await expect(watch).rejects.toMatchObject({ name: 'InterruptedError' })
  return last
}

test('a case has a truth of the prior, its measurement, and the posterior in closed form', async () => {
  const truths: number[][] = []
  const residuals: number[] = []
  const count = 400
  const [a, b] = normalOf(stripe)
  for (let k = 0; k < count; k++) {
    const posed = await caseOf({ plane, seed: 1 }, k)
    using y = posed.problem.y
    const [x = 0, z = 0] = posed.truth
    const [measured = 0] = y.dataSync()
    truths.push([x, z])
    residuals.push((Number(measured) - (a * x + b * z)) / stripe.sigma)
    if (k > 0) continue
    expect([y.dtype, y.shape]).toEqual(['float32', [1, 1]])
    const { law: exact, logEvidence } = posterior(law, { ...stripe, offset: Number(measured) })
    const mean = exact.reduce((sum, c) => sum + c.weight * c.x, 0)
    expect(posed.posterior.mean()[0]).toBeCloseTo(mean, 9)
    expect(posed.posterior.logEvidence).toBeCloseTo(logEvidence, 9)
  }
  // Noise of variance 1: Σr² ~ χ²_400; truths at the heavy component in three of four. Five standard errors each.
  const square = residuals.reduce((sum, r) => sum + r * r, 0)
  expect(Math.abs(square - count)).toBeLessThan(5 * Math.sqrt(2 * count))
  const right = truths.filter(([x = 0]) => x > -0.05).length / count
  expect(Math.abs(right - 0.75)).toBeLessThan(5 * Math.sqrt((0.75 * 0.25) / count) + 0.01)
  expect(truths[0]).not.toEqual(truths[1])
})

test('exact draws have uniform ranks and coverage, a method that is too narrow has not; what is asked goes on where it was', async () => {
  const methods = ['ddnm:steps=8', 'fog:steps=2']
  forgetCells()
  const some = await after(10, { methods })
  const seen: number[] = []
  const all = await after(40, { methods }, seen)
  expect(seen[0]).toBe(11)
  expect(all.map(({ method, cases }) => [method, cases])).toEqual([
    ['exact', 40],
    ['ddnm:steps=8', 40],
    ['fog:steps=2', 0],
  ])
  // It went on with the same cases: those of before are at the beginning.
  expect(all[0]?.ranks.first.slice(0, 10)).toEqual(some[0]?.ranks.first)
  const [exact, narrow, none] = all
  if (exact === undefined || narrow === undefined) throw new Error('no standings')
  expect(none?.refused).toMatch(/fog/)
  // p of exact draws at fixed seeds: far above what an alarm is.
  expect(exact.metrics['sbc']?.value).toBeGreaterThan(0.01)
  expect(narrow.metrics['sbc']?.value).toBeLessThan(1e-6)
  expect(uniformRanks(exact.ranks.first, 99)).toBeGreaterThan(chiSquareTail(25, 4))
  // Means of 40 cases: five standard errors of a share of .9.
  const error = 5 * Math.sqrt((0.9 * 0.1) / 40)
  expect(Math.abs((exact.highest[17] ?? 0) - 0.9)).toBeLessThan(error)
  expect(exact.highest[17]).toBeCloseTo(exact.metrics['hpd90']?.value ?? 0, 9)
  expect(exact.central[17]).toBeCloseTo(exact.metrics['marginal90']?.value ?? 0, 9)
  const both = [...exact.ranks.first, ...exact.ranks.second]
  const middle = both.filter((rank) => rank >= 25 && rank <= 74).length / both.length
  expect(exact.central[9]).toBeCloseTo(middle, 9)
  expect(parts[17]).toBeCloseTo(0.9, 9)
  expect(narrow.central[17]).toBeLessThan(0.8)
  expect(narrow.metrics['sw']?.value).toBeGreaterThan(2 * (exact.metrics['sw']?.value ?? 0))
  expect(narrow).toMatchObject({ nfe: 8, vjps: 0 })
})

test('the ranks that are kept are those of the coordinates and of the density', async () => {
  forgetCells()
  const [exact] = await after(3, { methods: [] })
  const numbers = [99, 1, 2, 3, 4, 5, 6, 7]
  const cell = {
    ...{ suite: '', version: 1, problem: '', row: '', words: '', seed: 0, samples: 99, took: 0 },
    metrics: { [rankCalibration.info.name]: numbers },
    cost: { nfe: 4, vjps: 2, operatorCalls: 0, peakBytes: 0, seconds: 1 },
  }
  expect(standingOf('m', [cell]).ranks).toEqual({ first: [1], second: [2], density: [7] })
  expect(exact?.ranks.density.length).toBe(3)
  expect(standingOf('m', [{ ...cell, refused: 'so' } as never, cell]).cases).toBe(2)
})

test('watching leaves no tensors', async () => {
  await after(2)
  forgetCells()
  const before = memory().tensors
  await after(5, { methods: ['dps:steps=4', 'tds:steps=4'] })
  // Each case may leave the constants of its posterior to the collector, no more.
  expect(memory().tensors - before).toBeLessThan(40)
})

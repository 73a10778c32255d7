import type { ExactPrior } from '@tweedie/solvers'
import { describe, expect, test } from 'vitest'
import { average } from '../metrics/define.ts'
import { kernelStein } from '../metrics/ksd.ts'
import { sampleRmse } from '../metrics/rmse.ts'
import { pointAt } from '../points.ts'
import { drawKeys } from '../rows/references.ts'
import type { Case } from '../types.ts'
import { ksd } from './ksd.ts'

const isLaw = (prior: Case['prior']): prior is ExactPrior => 'law' in prior

test('c of the kernel is 1/(median singular value + 1)', () => {
  const scales = ksd.problems.map((problem) => problem.pose(0).ksdScale)
  // The median of 0.1, 0.15, … 0.75, and 3.
  const [first, second] = [1 / 1.425, 1 / 4].map((c) => expect.closeTo(c, 12))
  expect(scales).toEqual([first, first, second, second])
})

test('the prior is that of the paper, and so are operators and truth', () => {
  const [first, , third] = ksd.problems.map((problem) => problem.pose(0))
  if (!first || !third || !isLaw(first.prior)) throw new Error('no law')
  const { components } = first.prior.law
  expect(components.map(({ weight }) => weight)).toEqual([0.8, 0.2].map((w) => expect.closeTo(w, 12)))
  expect(components.map(({ mean }) => Array.from(mean.slice(0, 3)))).toEqual([
    [0, 0, 0],
    [3, 3, 0],
  ])
  expect(components.map(({ covariance }) => covariance.diagonal().slice(0, 3))).toEqual([
    [1, 1, 1],
    [2, 2, 1],
  ])
  expect([first.matrix?.get(0, 2), first.matrix?.get(13, 15)]).toEqual([0.1, expect.closeTo(0.75, 12)])
  expect(third.matrix?.diagonal().map((value) => value ** 2)).toEqual([9, 9, 9, 9])
  expect(Array.from(first.truth.slice(0, 4))).toEqual([3, 2, 0.5, -0.5])
})

/** What exact draws of a problem score, case by case. */
const scored = (name: string, samples: number) =>
  Array.from({ length: 5 }, (_, seed) => {
    const problem = ksd.problems.find((one) => one.name === name)
    if (!problem) throw new Error(`no ${name}`)
    const posed = problem.pose(seed)
    const draws = posed.posterior.sample(drawKeys(seed, `ksd ${samples}`, samples))
    const judged = { posed, draws }
    return {
      ksd: kernelStein.of(draws, judged)[0] ?? Number.NaN,
      rmse: sampleRmse.of(draws, judged)[0] ?? Number.NaN,
      posed,
      draws,
    }
  })

describe.each(ksd.problems.map(({ name }) => name))('%s', (name) => {
  const reruns = ksd.published.filter(
    ({ problem, provenance }) => problem === name && provenance === 'rerun by us',
  )
  const rerun = (metric: string, row: string) =>
    reruns.find((one) => one.metric === metric && one.row === row)?.value ?? Number.NaN

  test.each([
    [500, 'exact'],
    [100, 'exact (100 draws)'],
  ] as const)('%i exact draws are at the floor', (samples, row) => {
    const cases = scored(name, samples)
    const found = average(cases.map((one) => one.ksd))
    // Both are means of 5 draws of noise, which A2's score feels more: 0.03, or 4 % where that is more.
    const published = rerun('ksd', row)
    expect(Math.abs(found - published)).toBeLessThan(Math.max(0.03, 0.04 * published))
    // Of draws of p all E u(x, x') are 0 but those with themselves, (‖s‖²/c + d/c³)/(N·d) together.
    const squared = cases.map(({ posed, draws }) => {
      const { posterior, ksdScale = 1 } = posed
      const d = posterior.dimension
      const own = Array.from({ length: samples }, (_, i) =>
        (posterior.score?.(pointAt(draws, i)) ?? new Float64Array(0)).reduce((sum, s) => sum + s * s, 0),
      )
      return (average(own) / ksdScale + d / ksdScale ** 3) / (samples * d)
    })
    expect(Math.abs(found / Math.sqrt(average(squared)) - 1)).toBeLessThan(0.12)
    // Of each rerun the posteriors of 5 draws of the noise.
    expect(Math.abs(average(cases.map((one) => one.rmse)) - rerun('rmse', row))).toBeLessThan(0.12)
  })
})

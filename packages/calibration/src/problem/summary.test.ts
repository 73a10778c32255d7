import { expect, test } from 'vitest'
import { pointsOf } from '../points.ts'
import { drawExactly } from './draw.ts'
import { exactPosteriorOf } from './exact.ts'
import { problemOfDescription } from './problem.ts'
import { momentsOf, summariseSamples } from './summary.ts'

test('mean and standard deviation of each coordinate', () => {
  const { mean, std } = momentsOf(pointsOf(Float64Array.of(1, 1e8, 2, 1e8 + 3, 6, 1e8 + 6), 2))
  expect(Array.from(mean)).toEqual([3, 1e8 + 3])
  expect(std[0]).toBeCloseTo(Math.sqrt((4 + 1 + 9) / 2), 12)
  expect(std[1]).toBeCloseTo(3, 7)
  expect(Array.from(momentsOf(pointsOf(Float64Array.of(4), 1)).std)).toEqual([0])
})

const own = await problemOfDescription({
  prior: { mixture: { weights: [1, 1], means: [[-3], [3]], covariances: 0.25 } },
  operator: { matrix: [[0]] },
  noise: 1,
  y: [0],
})
const known = exactPosteriorOf(own.prior, own.problem)

test('shares of modes, moments and distances beside those of exact draws', async () => {
  const samples = await drawExactly(known.posterior, { samples: 400, batch: 400, seed: 2 })
  const found = summariseSamples(samples, own, known, 0)
  expect(Array.from(found.exact?.mean ?? [])).toEqual([expect.closeTo(0, 12)])
  expect(found.exact?.std[0]).toBeCloseTo(Math.sqrt(9.25), 12)
  const [left, right] = found.modes ?? []
  expect((left?.share ?? 0) + (right?.share ?? 0)).toBe(1)
  // Five standard errors of a half.
  expect(Math.abs((left?.share ?? 0) - 0.5)).toBeLessThan(5 * Math.sqrt(0.25 / 400))
  expect([left?.weight, right?.weight]).toEqual([0.5, 0.5])
  expect(found.judged).toBe(400)
  const names = found.distances.map(({ metric }) => metric.name)
  expect(names).toEqual(
    expect.arrayContaining(['sw', 'energy', 'mean-error', 'variance-ratio', 'whitened', 'weights-error']),
  )
  for (const { floor } of found.distances)
    expect(floor.low <= floor.mean && floor.mean <= floor.high).toBe(true)
})

test('samples of one mode alone lie far above the floor', () => {
  const one = pointsOf(
    Float64Array.from({ length: 100 }, (_, i) => 3 + Math.sin(i)),
    1,
  )
  const { modes, distances } = summariseSamples(one, own, known, 0)
  expect(modes?.map(({ share }) => share)).toEqual([0, 1])
  const sw = distances.find(({ metric }) => metric.name === 'sw')
  // Half of the mass is 6 away.
  expect(sw && sw.value > 2 && sw.value > 3 * sw.floor.high).toBe(true)
})

test('of a posterior without a density there are the distances that need none', async () => {
  const description = { operator: 'identity', noise: 0.5, y: [1, 0] }
  const mixture = {
    weights: [1, 1],
    means: [
      [-2, 0],
      [2, 0],
    ],
    covariances: 0,
  }
  const points = await problemOfDescription({ ...description, prior: { mixture } })
  const exact = exactPosteriorOf(points.prior, points.problem)
  const samples = await drawExactly(exact.posterior, { samples: 30, batch: 30, seed: 0 })
  const { distances, modes } = summariseSamples(samples, points, exact, 0)
  expect(modes).toBeUndefined()
  expect(distances.map(({ metric }) => metric.name)).toContain('sw')
  for (const { value, floor } of distances) expect([value, floor.mean].every(Number.isFinite)).toBe(true)
})

test('of one sample, and where nothing exact is known, there is nothing to compare', () => {
  const one = pointsOf(Float64Array.of(1), 1)
  expect(summariseSamples(one, own, known, 0)).toMatchObject({ distances: [], judged: 1 })
  const alone = summariseSamples(one, own, undefined, 0)
  expect(alone).toMatchObject({ distances: [], judged: 0 })
  expect(alone).not.toHaveProperty('exact')
})

import {
  exactLikelihood,
  gaussianMixturePrior,
  gaussianNoise,
  lookAt,
  matrixOperator,
} from '@tweedie/solvers'
import { tensor } from '@tweedie/tensor'
import { expect, test } from 'vitest'
import { normalOf, posterior } from './law.ts'
import { differenceOf, exactGuidance, latticeOf } from './lens.ts'
import { lawOf } from './presets.ts'
import { standInOf } from './stand-in.ts'
import { misplaced, verdictOf } from './verdict.ts'

const law = lawOf('moons', [])
const stripe = { angle: 62, offset: 0.35, sigma: 0.25 }
const prior = gaussianMixturePrior({
  weights: law.map(({ weight }) => weight),
  means: law.map(({ x, y }) => [x, y]),
  covariances: {
    each: law.map(({ xx, xy, yy }) => [
      [xx, xy],
      [xy, yy],
    ]),
  },
})

test('the exact guidance is that of the engine at every time', () => {
  const problem = {
    operator: matrixOperator(tensor([[...normalOf(stripe)]], { dtype: 'float64' })),
    noise: gaussianNoise(stripe.sigma),
    y: tensor([[stripe.offset]], { dtype: 'float64' }),
  }
  const truth = exactLikelihood(prior, problem)
  const points = [...latticeOf(4, 2.5)]
  for (const t of [10, 200, 500, 900]) {
    const [alpha, sigma] = [prior.schedule.alpha(t), prior.schedule.sigma(t)]
    const x = tensor(points, { dtype: 'float64' }).reshape([16, 2])
    const wanted = truth.score(lookAt(prior, x, t, false)).g.dataSync()
    const ours = exactGuidance({ law, posterior: posterior(law, stripe).law, alpha, sigma })
    for (let i = 0; i < 16; i++) {
      const got = ours([points[2 * i] ?? 0, points[2 * i + 1] ?? 0])
      for (const k of [0, 1] as const) {
        const value = Number(wanted[2 * i + k])
        // Both subtract numbers of size 1/σ²: so many digits are left.
        expect(Math.abs(got[k] - value)).toBeLessThan(1e-8 / sigma ** 2 + 1e-9 * Math.abs(value))
      }
    }
  }
})

test('arrows differ by an angle and a factor', () => {
  expect(differenceOf([0, 2], [1, 0])).toEqual({
    angle: expect.closeTo(90, 9),
    ratio: 2,
    relative: expect.closeTo(Math.sqrt(5) / 3, 9),
  })
  expect(differenceOf([3, 3], [3, 3])).toEqual({ angle: expect.closeTo(0, 9), ratio: 1, relative: 0 })
  expect(differenceOf([0, 0], [1, 0]).angle).toBeUndefined()
})

test('stand-ins: a point, the circle of the paper, and the covariance of p(x₀ | x_t) itself', () => {
  const t = 400
  const [alpha, sigma] = [prior.schedule.alpha(t), prior.schedule.sigma(t)]
  const seen = { law, at: [0.4, 0.2] as const, alpha, sigma, settings: {} }
  const mean = prior.denoise(tensor([[0.4, 0.2]], { dtype: 'float64' }), t).dataSync()
  const point = standInOf('dps', seen)
  expect(point?.gaussian).toMatchObject({
    x: expect.closeTo(Number(mean[0]), 9),
    y: expect.closeTo(Number(mean[1]), 9),
    ...{ xx: 0, xy: 0, yy: 0 },
  })
  expect(standInOf('pigdm', seen)?.gaussian.xx).toBeCloseTo(sigma ** 2, 12) // VP, s = 1
  const jacobian = prior.jacobian([0.4, 0.2], t)
  const ellipse = standInOf('tmpd', seen)?.gaussian
  expect(ellipse?.xx).toBeCloseTo((jacobian.get(0, 0) * sigma ** 2) / alpha, 9)
  expect(ellipse?.xy).toBeCloseTo((jacobian.get(0, 1) * sigma ** 2) / alpha, 9)
  expect(standInOf('tds', seen)).toBeUndefined()
})

test('verdicts follow from the numbers, the gravest first', () => {
  const good = {
    sw: 0.05,
    floor: 0.04,
    coverage: 0.9,
    spread: 1,
    occupancy: [0.5, 0.5],
    exactOccupancy: [0.5, 0.5],
  }
  expect(verdictOf(good)).toMatch(/^Not to be told/)
  expect(verdictOf({ ...good, sw: 0.3, spread: 0.41 })).toBe('Too narrow: 41 % of the exact variance.')
  expect(verdictOf({ ...good, sw: 0.3, spread: 1.5 })).toMatch(/^Too wide: 150 %/)
  expect(verdictOf({ ...good, sw: 0.3, coverage: 0.5 })).toMatch(/^Off the lines: 50 %/)
  expect(verdictOf({ ...good, sw: 0.3, occupancy: [0.8, 0.2] })).toMatch(/^Wrong weights: 30 %/)
  expect(verdictOf({ ...good, sw: 0.1 })).toMatch(/^Near: 2.5 times/)
  expect(misplaced({ ...good, occupancy: [1, 0] })).toBe(0.5)
})

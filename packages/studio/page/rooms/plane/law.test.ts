import { gaussianMixture, gaussianMixturePrior } from '@tweedie/solvers'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Law, Stripe } from './law.ts'
import { densityOf, given, momentsOf, noised, normalOf, posterior } from './law.ts'
import { lawOf, presets } from './presets.ts'

const unit = fc.double({ min: -1, max: 1, noNaN: true })
const component = fc
  .record({
    weight: fc.double({ min: 0.05, max: 1, noNaN: true }),
    x: unit.map((v) => 2 * v),
    y: unit.map((v) => 2 * v),
    long: fc.double({ min: 0.05, max: 1, noNaN: true }),
    wide: fc.double({ min: 0.05, max: 1, noNaN: true }),
    turn: unit.map((v) => Math.PI * v),
  })
  .map(({ weight, x, y, long, wide, turn }) => {
    const [c, s] = [Math.cos(turn), Math.sin(turn)]
    return {
      weight,
      x,
      y,
      xx: (long * c) ** 2 + (wide * s) ** 2,
      xy: (long ** 2 - wide ** 2) * c * s,
      yy: (long * s) ** 2 + (wide * c) ** 2,
    }
  })
const laws: fc.Arbitrary<Law> = fc.array(component, { minLength: 1, maxLength: 4 }).map((list) => {
  const sum = list.reduce((total, { weight }) => total + weight, 0)
  return list.map((c) => ({ ...c, weight: c.weight / sum }))
})
const stripes: fc.Arbitrary<Stripe> = fc.record({
  angle: unit.map((v) => 180 * v),
  offset: unit.map((v) => 2 * v),
  sigma: fc.double({ min: 0.1, max: 1, noNaN: true }),
})
const points = fc.tuple(unit, unit).map(([x, y]) => [3 * x, 3 * y] as const)

/** The same as the engine has it. */
const engineLaw = (law: Law) => ({
  weights: law.map((c) => c.weight),
  means: law.map((c) => [c.x, c.y]),
  covariances: {
    each: law.map((c) => [
      [c.xx, c.xy],
      [c.xy, c.yy],
    ]),
  },
})
const flat = (law: Law) => law.flatMap(({ weight, x, y, xx, xy, yy }) => [weight, x, y, xx, xy, yy])
const flatEngine = (law: ReturnType<typeof gaussianMixture>) =>
  law.components.flatMap(({ weight, mean, covariance: c }) => [
    weight,
    ...mean,
    c.get(0, 0),
    c.get(0, 1),
    c.get(1, 1),
  ])
/** Equal up to rounding: covariances of the engine are differences of numbers of size 1. */
const close = (got: readonly number[], wanted: readonly number[]) => {
  expect(got.length).toBe(wanted.length)
  got.forEach((v, i) => expect(Math.abs(v - wanted[i]!)).toBeLessThan(1e-9 * (1 + Math.abs(wanted[i]!))))
}

test('density, score, posterior, evidence and noised law are those of the engine', () => {
  fc.assert(
    fc.property(laws, stripes, points, (law, stripe, point) => {
      const truth = gaussianMixture(engineLaw(law))
      const density = densityOf(law)
      close([density.log(...point)], [truth.logDensity(point)])
      close(density.score(...point), [...truth.score(point)])
      const wanted = truth.posterior([[...normalOf(stripe)]], [stripe.offset], stripe.sigma)
      const got = posterior(law, stripe)
      close(flat(got.law), flatEngine(wanted.law))
      close([got.logEvidence], [wanted.logEvidence])
      close(flat(noised(law, 0.8, 0.6)), flatEngine(truth.noised(0.8, 0.6)))
      const { x, y, xx, xy, yy } = momentsOf(law)
      const c = truth.covariance()
      close([x, y, xx, xy, yy], [...truth.mean(), c.get(0, 0), c.get(0, 1), c.get(1, 1)])
    }),
  )
})

test('the law of x₀ given x_t is that of the engine, whose mean is what its denoiser says', () => {
  fc.assert(
    fc.property(laws, points, fc.integer({ min: 20, max: 999 }), (law, point, t) => {
      const prior = gaussianMixturePrior(engineLaw(law))
      const { schedule } = prior
      close(flat(given(law, point, schedule.alpha(t), schedule.sigma(t))), flatEngine(prior.given(point, t)))
    }),
  )
})

test('presets are laws, and a moved component is moved alone', () => {
  for (const { name } of presets) {
    const law = lawOf(name, [])
    expect(law.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 12)
    for (const { xx, xy, yy } of law) expect(xx * yy - xy * xy).toBeGreaterThan(0)
    // What is drawn holds all of it: three standard deviations inside the picture.
    const { x, y, xx, yy } = momentsOf(law)
    expect(Math.max(Math.abs(x), Math.abs(y)) + 2 * Math.sqrt(Math.max(xx, yy))).toBeLessThan(3.2)
    const moved = lawOf(name, [{ index: 1, x: 0.25, y: -0.5 }])
    expect(moved[1]).toMatchObject({ x: 0.25, y: -0.5, weight: law[1]?.weight })
    expect(moved.filter((_, k) => k !== 1)).toEqual(law.filter((_, k) => k !== 1))
  }
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { contourOf, gridOf, massLevels } from './contours.ts'
import { fields, layers } from './fields.ts'
import type { Stripe } from './law.ts'
import { normalOf } from './law.ts'
import { draggedStripe, ellipseOf, gripsOf, toPixel, toPlane, viewOf } from './view.ts'

const reach = 3.2
const number = (min: number, max: number) => fc.double({ min, max, noNaN: true })
const stripes: fc.Arbitrary<Stripe> = fc.record({
  angle: number(-180, 179.9),
  offset: number(-1.8, 1.8),
  sigma: number(0.05, 1.4),
})

test('points go to pixels and back, y up', () => {
  const view = viewOf(400, 300, reach)
  expect(toPixel(view, [0, 0])).toEqual([200, 150])
  expect(toPixel(view, [0, reach])[1]).toBeCloseTo(0, 9)
  fc.assert(
    fc.property(number(-3, 3), number(-3, 3), (x, y) => {
      const [px, py] = toPlane(view, toPixel(view, [x, y]))
      expect(px).toBeCloseTo(x, 9)
      expect(py).toBeCloseTo(y, 9)
    }),
  )
})

test('the grips of a stripe lie on it, and a grip that is dragged nowhere changes nothing', () => {
  fc.assert(
    fc.property(stripes, (stripe) => {
      const grips = gripsOf(stripe, reach)
      const [a, b] = normalOf(stripe)
      const along = ([x, y]: readonly [number, number]) => a * x + b * y
      expect(along(grips.middle)).toBeCloseTo(stripe.offset, 9)
      expect(along(grips.turn)).toBeCloseTo(stripe.offset, 9)
      expect(along(grips.widen)).toBeCloseTo(stripe.offset + stripe.sigma, 9)
      for (const name of ['middle', 'turn', 'widen'] as const) {
        const same = draggedStripe[name](stripe, grips[name], reach)
        expect(same.offset).toBeCloseTo(stripe.offset, 6)
        expect(same.sigma).toBeCloseTo(stripe.sigma, 6)
        const turned = ((same.angle - stripe.angle + 540) % 360) - 180
        expect(Math.abs(turned)).toBeLessThan(1e-4)
      }
    }),
  )
})

test('a stripe goes through the point that its grip was dragged to', () => {
  fc.assert(
    fc.property(stripes, number(-3, 3), number(-3, 3), (stripe, x, y) => {
      const turned = draggedStripe.turn(stripe, [x, y], reach)
      const [a, b] = normalOf(turned)
      if (Math.hypot(x, y) > 0.06 + Math.abs(stripe.offset))
        expect(a * x + b * y).toBeCloseTo(stripe.offset, 6)
      const moved = draggedStripe.middle(stripe, [x, y], reach)
      const [c, d] = normalOf(moved)
      if (Math.abs(moved.offset) < reach) expect(c * x + d * y).toBeCloseTo(moved.offset, 9)
    }),
  )
})

test('levels of mass are those of a Gaussian, and their contours its circles', () => {
  const grid = gridOf(161, 4, (x, y) => Math.exp(-(x * x + y * y) / 2))
  const levels = massLevels(grid, [0.5, 0.9])
  // Of N(0, I) in the plane the region of mass m is the circle of radius √(−2 log(1 − m)); a cell is 0.05 wide.
  for (const [k, mass] of [0.5, 0.9].entries()) {
    const radius = Math.sqrt(-2 * Math.log(1 - mass))
    const segments = contourOf(grid, levels[k] ?? 0)
    expect(segments.length).toBeGreaterThan(50)
    for (const [[x, y]] of segments) expect(Math.abs(Math.hypot(x, y) - radius)).toBeLessThan(0.05)
  }
})

test('contours are closed where they do not leave the grid, saddles among them', () => {
  fc.assert(
    fc.property(fc.array(number(-1, 1), { minLength: 25, maxLength: 25 }), (inner) => {
      const values = new Float64Array(49).fill(-2) // a rim below every level
      inner.forEach((v, i) => {
        values[(Math.floor(i / 5) + 1) * 7 + (i % 5) + 1] = v
      })
      const ends = new Map<string, number>()
      for (const segment of contourOf({ side: 7, reach: 1, values }, 0.123456)) {
        for (const [x, y] of segment) {
          const key = `${x.toFixed(9)},${y.toFixed(9)}`
          ends.set(key, (ends.get(key) ?? 0) + 1)
        }
      }
      expect([...ends.values()].every((count) => count % 2 === 0)).toBe(true)
    }),
  )
})

test('the ellipse of a covariance has its variances and its direction', () => {
  const { long, wide, turn } = ellipseOf({ xx: 1.25, xy: 0.75, yy: 1.25 }, 2)
  expect([long, wide, turn]).toEqual([
    expect.closeTo(2 * Math.sqrt(2), 9),
    expect.closeTo(2 * Math.sqrt(0.5), 9),
    expect.closeTo(Math.PI / 4, 9),
  ])
})

test('fields of the plane come back from their texts, and refuse others', () => {
  const { moved } = fields
  const list = [
    { index: 0, x: 0.5, y: -1.25 },
    { index: 24, x: -3, y: 0 },
  ]
  expect(moved.read(moved.write(list))).toEqual(list)
  for (const text of ['0:1', '25:0,0', '0:9,0', '0:a,b', '0:1,1;', '0:1.2.3,1'])
    expect(moved.read(text)).toBeUndefined()
  expect(fields.show.read('prior.cloud')).toEqual(['prior', 'cloud'])
  expect(fields.show.read(layers.join('.'))).toEqual([...layers])
  expect(fields.a.read('none:')).toBe('none:')
  expect(fields.a.read('<b>')).toBeUndefined()
  expect(fields.b.read('none')).toBe('none')
})

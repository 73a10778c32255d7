import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { coarseToFine, standIns } from './order.ts'

const side = fc.integer({ min: 1, max: 9 })
const keyOf = ({ i, j }: { i: number; j: number }) => `${i},${j}`

test('the first places span the map, and later ones halve the way between', () => {
  expect(coarseToFine(5, 5).slice(0, 4).map(keyOf)).toEqual(['0,0', '4,0', '0,4', '4,4'])
  expect(coarseToFine(5, 5).slice(4, 9).map(keyOf)).toEqual(['2,0', '0,2', '2,2', '4,2', '2,4'])
  expect(coarseToFine(3, 2).map(keyOf)).toEqual(['0,0', '2,0', '1,0', '0,1', '1,1', '2,1'])
  expect(coarseToFine(1, 1).map(keyOf)).toEqual(['0,0'])
})

test('every place comes once, and after the places that stand for it', () => {
  fc.assert(
    fc.property(side, side, (columns, rows) => {
      const order = coarseToFine(columns, rows).map(keyOf)
      expect(new Set(order).size).toBe(columns * rows)
      expect(order.length).toBe(columns * rows)
      for (let j = 0; j < rows; j++)
        for (let i = 0; i < columns; i++) {
          const at = order.indexOf(keyOf({ i, j }))
          for (const place of standIns({ i, j }, columns, rows)) {
            const before = order.indexOf(keyOf(place))
            expect(before).toBeGreaterThanOrEqual(0)
            expect(before).toBeLessThan(at)
          }
          // All but the corner, which is known first, have something that stands for them, unless they are of the first.
          if (i > 0 || j > 0) expect(standIns({ i, j }, columns, rows).length > 0 || at < 4).toBe(true)
        }
    }),
  )
})

test('what stands for a place is the nearest that is known so far', () => {
  expect(standIns({ i: 3, j: 3 }, 5, 5).map(keyOf)).toEqual(['2,2', '0,0'])
  expect(standIns({ i: 4, j: 1 }, 5, 5).map(keyOf)).toEqual(['4,0'])
})

import { methods } from '@tweedie/solvers'
import { expect, test } from 'vitest'
import { readState, writeState } from '../../state/url.ts'
import { optionEntries } from '../../worker/methods.ts'

import { fields as digitsFields } from '../digits/fields.ts'
import { problemIn } from '../digits/problem-in.ts'

import { lawIn, fields as planeFields, stripeIn } from '../plane/fields.ts'
import { cellsOf, methodAt, planeHref } from './cells.ts'
import type { AtlasValues } from './fields.ts'
import { fields } from './fields.ts'
import { mapOfDigits, mapOfPlane } from './map-link.ts'

const stateOf = (query: string): AtlasValues => {
  const { values, notes } = readState(fields, query)
  expect(notes).toEqual([])
  return values
}
const methodOptions = (name: string) => optionEntries(methods.find(name).info.options)
const queryOf = (href: string) => href.slice(href.indexOf('?') + 1)

test('the whole state is in the address, and comes back', () => {
  const query =
    'view=calibration&on=plane&method=tmpd:eta=1&x=steps~5,10&y=scale~0.1,0.2&distance=spread&seed=4&prior=ring&moved=2:0.5,-1&angle=20&sigma=0.1&particles=200&methods=dps:steps=20,scale=0.1;ddrm&cost=seconds&ranks=density'
  const values = stateOf(query)
  expect(values.methods).toEqual(['dps:steps=20,scale=0.1', 'ddrm'])
  expect(readState(fields, writeState(fields, values))).toEqual({ values, notes: [] })
  expect(writeState(fields, values)).toBe(query)
  expect(readState(fields, 'x=steps&methods=a;b;c;d;e;f;g').notes).toEqual([
    "'x' cannot be 'steps'",
    "'methods' cannot be 'a;b;c;d;e;f;g'",
  ])
})

test('a cell has the method of the map with the values of its column and row', () => {
  const values = stateOf('method=dps:eta=0.5&x=steps~5,10&y=scale~0.1,0.2,0.4')
  expect(methodAt(values, { i: 1, j: 2 })).toBe('dps:eta=0.5,scale=0.4,steps=10')
  // What the method says of an axis gives way to the axis.
  expect(methodAt(stateOf('method=dps:steps=99&x=steps~5&y=eta~1'), { i: 0, j: 0 })).toBe('dps:eta=1,steps=5')
  const cells = cellsOf(values)
  expect(cells.map(({ i, j }) => `${i},${j}`).sort()).toEqual(['0,0', '0,1', '0,2', '1,0', '1,1', '1,2'])
  expect(new Set(cells.map(({ key }) => key)).size).toBe(6)
})

test('the link of a cell of digits opens the run that the cell has made', () => {
  const values = stateOf(
    'digit=7&noise=gaussian:sigma=0.1&n=3&seed=9&x=steps~4,8&y=scale~1,2&operator=sr:factor=4',
  )
  for (const { href, run } of cellsOf(values)) {
    const { values: there, notes } = readState(digitsFields, queryOf(href))
    expect([href.startsWith('#digits?'), notes]).toEqual([true, []])
    const request = { problem: problemIn(there), method: there.a, count: there.n, seed: there.seed }
    expect({ on: 'digits', request }).toEqual(run)
    expect(there.b).toBe('none')
  }
})

test('the link of a cell on the plane opens the run that the cell has made', () => {
  const values = stateOf(
    'on=plane&prior=pair&moved=1:1.5,0&offset=0.2&sigma=0.4&particles=300&x=steps~4&y=scale~1',
  )
  const [cell] = cellsOf(values)
  const { values: there, notes } = readState(planeFields, queryOf(cell?.href ?? ''))
  expect([cell?.href.startsWith('#plane?'), notes]).toEqual([true, []])
  const plane = { law: lawIn(there), stripe: stripeIn(there) }
  const request = { plane, method: there.a, count: there.n, seed: there.seed }
  expect({ on: 'plane', request }).toEqual(cell?.run)
  expect(planeHref(values, { a: 'tmpd', b: 'none', n: 1000 })).toBe(
    '#plane?prior=pair&moved=1:1.5,0&offset=0.2&sigma=0.4&a=tmpd&b=none',
  )
})

test('a room leads to a map of its problem, with axes that its method has', () => {
  const options = methodOptions('ddrm')
  const digits = readState(digitsFields, 'digit=7&seed=3&noise=gaussian:sigma=0.1').values
  const there = stateOf(queryOf(mapOfDigits(digits, 'ddrm:eta=1', options)))
  expect(there).toMatchObject({
    on: 'digits',
    digit: 7,
    seed: 3,
    noise: 'gaussian:sigma=0.1',
    method: 'ddrm:eta=1',
  })
  expect([there.x.option, there.y.option]).toEqual(['steps', 'eta'])
  const plane = readState(planeFields, 'prior=ring&moved=2:0.5,-1&sigma=0.4').values
  const onPlane = stateOf(queryOf(mapOfPlane(plane, 'ddrm', options)))
  expect(onPlane).toMatchObject({
    on: 'plane',
    prior: 'ring',
    moved: [{ index: 2, x: 0.5, y: -1 }],
    sigma: 0.4,
  })
})

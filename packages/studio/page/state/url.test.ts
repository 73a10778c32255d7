import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Values } from './fields.ts'
import {
  choiceField,
  flagField,
  integerField,
  maybeInteger,
  numberField,
  setField,
  textField,
} from './fields.ts'
import { addressOf, asWritten, readState, writeState } from './url.ts'

const fields = {
  prior: choiceField(['moons', 'ring']),
  angle: numberField(30, { min: -180, max: 180, digits: 1 }),
  n: integerField(1000, { min: 1, max: 2000 }),
  pick: maybeInteger({ min: 0, max: 1999 }),
  b: textField('none'),
  busy: flagField(true),
  layers: setField(['points', 'contours', 'arrows'], ['points', 'contours']),
}

const states: fc.Arbitrary<Values<typeof fields>> = fc.record({
  prior: fc.constantFrom('moons' as const, 'ring' as const),
  angle: fc.integer({ min: -1800, max: 1800 }).map((tenth) => tenth / 10),
  n: fc.integer({ min: 1, max: 2000 }),
  pick: fc.option(fc.integer({ min: 0, max: 1999 }), { nil: undefined }),
  b: fc.string({ unit: 'binary' }).map((text) => text.toWellFormed()),
  busy: fc.boolean(),
  layers: fc.subarray(['points' as const, 'contours' as const, 'arrows' as const]),
})

test('every state comes back from its address, also through a link', () => {
  fc.assert(
    fc.property(states, (state) => {
      const query = writeState(fields, state)
      const link = new URL(`https://example.org/studio/#plane?${query}`)
      const address = addressOf(link.hash)
      expect(address.room).toBe('plane')
      expect(readState(fields, address.query)).toEqual({ values: state, notes: [] })
    }),
  )
})

test('defaults are left out, and people can read the rest', () => {
  const { values } = readState(fields, '')
  expect(writeState(fields, values)).toBe('')
  expect(writeState(fields, { ...values, angle: 12.34, b: 'dps:scale=0.5,steps=50' })).toBe(
    'angle=12.3&b=dps:scale=0.5,steps=50',
  )
})

test('a change is kept as its address has it, to the bit', () => {
  fc.assert(
    fc.property(fc.double({ min: -180, max: 180, noNaN: true }), (angle) => {
      const kept = { ...readState(fields, '').values, ...asWritten(fields, { angle, pick: undefined }) }
      expect(readState(fields, writeState(fields, kept)).values).toEqual({ ...kept, angle: kept.angle + 0 })
    }),
  )
})

test('what is not known or does not fit is noted, and the rest is read', () => {
  const { values, notes } = readState(
    fields,
    'n=500&colour=red&angle=400&layers=points.fog&busy=yes&__proto__=1',
  )
  expect(values).toEqual({ ...readState(fields, '').values, n: 500 })
  expect(notes).toEqual([
    "this version knows no 'colour'",
    "'angle' cannot be '400'",
    "'layers' cannot be 'points.fog'",
    "'busy' cannot be 'yes'",
    "this version knows no '__proto__'",
  ])
})

test('no address fails', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const { values } = readState(fields, addressOf(`#${text}`).query)
      expect(Object.keys(values)).toEqual(Object.keys(fields))
    }),
  )
})

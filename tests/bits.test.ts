// What the methods and samplers compute, bit for bit as recorded: a change of form must not change a number.
// The record (tests/bits/record.ts) is made without fused multiply-add, so that it holds on any processor. It also
// rests on Math.exp, Math.log, Math.cos and the like, whose last bit ECMAScript leaves to the engine: V8 has its own,
// in plain arithmetic, on every processor; another engine or a later V8 may differ.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Print } from './bits/print.ts'
import { groups, printsOf } from './bits/print.ts'

const file = new URL('fixtures/bits/bits.json', import.meta.url)
const recorded: Readonly<Record<string, Readonly<Record<string, Print>>>> = JSON.parse(
  readFileSync(file, 'utf8'),
)

test('every group is recorded', () => expect(Object.keys(recorded)).toEqual(Object.keys(groups)))

test.each(Object.keys(groups))('the same bits as before: %s', async (group) => {
  expect(await printsOf(group)).toEqual(recorded[group])
})

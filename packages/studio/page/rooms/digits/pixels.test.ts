import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  greyOfLevel,
  hiddenBox,
  hiddenOf,
  levelOfGrey,
  levelsOf,
  maskText,
  pictureText,
  size,
} from './pixels.ts'

/** Numbers in runs, as pictures have them. */
const runs = (most: number) =>
  fc
    .array(fc.tuple(fc.integer({ min: 0, max: most }), fc.integer({ min: 1, max: 200 })), { minLength: 1 })
    .map((parts) => {
      const all = parts.flatMap(([value, run]) => Array<number>(run).fill(value))
      return Uint8Array.from({ length: size }, (_, i) => all[i % all.length] ?? 0)
    })

test('a picture and a mask come back from their texts', () => {
  fc.assert(fc.property(runs(63), (levels) => void expect(levelsOf(pictureText(levels))).toEqual(levels)))
  fc.assert(fc.property(runs(1), (hidden) => void expect(hiddenOf(maskText(hidden))).toEqual(hidden)))
})

test('what is no picture is refused, whatever the text', () => {
  fc.assert(fc.property(fc.string(), (text) => void expect(levelsOf(text)).toBeUndefined()))
  const text = pictureText(new Uint8Array(size))
  expect(text.length).toBeLessThan(50)
  for (const wrong of [`${text}A`, text.slice(3), `${text}.`, `${text.slice(0, -1)}`, `!${text.slice(1)}`])
    expect(levelsOf(wrong)).toBeUndefined()
})

test('levels and greys', () => {
  for (let level = 0; level <= 63; level++) expect(levelOfGrey(greyOfLevel(level))).toBe(level)
  expect([greyOfLevel(0), greyOfLevel(63)]).toEqual([0, 255])
})

test('the box in the middle', () => {
  const box = hiddenBox(14)
  expect(box.reduce((sum, v) => sum + v, 0)).toBe(196)
  expect([box[7 * 28 + 7], box[6 * 28 + 7], box[20 * 28 + 20], box[21 * 28 + 20]]).toEqual([1, 0, 1, 0])
})

import { expect, test } from 'vitest'
import { side, size } from './pixels.ts'
import { along, dabInk, dabMask, levelsOfPicture } from './strokes.ts'

const at = (levels: Uint8Array, x: number, y: number) => levels[y * side + x]

test('a stroke leaves no gap', () => {
  const way = along([2, 3], [20, 11])
  expect([way[0], way.at(-1)]).toEqual([
    [2, 3],
    [20, 11],
  ])
  for (const [k, [x, y]] of way.slice(1).entries())
    expect(Math.hypot(x - (way[k]?.[0] ?? 0), y - (way[k]?.[1] ?? 0))).toBeLessThanOrEqual(0.5)
  expect(along([1, 1], [1, 1]).length).toBe(2)
})

test('a dab hides a disc, and shows it again', () => {
  const seen = new Uint8Array(size)
  const hidden = dabMask(seen, [10.5, 5.5], 2, true)
  expect([at(hidden, 10, 5), at(hidden, 12, 5), at(hidden, 13, 5), at(hidden, 12, 7)]).toEqual([1, 1, 0, 0])
  expect(hidden.reduce((sum, v) => sum + v, 0)).toBe(13)
  expect(dabMask(hidden, [10.5, 5.5], 2, false)).toEqual(seen)
})

test('ink has a soft edge and only adds; wiping takes away', () => {
  const inked = dabInk(new Uint8Array(size), [10.5, 10.5], 1.25, true)
  expect([at(inked, 10, 10), at(inked, 11, 10), at(inked, 12, 10)]).toEqual([63, 47, 0])
  expect(at(dabInk(inked, [11.9, 10.5], 0.2, true), 10, 10)).toBe(63)
  expect(dabInk(inked, [10.5, 10.5], 4, false)).toEqual(new Uint8Array(size))
})

test('a picture is cropped to its middle and averaged; a small one is enlarged', () => {
  // 112×56: left half of the middle square is black, right half white; outside is grey.
  const grey = Uint8Array.from({ length: 112 * 56 }, (_, i) => {
    const x = i % 112
    return x < 28 || x >= 84 ? 100 : x < 56 ? 0 : 255
  })
  const levels = levelsOfPicture(grey, 112, 56, false)
  expect([at(levels, 0, 3), at(levels, 13, 20), at(levels, 14, 20), at(levels, 27, 27)]).toEqual([
    0, 0, 63, 63,
  ])
  expect(levelsOfPicture(grey, 112, 56, true)).toEqual(levels.map((v) => 63 - v))
  const small = levelsOfPicture([0, 255, 255, 0], 2, 2, false)
  expect([at(small, 0, 0), at(small, 13, 13), at(small, 14, 13), at(small, 27, 27)]).toEqual([0, 0, 63, 0])
  const checks = Uint8Array.from({ length: 56 * 56 }, (_, i) => ((i % 56) % 2 ? 255 : 0))
  expect(new Set(levelsOfPicture(checks, 56, 56, false))).toEqual(new Set([32]))
})

import { expect, test } from 'vitest'
import { centreOf, reduced } from './picture.ts'

/** Where a pixel is: 100·channel + 10·row + column. */
const places = (channels: 1 | 3, height: number, width: number) => ({
  channels,
  height,
  width,
  data: Float32Array.from(
    { length: channels * height * width },
    (_, i) => 100 * Math.floor(i / (height * width)) + 10 * (Math.floor(i / width) % height) + (i % width),
  ),
})

test('the middle of a picture: as much is left out at both ends, one less in front where it is odd', () => {
  const { data, ...size } = centreOf(places(3, 5, 6), 2, 4)
  expect(size).toEqual({ channels: 3, height: 2, width: 4 })
  expect([...data]).toEqual([0, 100, 200].flatMap((c) => [11, 12, 13, 14, 21, 22, 23, 24].map((p) => c + p)))
})

test('a picture made smaller: means of squares, of what there is of them at the far borders; never larger', () => {
  const { data, ...size } = reduced(places(1, 5, 4), 3)
  expect(size).toEqual({ channels: 1, height: 3, width: 2 })
  expect([...data]).toEqual([5.5, 7.5, 25.5, 27.5, 40.5, 42.5])
  const small = places(3, 2, 3)
  expect(reduced(small, 3)).toBe(small)
  expect(reduced(places(3, 8, 4), 4).data).toHaveLength(3 * 4 * 2)
})

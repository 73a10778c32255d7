import { expect, test } from 'vitest'
import { planesOf } from './engine/photos.ts'
import { sizeWithin } from './photo-file.ts'

test('a picture keeps its proportion, as far as sides are multiples', () => {
  expect(sizeWithin({ height: 300, width: 400 }, 96, 8)).toEqual({ height: 72, width: 96 })
  expect(sizeWithin({ height: 1000, width: 10 }, 128, 8)).toEqual({ height: 128, width: 8 })
  expect(sizeWithin({ height: 50, width: 50 }, 96, 1)).toEqual({ height: 96, width: 96 })
})

test('bytes stand channel by channel, or as greys', () => {
  const photo = { height: 1, width: 2, data: Uint8Array.of(1, 2, 3, 255, 255, 255) }
  expect([...planesOf(photo, 3)]).toEqual([1, 255, 2, 255, 3, 255])
  expect([...planesOf(photo, 1)]).toEqual([2, 255])
})

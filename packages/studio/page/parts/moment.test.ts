import { expect, test } from 'vitest'
import { frameAt } from './moment.ts'

test('the frame at a place of a run is the nearest that has come', () => {
  const frames = [1, 2, 3].map((index) => ({ index, steps: 4 }))
  expect([0, 380, 500, 620, 1000].map((at) => frameAt(frames, at)?.index)).toEqual([1, 2, 2, 2, 3])
  expect(frameAt([], 500)).toBeUndefined()
})

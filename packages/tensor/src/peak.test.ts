import { expect, it } from 'vitest'
import { memory, peakBytesOf, resetPeak, tensor, zeros } from './index.ts'

it('is the most alive at once above what was there, and leaves the high-water mark as it would have been', () => {
  const held = zeros([100])
  resetPeak()
  zeros([50]).dispose()
  const before = memory()
  expect(peakBytesOf(() => [zeros([3]), zeros([2]).dispose(), zeros([1])])).toBe(12 + 8)
  expect(memory()).toEqual(before) // 200 bytes were more than 20
  expect(peakBytesOf(() => zeros([75]))).toBe(300)
  expect(memory()).toEqual({ ...before, peakBytes: before.bytes + 300 })
  const { tensors } = memory()
  expect(() =>
    peakBytesOf(() => {
      tensor([1])
      throw new Error('broken')
    }),
  ).toThrow('broken')
  expect(memory().tensors).toBe(tensors)
  held.dispose()
})

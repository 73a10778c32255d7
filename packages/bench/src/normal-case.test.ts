import { memory } from '@tweedie/tensor'
import { expect, test } from 'vitest'
import { timeNormals } from './normal-case.ts'

test.each(['wasm', 'reference'])('draws of every length are timed on %s, and freed', (device) => {
  const before = memory().tensors
  const times = timeNormals(device, 5, 5_000)
  expect(times.map(({ count }) => count)).toEqual([196, 784, 12_288, 196_608])
  for (const { leastNs, medianNs } of times) {
    expect(leastNs).toBeGreaterThan(0)
    expect(medianNs).toBeGreaterThanOrEqual(leastNs)
  }
  expect(memory().tensors).toBe(before)
})

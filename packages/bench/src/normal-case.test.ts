import { memory } from '@tweedie/tensor'
import { expect, test } from 'vitest'
import { timeNormals } from './normal-case.ts'

test('kernels draw a normal in less time than plain loops, and leave nothing', () => {
  const before = memory().tensors
  const [kernels, loops] = ['wasm', 'reference'].map((device) => timeNormals(device, 5, 50_000))
  expect(kernels!.map(({ count }) => count)).toEqual([196, 784, 12288, 196608])
  for (const [i, { leastNs, medianNs }] of kernels!.entries()) {
    expect(medianNs).toBeGreaterThanOrEqual(leastNs)
    // Ten times less on a quiet machine.
    expect(leastNs).toBeLessThan(0.7 * loops![i]!.leastNs)
  }
  expect(memory().tensors).toBe(before)
})

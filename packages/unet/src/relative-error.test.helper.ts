import type { Tensor } from '@tweedie/tensor'
import { expect } from 'vitest'

/** Largest difference relative to the largest magnitude. */
export function relativeError(actual: Tensor, expected: Tensor): number {
  expect(actual.shape).toEqual(expected.shape)
  const [a, b] = [Array.from(actual.dataSync()), Array.from(expected.dataSync())]
  const scale = Math.max(...b.map(Math.abs))
  return Math.max(...a.map((v, i) => Math.abs(v - b[i]!))) / scale
}

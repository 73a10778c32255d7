import { scope } from './scope.ts'
import { keepPeaks, memory, resetPeak } from './storage.ts'

/**
 * The most bytes that `fn` had alive at once, on all devices, above those before it. What it makes is freed. The
 * high-water marks of {@link memory} are afterwards what they would be had nobody asked.
 *
 * @example
 * ```ts
 * import { peakBytesOf, zeros } from '@tweedie/tensor'
 * peakBytesOf(() => zeros([3]).add(1).add(1)) // => 36
 * ```
 */
export function peakBytesOf(fn: () => unknown): number {
  const restore = keepPeaks()
  resetPeak()
  const { bytes } = memory()
  try {
    scope(() => void fn())
    return memory().peakBytes - bytes
  } finally {
    restore()
  }
}

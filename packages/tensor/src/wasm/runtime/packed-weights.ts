import { OutOfMemoryError } from '../../errors.ts'
import { WeightCache } from '../../weight-cache.ts'
import type { Heap } from './heap.ts'

/** Share of the device's memory that packed weights may take. */
const share = 1 / 4

/** Weights in the layouts of kernels, by the buffers they were made of: where they are in the heap. */
export type PackedWeights = WeightCache<number, number>

/** Keeps packed weights in a heap. */
export const packedWeightsIn = (heap: Heap): PackedWeights =>
  new WeightCache({
    limit: heap.usage().limit * share,
    allocate(bytes) {
      try {
        return heap.allocate(bytes, true)
      } catch (error) {
        if (error instanceof OutOfMemoryError) return undefined
        throw error
      }
    },
    free: (at, bytes) => heap.free(at, bytes),
  })

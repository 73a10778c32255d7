import { normal, randomKey } from '@tweedie/tensor'

/** What a standard normal of draws of one length costs. */
export interface NormalTime {
  readonly count: number
  /** Nanoseconds per number, the median of all batches, and in the quickest one. */
  readonly medianNs: number
  readonly leastNs: number
}

/** From a latent of the digits prior to a picture of 256×256 pixels. */
const counts = [196, 784, 3 * 64 ** 2, 3 * 256 ** 2] as const

/**
 * Times draws of standard normals in float32, each freed again.
 * @param device - Name of the device.
 * @param batches - Measurements of each length, after one batch to warm up.
 * @param numbers - At least so many numbers make a batch.
 */
export function timeNormals(device: string, batches = 20, numbers = 400_000): NormalTime[] {
  const key = randomKey(1)
  const draws = counts.map((count) => ({ count, calls: Math.ceil(numbers / count), times: [] as number[] }))
  for (let batch = -1; batch < batches; batch++) {
    for (const { count, calls, times } of draws) {
      const start = performance.now()
      for (let i = 0; i < calls; i++) normal(key, [count], { device }).dispose()
      if (batch >= 0) times.push((1e6 * (performance.now() - start)) / (calls * count))
    }
  }
  return draws.map(({ count, times }) => {
    const sorted = times.toSorted((a, b) => a - b)
    return { count, medianNs: sorted[Math.floor(sorted.length / 2)]!, leastNs: sorted[0]! }
  })
}

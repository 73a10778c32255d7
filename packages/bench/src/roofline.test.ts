import { describe, expect, it } from 'vitest'
import { bandwidthAt, measureRoofline } from './roofline.ts'

describe('the roofline', () => {
  it('has a peak per number of threads and a bandwidth per working set, each above none', () => {
    const roofline = measureRoofline({
      threads: [1, 2],
      workingSets: [2 ** 15, 2 ** 18],
      milliseconds: 2,
      runs: 3,
    })
    expect(roofline.peak.map(({ threads }) => threads)).toEqual([1, 2])
    expect(roofline.bandwidth.map(({ threads, bytes }) => [threads, bytes])).toEqual([
      [1, 2 ** 15],
      [1, 2 ** 18],
      [2, 2 ** 15],
      [2, 2 ** 18],
    ])
    // Faster than a scalar loop and slower than any processor: loops that did no or twice the work would show.
    for (const { gflops, threads } of roofline.peak) {
      expect(gflops).toBeGreaterThan(0.2)
      expect(gflops).toBeLessThan(300 * threads)
    }
    for (const { read, copy, threads } of roofline.bandwidth) {
      expect(Math.min(read, copy)).toBeGreaterThan(0.1)
      expect(Math.max(read, copy)).toBeLessThan(1000 * threads)
    }
  })

  it('finds the working set nearest by ratio', () => {
    const entry = (threads: number, bytes: number) => ({ threads, bytes, read: 1, copy: 1 })
    const roofline = { fused: true, peak: [], bandwidth: [entry(1, 1000), entry(1, 8000), entry(2, 2000)] }
    expect(bandwidthAt(roofline, 2500, 1).bytes).toBe(1000)
    expect(bandwidthAt(roofline, 3500, 1).bytes).toBe(8000)
    expect(bandwidthAt(roofline, 1e9, 2).bytes).toBe(2000)
    expect(() => bandwidthAt(roofline, 1, 3)).toThrow(/3 threads/)
  })
})

import { describe, expect, it } from 'vitest'
import { noiseStreams } from '../index.ts'

// Known answers, worked out apart in Python: seed → sample → step → name, Philox4x32-10, Box and Muller.
describe('the noise of a run stays as it is', () => {
  it('for a seed, samples, steps and purposes', () => {
    const streams = noiseStreams({ seed: 5, firstSample: 2, count: 2, dtype: 'float64' })
    const drawn = streams.normal(7, 'step', [3]).dataSync()
    const expected = [
      -1.5196814959525349,
      1.0748798645733044,
      -0.4479894252340829, // sample 2
      2.133619039303872,
      0.8727142723119062,
      2.3574281091013933, // sample 3
    ]
    for (const [i, z] of expected.entries()) expect(drawn[i]).toBeCloseTo(z, 14)
    const [first, second] = noiseStreams({ count: 1, dtype: 'float64' }).normal(0, 'start', [2]).dataSync()
    expect(first).toBeCloseTo(2.036111812764058, 14)
    expect(second).toBeCloseTo(0.4066649011881747, 14)
  })
})

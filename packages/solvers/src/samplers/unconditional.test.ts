import { memory, OptionError } from '@tweedie/tensor'
import { Matrix } from 'ml-matrix'
import { describe, expect, it } from 'vitest'
import { gaussianPrior } from '../priors/index.ts'
import { run } from '../run/index.ts'
import { vpCosine } from '../schedules/index.ts'
import { sampleUnconditional } from './index.ts'
import { expectMoments } from './moments.test.helper.ts'

// Eigenvalues 0.51, 1.22 and 1.96.
const mean = [1, -0.5, 2]
const covariance = new Matrix([
  [1.4, 0.5, -0.2],
  [0.5, 1.2, 0.3],
  [-0.2, 0.3, 1.1],
])
const prior = gaussianPrior({ mean, covariance, schedule: vpCosine() })

describe('sampleUnconditional reproduces N(μ, Σ)', () => {
  // In each eigendirection the sampler is linear, so its law is known: with the cosine schedule the standard
  // deviation comes out 0.7 % too small with η = 0 and 200 steps, 1.2 % with η = 1 and 250 steps. The standard
  // error of their common size is 0.75 % at 3 × 3000 numbers, so an error of 5 % (or a √2, 41 %) fails.
  it.each([
    { eta: 0, steps: 200 },
    { eta: 1, steps: 250 },
  ])('with η = $eta', async (options) => {
    const x = await run(sampleUnconditional(prior, { count: 3000, dtype: 'float64', seed: 1, ...options }))
    expectMoments(x.dataSync(), mean, covariance)
    x.dispose()
  })
})

describe('sampleUnconditional', () => {
  const data = async (options: Parameters<typeof sampleUnconditional>[1]) => {
    const x = await run(sampleUnconditional(prior, { steps: 9, eta: 0.7, ...options }))
    return Array.from(x.dataSync())
  }

  it('a batch of k equals k singles, bit for bit, and seeds differ', async () => {
    const batch = await data({ count: 4, firstSample: 2, seed: 5 })
    for (const i of [0, 1, 2, 3])
      expect(await data({ firstSample: 2 + i, seed: 5 })).toEqual(batch.slice(3 * i, 3 * i + 3))
    expect(new Set(batch).size).toBe(12)
    expect(await data({ count: 4, firstSample: 2, seed: 6 })).not.toEqual(batch)
  })

  it('yields every step and frees it', async () => {
    const before = memory().tensors
    const seen: number[] = []
    const warm = await run(sampleUnconditional(prior, { steps: 5 }))
    const constants = memory().tensors - before - 1
    warm.dispose()
    const x = await run(sampleUnconditional(prior, { steps: 5 }), {
      onStep: ({ i, t, steps, x, x0hat }) => {
        seen.push(t)
        expect([i, steps, x.shape, x0hat.shape]).toEqual([seen.length - 1, 5, [1, 3], [1, 3]])
        expect(memory().tensors - before - constants).toBeLessThanOrEqual(2)
      },
    })
    expect(seen).toEqual([999, 749, 500, 250, 0])
    expect(memory().tensors - before - constants).toBeLessThanOrEqual(1)
    x.dispose()
  })

  it('resumes bit for bit', async () => {
    const whole = await data({ count: 2 })
    for await (const { i, state } of sampleUnconditional(prior, { steps: 9, eta: 0.7, count: 2 })) {
      if (i === 4) expect(await data({ count: 2, resume: { next: 5, state } })).toEqual(whole)
    }
  })

  it('stops between steps, freeing what it held', async () => {
    await data({ steps: 1 })
    const before = memory().tensors
    const controller = new AbortController()
    let last = -1
    const onStep = ({ i }: { i: number }) => {
      last = i
      if (i === 3) controller.abort(new Error('enough'))
    }
    const stopped = run(sampleUnconditional(prior, { steps: 9 }), { onStep, signal: controller.signal })
    await expect(stopped).rejects.toThrow('enough')
    for await (const { i } of sampleUnconditional(prior, { steps: 9 })) if (i === 2) break
    expect(last).toBe(3)
    // At most: the collector may have taken what earlier tests left.
    expect(memory().tensors).toBeLessThanOrEqual(before)
  })

  it('checks its options at once', () => {
    expect(() => sampleUnconditional(prior, { steps: 0 })).toThrow(OptionError)
    expect(() => sampleUnconditional(prior, { eta: 2 })).toThrow(OptionError)
    expect(() => sampleUnconditional(prior, { count: -1 })).toThrow(OptionError)
  })
})

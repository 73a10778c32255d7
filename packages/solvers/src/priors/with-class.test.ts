import { fromData, normal, OptionError, randomKey, scope } from '@tweedie/tensor'
import { expect, test } from 'vitest'
import { run } from '../run/index.ts'
import { sampleUnconditional } from '../samplers/index.ts'
import type { Prior } from '../types.ts'
import { gaussianPrior, withClass } from './index.ts'

/** Of class k: a Gaussian about 4k with deviation 0.5; of none, one about 2 with deviation 3. Told by its mean as embedding. */
const about = (mean: number, deviation: number) => gaussianPrior({ mean: [mean], covariance: deviation ** 2 })
const prior: Prior = {
  ...about(2, 3),
  conditional: {
    classes: ['low', 'high'],
    embed: (labels) =>
      fromData(
        labels.map((label) => 4 * label),
        [labels.length, 1],
      ),
    nothing: fromData([Number.NaN], [1, 1]),
    // A Gaussian's denoiser is affine in its mean: each row about its own.
    denoise: (xt, t, c) =>
      scope(() => {
        const { schedule, denoise } = about(0, 0.5)
        return denoise(xt.sub(c.mul(schedule.alpha(t))), t).add(c)
      }),
  },
}

test('a class told to the prior is the class of its samples, row by row', async () => {
  const x = await run(sampleUnconditional(withClass(prior, [0, 1, 1]), { count: 3, steps: 50, eta: 0 }))
  // Three draws of deviation 0.5 about 0, 4 and 4: at eight of them.
  x.dataSync().forEach((v, n) => void expect(Math.abs(v - [0, 4, 4][n]!)).toBeLessThan(4))
  const one = await run(sampleUnconditional(withClass(prior, 1), { count: 3, steps: 50, eta: 0 }))
  one.dataSync().forEach((v) => void expect(Math.abs(v - 4)).toBeLessThan(4))
})

test('guidance goes from none, by the class, to beyond it', () => {
  scope(() => {
    const xt = normal(randomKey(3), [2, 1])
    const at = (guidance?: number) =>
      Array.from(withClass(prior, [1, 0], guidance).denoise(xt, 500).dataSync())
    const untold = Array.from(prior.denoise(xt, 500).dataSync())
    const told = at()
    expect(at(1)).toEqual(told)
    at(0).forEach((v, n) => void expect(v).toBeCloseTo(untold[n]!, 4))
    at(3).forEach((v, n) => void expect(v).toBeCloseTo(untold[n]! + 3 * (told[n]! - untold[n]!), 4))
    expect(told).not.toEqual(untold)
  })
})

test('all else of the prior stays', () => {
  const { denoise: _, ...rest } = withClass(prior, 0)
  const { denoise: __, ...wanted } = prior
  expect(rest).toEqual(wanted)
})

test('what is no class is refused', () => {
  const refused = (given: () => Prior, message: string) => {
    expect(given).toThrow(OptionError)
    expect(given).toThrow(message)
  }
  refused(() => withClass(about(0, 1), 0), 'class: ')
  refused(() => withClass(about(0, 1), 0), 'cannot be told a class')
  refused(() => withClass(prior, 2), 'class: must be a label 0 … 1, got 2')
  refused(() => withClass(prior, [0, -1]), 'got -1')
  refused(() => withClass(prior, 0.5), 'got 0.5')
  refused(() => withClass(prior, 0, Number.NaN), 'guidance: must be finite, got NaN')
})

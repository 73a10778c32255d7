import type { Tensor } from '@tweedie/tensor'
import { fromData, sin, tanh, tensor } from '@tweedie/tensor'
import { expect } from 'vitest'
import { inpaint } from '../operators/index.ts'
import { gaussianPrior, pipelinePrior } from '../priors/index.ts'
import { run } from '../run/index.ts'
import type { Prior, Problem, Schedule, Time } from '../types.ts'
import { learnedReverse } from './learned-range.ts'
import { posterior } from './steps.ts'

export const grid = { spacing: 'linspace', offset: 0, last: 'clean' } as const
export const float64 = { dtype: 'float64' } as const

/** The network of the trajectories under tests/fixtures/learned-variance: a formula, of pictures [1, 2, 3]. */
export const formulaPrior = (schedule: Schedule): Prior =>
  pipelinePrior({
    ...{ name: 'formula', shape: [1, 2, 3], schedule, grid, variance: 'learned-range' },
    limit: { kind: 'clip', range: 1 },
    predict: (x, t) => ({
      output: x.mul(0.9).add(sin(x.mul(5)).mul(0.1)),
      v: tanh(x.mul(2).sub(t / 500)).mul(1.5),
    }),
  })

/** The greatest distance of numbers from those that are right. */
export const farthest = (x: Tensor, right: readonly number[]): number =>
  Math.max(...x.dataSync().map((value, k) => Math.abs(value - right[k]!)))

/** Of the last two pixels, which are independent of the first two and of each other. */
const apart = 0.09

export const gaussian: Prior = gaussianPrior({
  mean: [0, 0, 0, 0],
  covariance: [
    [1, 0.5, 0, 0],
    [0.5, 1, 0, 0],
    [0, 0, apart, 0],
    [0, 0, 0, apart],
  ],
  shape: [1, 2, 2],
})

/** The same prior, which says of its variance what `says` does. */
export const telling = (prior: Prior, says: (x: Tensor, t: Time) => Tensor): Prior => ({
  ...prior,
  pipeline: {
    grid,
    variance: 'learned-range',
    reverse: learnedReverse,
    estimate: (x, t) => {
      const x0hat = prior.denoise(x, t)
      return { x0hat, unlimited: x0hat, v: says(x, t) }
    },
  },
})

/** The first pixel is seen, as 1. */
export const operator = inpaint([1, 2, 2], { mask: [1, 0, 0, 0] })
export const y = operator.forward(tensor([[[[1, 0], [0, 0]]]], float64)) // biome-ignore format: a picture

/** v of the law N(0, c) of a pixel: the variance of p(x_s | x_t) is β̃ and what the spread of x₀ given x_t adds. */
function rightVariance(schedule: Schedule, times: readonly Time[], c: number) {
  return (t: Time): number => {
    const s = times[times.indexOf(t) + 1] ?? schedule.clean
    if (s === schedule.clean) return 0
    const { small, variance: large, ofX0 } = posterior({ t, s, schedule })
    const [alpha, sigma] = [schedule.alpha(t), schedule.sigma(t)]
    const spread = (c * sigma ** 2) / (alpha ** 2 * c + sigma ** 2)
    return (2 * Math.log((small + ofX0 ** 2 * spread) / small)) / Math.log(large / small) - 1
  }
}

/** A method that inpaints, given y of a batch and options. */
type Inpainting = (
  y: Problem['y'],
  prior: Prior,
  options: { steps: number; seed: number; variance?: 'small' | 'large' | 'learned-range' },
) => AsyncGenerator<{ readonly t: Time; readonly x: Tensor }>

/** Holds that a variance that is right makes few steps exact for pixels that nothing is said of, and that β̃ and β do not. */
export async function expectExactByRightVariance(method: Inpainting): Promise<void> {
  const { schedule } = gaussian
  const rows = 2000
  const measured = fromData(new Float64Array(rows).fill(1), [rows, 1, 1], float64)
  const few = { steps: 5, seed: 11 }
  const seen: number[] = []
  for await (const { t } of method(y, gaussian, few)) seen.push(t)
  const v = rightVariance(schedule, seen, apart)
  /** The variance of the last two pixels over the right one, of 4000 numbers. */
  const ratio = async (prior: Prior, variance: 'small' | 'large' | 'learned-range') => {
    const x = (await run(method(measured, prior, { ...few, variance }))).dataSync()
    let sum = 0
    for (let i = 0; i < rows; i++) sum += x[4 * i + 2]! ** 2 + x[4 * i + 3]! ** 2
    return sum / (2 * rows) / apart
  }
  // The last step goes to x̂₀ = E[x₀ | x_t]: of its variance the spread at the last time is missing.
  const last = seen.at(-1)!
  const [alpha, sigma] = [schedule.alpha(last), schedule.sigma(last)]
  const exact = (alpha ** 2 * apart) / (alpha ** 2 * apart + sigma ** 2)
  const standardError = exact * Math.sqrt(2 / (2 * rows))
  const told = telling(gaussian, (x, t) => x.mul(0).add(v(t)))
  expect(Math.abs((await ratio(told, 'learned-range')) - exact)).toBeLessThan(5 * standardError)
  for (const variance of ['small', 'large'] as const)
    expect(Math.abs((await ratio(gaussian, variance)) - exact)).toBeGreaterThan(10 * standardError)
}

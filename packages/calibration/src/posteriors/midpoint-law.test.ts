import { gaussianNoise, gaussianPrior, matrixOperator, mgps, run, ve } from '@tweedie/solvers'
import { fromData } from '@tweedie/tensor'
import { Matrix } from 'ml-matrix'
import { expect, it } from 'vitest'
import { pointAt, pointsOfTensor } from '../points.ts'
import { midpointLaw } from './midpoint-law.ts'

const covariance = [[1, 0.6, 0], [0.6, 0.8, 0.1], [0, 0.1, 0.5]] // biome-ignore format: a matrix
const A = new Matrix([[1, 0.5, -0.3], [0.2, -0.4, 0.6]]) // biome-ignore format: a matrix
const [y, sigma, N] = [[0.9, -0.3], 0.4, 2000]

it.each([
  ['VP', undefined, 0.5],
  ['VE', ve({ sigmaMax: 6 }), 0.8],
] as const)('is the law of the method that draws x_ℓ exactly: %s', async (_, schedule, alpha) => {
  const prior = gaussianPrior({ mean: [0.3, -0.2, 0.1], covariance, ...(schedule && { schedule }) })
  const [component] = prior.law.components
  if (component === undefined) throw new Error('a Gaussian has a component')
  const law = midpointLaw({ law: component, schedule: prior.schedule, A, y, sigma }, { alpha, steps: 8 })
  const rows = Float64Array.from({ length: 2 * N }, (_, i) => y[i % 2] ?? 0)
  const problem = {
    operator: matrixOperator(fromData(Float64Array.from(A.to1DArray()), [2, 3])),
    noise: gaussianNoise(sigma),
    y: fromData(rows, [N, 2]),
  }
  const x = await pointsOfTensor(await run(mgps(problem, prior, { alpha, steps: 8, fit: 'exact', warm: 0 })))
  const points = Array.from({ length: N }, (_, i) => pointAt(x, i))
  const [mean, spread] = [law.mean, law.covariance]
  for (const j of [0, 1, 2]) {
    const off = points.reduce((sum, p) => sum + p[j]!, 0) / N - mean[j]!
    expect(Math.abs(off)).toBeLessThan(5 * Math.sqrt(spread.get(j, j) / N))
    for (const k of [0, 1, 2]) {
      const found = points.reduce((sum, p) => sum + (p[j]! - mean[j]!) * (p[k]! - mean[k]!), 0) / N
      const error = Math.sqrt((spread.get(j, j) * spread.get(k, k) + spread.get(j, k) ** 2) / N)
      expect(Math.abs(found - spread.get(j, k))).toBeLessThan(5 * error)
    }
  }
})

it('of one coordinate, with nothing measured, by hand', () => {
  // Two steps: x_T ~ N(0, σ_T²), x_s by the midpoint, x̂₀. Without y the bridges compose to DDPM's step.
  const prior = gaussianPrior({ mean: [0], covariance: 2, schedule: ve({ sigmaMax: 3 }) })
  const [component] = prior.law.components
  if (component === undefined) throw new Error('a Gaussian has a component')
  const { schedule } = prior
  const problem = { law: component, schedule, A: new Matrix([[0]]), y: [0], sigma: 1 }
  const s = 0.003 // a thousandth of the way, where the grid ends
  const gain = (level: number) => 2 / (2 + level ** 2)
  const b = 9 - s ** 2
  const factor = (b / 9) * gain(3) + s ** 2 / 9
  const variance = factor ** 2 * 9 + (b * s ** 2) / 9
  for (const alpha of [0.4, 1]) {
    const law = midpointLaw(problem, { alpha, steps: 2 })
    expect(law.covariance.get(0, 0)).toBeCloseTo(gain(s) ** 2 * variance, 12)
  }
})

it('of one coordinate that is measured, by hand', () => {
  const [m, w, a, sigmaMax] = [0.7, 2, 1.3, 3]
  const prior = gaussianPrior({ mean: [m], covariance: w, schedule: ve({ sigmaMax }) })
  const [component] = prior.law.components
  if (component === undefined) throw new Error('a Gaussian has a component')
  const problem = { law: component, schedule: prior.schedule, A: new Matrix([[a]]), y: [1.9], sigma }
  const levels = [3, 1.5015, 0.003]
  /** x̂₀ of x at a level. */
  const estimate = (level: number) => {
    const gain = w / (w + level ** 2)
    return { gain, rest: (1 - gain) * m }
  }
  /** q(x_s | x_end, x_t) of VE. */
  const between = (t: number, s: number, end: number) => {
    const ofX = (s ** 2 - end ** 2) / (t ** 2 - end ** 2)
    return { ofX, ofEnd: 1 - ofX, variance: ofX * (t ** 2 - s ** 2) }
  }
  for (const alpha of [0.3, 0.9]) {
    let [mean, variance] = [0, sigmaMax ** 2]
    for (const [t, s] of [levels.slice(0, 2), levels.slice(1)] as [number, number][]) {
      const mid = Math.max(0.003, alpha * s)
      const [down, back, at, low] = [between(t, mid, 0), between(t, s, mid), estimate(t), estimate(mid)]
      const h = a * low.gain
      const P = 1 / (1 / down.variance + h ** 2 / sigma ** 2)
      // x_ℓ = slope·x_t + shift + √P·z
      const slope = (P * (down.ofX + down.ofEnd * at.gain)) / down.variance
      const shift = P * ((down.ofEnd * at.rest) / down.variance + (h * (1.9 - a * low.rest)) / sigma ** 2)
      const factor = back.ofX + back.ofEnd * slope
      mean = factor * mean + back.ofEnd * shift
      variance = factor ** 2 * variance + back.ofEnd ** 2 * P + back.variance
    }
    const last = estimate(0.003)
    const law = midpointLaw(problem, { alpha, steps: 3 })
    expect(law.mean[0]).toBeCloseTo(last.gain * mean + last.rest, 12)
    expect(law.covariance.get(0, 0)).toBeCloseTo(last.gain ** 2 * variance, 12)
  }
})

import { checkGrads } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { fromData, normal, OptionError, randomKey, ShapeError, tensor, zeros } from '@tweedie/tensor'
import { EigenvalueDecomposition, Matrix } from 'ml-matrix'
import { describe, expect, it } from 'vitest'
import { countCalls, gaussianMixturePrior, gaussianPrior } from '../priors/index.ts'
import { ve, vpContinuous, vpLinear } from '../schedules/index.ts'
import type { Prior, Schedule } from '../types.ts'
import { boundTime, evidenceBound, noiseRange, type timeLaws } from './index.ts'

const float64 = { dtype: 'float64' } as const
const column = (values: readonly number[]) => fromData(Float64Array.from(values), [values.length, 1], float64)
const numbers = (x: Tensor): number[] => Array.from(x.dataSync())

/** ε and weights of an expectation over N(0, 1): a fine trapezoidal sum, exact to rounding for what is smooth. */
const normals = Array.from({ length: 61 }, (_, i) => {
  const z = -9 + (18 * i) / 60
  return { z, weight: (0.3 * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI) }
})

/** Nodes and weights of Gauss–Legendre on [0, 1], by the eigenvalues of Jacobi's matrix (Golub & Welsch). */
function legendre(count: number) {
  const jacobi = Matrix.zeros(count, count)
  for (let k = 1; k < count; k++) {
    const b = k / Math.sqrt(4 * k * k - 1)
    jacobi.set(k - 1, k, b).set(k, k - 1, b)
  }
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(jacobi)
  return realEigenvalues.map((node, k) => ({ u: (node + 1) / 2, weight: eigenvectorMatrix.get(0, k) ** 2 }))
}

interface Asked {
  readonly sigmaMin: number
  readonly law?: (typeof timeLaws)[number] | undefined
  readonly count?: number
}

/** b_θ at u: the estimate at nodes of a quadrature in place of draws, so that it is its own expectation. */
function boundAt(prior: Prior, u: number, { sigmaMin, law = 'importance', count = 40 }: Asked) {
  const x = column(normals.map(() => u))
  const noise = column(normals.map(({ z }) => z))
  const times = legendre(count).map(({ u: at, weight }) => {
    const time = boundTime(prior.schedule, law, sigmaMin, at)
    return { ...time, weight: time.weight * weight * count, noise }
  })
  const values = numbers(evidenceBound(prior, x, { times, end: noise }, sigmaMin))
  return normals.reduce((sum, { weight }, i) => sum + weight * values[i]!, 0)
}

const logNormal = (u: number, m: number, v: number) => -0.5 * ((u - m) ** 2 / v + Math.log(2 * Math.PI * v))

/**
 * b_θ and log p_θ where the data are N(m, v), by levels s to S. With x̂₀ − x₀ = s(vε − s(x₀ − m))/(v + s²) the integral is one of
 * a rational function; the reverse SDE is exact, so that u_s given u_S ~ N(0, 1 + S²) is the regression of the data's.
 */
function gaussianBound(u: number, m: number, v: number, s: number, S: number) {
  const [q, Q, d2] = [s * s, S * S, (u - m) ** 2]
  const share = 1 / (1 + Q)
  const divergence = 0.5 * (share * u * u - share - Math.log1p(-share))
  const F = (at: number) => Math.log(at / (v + at)) + v / (v + at)
  const integral = 0.5 * (d2 * (1 / (v + q) - 1 / (v + Q)) + F(Q) - F(q))
  const decoded = -0.5 * Math.log(2 * Math.PI * q) - (0.5 * (q * d2 + v * v)) / (v + q) ** 2
  const [back, gain] = [(v + q) / (v + Q), v / (v + q)]
  const [mean, variance] = [m * (1 - back), back ** 2 * (1 + Q) + back * (Q - q)]
  const logDensity = logNormal(u, m + gain * (mean - m), gain ** 2 * variance + q)
  return { bound: decoded - divergence - integral, logDensity }
}

const gaussian = (schedule: Schedule) => gaussianPrior({ mean: [0.7], covariance: [0.4], schedule })
const mixture = (schedule: Schedule) =>
  gaussianMixturePrior({
    weights: [0.4, 0.6],
    means: [[-0.9], [0.6]],
    covariances: { each: [0.3, 0.1] },
    schedule,
  })

describe.each([vpContinuous(), ve({ sigmaMax: 40 }), vpLinear()])('under $name', (schedule) => {
  it('on a Gaussian it is the closed form, below log p_θ', () => {
    const { low, high } = noiseRange(schedule, 0.05)
    for (const u of [-2, -0.5, 0.7, 1.5]) {
      const { bound, logDensity } = gaussianBound(u, 0.7, 0.4, low, high)
      expect(Math.abs(boundAt(gaussian(schedule), u, { sigmaMin: 0.05 }) - bound)).toBeLessThan(1e-7)
      expect(logDensity).toBeGreaterThan(bound)
    }
  })

  it('on a mixture it is below log p(x₀) everywhere, and close', () => {
    for (const u of [-2.2, -0.8, 0, 0.5, 1.4]) {
      const gap = mixture(schedule).law.logDensity([u]) - boundAt(mixture(schedule), u, { sigmaMin: 0.02 })
      // It bounds log p_θ, which is above log p(x₀) by at most what N(0, I) is other than w_T: 2·10⁻⁴ under VE.
      expect(gap).toBeGreaterThan(-3e-4)
      expect(gap).toBeLessThan(3e-3)
    }
  })
})

it('the gap of a Gaussian vanishes with s₀ and 1/σ_max, as the fourth power of s₀', () => {
  const gap = (s: number, S: number) => {
    const { bound, logDensity } = gaussianBound(1.5, 0.7, 0.4, s, S)
    return logDensity - bound
  }
  expect(gap(0.02, 1e6)).toBeLessThan(1e-5)
  expect(Math.abs(Math.log2(gap(0.1, 1e6) / gap(0.05, 1e6)) - 4)).toBeLessThan(0.2)
  const wide = ve({ sigmaMax: 1e4 })
  const found = [0.2, 0.1].map((s) => {
    const { logDensity } = gaussianBound(1.5, 0.7, 0.4, s, 1e4)
    return logDensity - boundAt(gaussian(wide), 1.5, { sigmaMin: s })
  })
  expect(found[0]! / found[1]!).toBeGreaterThan(8)
})

describe('the estimate', () => {
  it('has one expectation whatever the law of times', () => {
    for (const prior of [gaussian(vpContinuous()), mixture(vpContinuous()), mixture(ve({ sigmaMax: 2 }))]) {
      const by = (law: Asked['law'], count: number) => boundAt(prior, 0.3, { sigmaMin: 0.1, law, count })
      expect(Math.abs(by('uniform', 120) - by('importance', 40))).toBeLessThan(1e-5)
    }
  })

  it('is as published: E log π(x_T) − ½·E[g²(‖s − ∇‖² − ‖∇‖²) − 2∇·f]·(density)⁻¹ less the offset, times by g²/σ²', () => {
    // Noise of ±1: ‖ε‖² = n, and both signs together have no term that is odd in ε. Then nothing differs but the quadrature.
    const schedule = vpContinuous()
    const covariances = { each: [0.3, [[1, 0.4], [0.4, 0.6]]] } // biome-ignore format: a matrix
    const prior = gaussianMixturePrior({ weights: [1, 2], means: [[-1, 0.5], [0.5, 0]], covariances, schedule }) // biome-ignore format: rows
    const [x, sigmaMin, count] = [[0.4, -0.9], 0.05, 40]
    const given = tensor([x], float64)
    const { low, high } = noiseRange(schedule, sigmaMin)
    const [first, last] = [schedule.timeOfNoiseLevel(low), schedule.timeOfNoiseLevel(high)]
    const total = { ours: 0, published: 0 }
    for (const signs of [
      [1, 1],
      [1, -1],
      [-1, 1],
      [-1, -1],
    ]) {
      const noise = tensor([signs], float64)
      const nodes = legendre(count).map(({ u, weight: share }) => ({
        ...boundTime(schedule, 'importance', sigmaMin, u),
        share,
      }))
      const times = nodes.map(({ t, weight, share }) => ({ t, weight: weight * share * count, noise }))
      total.ours += numbers(evidenceBound(prior, given, { times, end: noise }, sigmaMin))[0]! / 4

      const at = (t: number) => {
        const [alpha, sigma, slopes] = [schedule.alpha(t), schedule.sigma(t), schedule.slopes(t)]
        const f = slopes.alpha / alpha
        const g2 = 2 * sigma * slopes.sigma - 2 * f * sigma ** 2
        const xt = x.map((v, i) => alpha * v + sigma * signs[i]!)
        const score = numbers(prior.score(tensor([xt], float64), t))
        return { alpha, sigma, f, g2, xt, score, grad: signs.map((e) => -e / sigma) }
      }
      // ∫ g²/σ² dt = 2·log(s_T/s_0).
      const Z = 2 * Math.log(high / low)
      nodes.forEach(({ t, share }) => {
        const { f, g2, sigma, score, grad } = at(t)
        const square = (v: readonly number[]) => v.reduce((sum, one) => sum + one * one, 0)
        const integrand = g2 * (square(score.map((v, i) => v - grad[i]!)) - square(grad)) - 2 * 2 * f
        total.published -= (0.5 * share * ((sigma ** 2 / g2) * Z * integrand)) / 4
      })
      const end = at(last)
      total.published +=
        end.xt.reduce((sum, v) => sum + logNormal(v, 0, end.alpha ** 2 + end.sigma ** 2), 0) / 4
      const { alpha, sigma, xt, score } = at(first)
      const entropy = Math.log(2 * Math.PI * sigma ** 2) + 1
      const decoded = x.map((v, i) =>
        logNormal(v, (xt[i]! + sigma ** 2 * score[i]!) / alpha, (sigma / alpha) ** 2),
      )
      total.published += (decoded.reduce((a, b) => a + b) + entropy) / 4
    }
    expect(Math.abs(total.ours - total.published)).toBeLessThan(1e-8)
  })

  it('has right gradients in x, through the denoiser', async () => {
    const prior = mixture(vpLinear())
    const times = [0.2, 0.7].map((u, i) => ({
      ...boundTime(prior.schedule, 'importance', 0.05, u),
      noise: normal(randomKey(i), [3, 1], float64),
    }))
    const draws = { times, end: normal(randomKey(5), [3, 1], float64) }
    await checkGrads((x: Tensor) => evidenceBound(prior, x, draws, 0.05), [column([-1, 0.2, 0.9])])
  })

  it('is one number a sample, by one call a time and one more', () => {
    const prior = countCalls(mixture(vpLinear()))
    const noise = normal(randomKey(1), [3, 1], float64)
    const times = [0.3, 0.6].map((u) => ({ ...boundTime(prior.schedule, 'uniform', 0.05, u), noise }))
    const x = column([0.1, 0.2, 0.3])
    const all = numbers(evidenceBound(prior, x, { times, end: noise }, 0.05))
    expect(prior.calls.total).toBe(3)
    all.forEach((value, i) => {
      const row = (v: Tensor) => v.slice([i, i + 1])
      const own = { times: times.map((time) => ({ ...time, noise: row(noise) })), end: row(noise) }
      expect(numbers(evidenceBound(prior, row(x), own, 0.05))).toEqual([value])
    })
  })

  it('refuses what does not fit', () => {
    const prior = mixture(vpLinear())
    const [x, end] = [column([1, 2]), column([0, 0])]
    const time = { ...boundTime(prior.schedule, 'importance', 0.05, 0.5), noise: end }
    expect(() => evidenceBound(prior, x, { times: [], end }, 0.05)).toThrow(OptionError)
    expect(() => evidenceBound(prior, x, { times: [time], end: column([0]) }, 0.05)).toThrow(ShapeError)
    expect(() => evidenceBound(prior, zeros([2, 3]), { times: [time], end }, 0.05)).toThrow(
      'batch of samples',
    )
    expect(() => evidenceBound(prior, x, { times: [time], end }, 1e9)).toThrow('sigmaMin')
    expect(() => boundTime(prior.schedule, 'odd' as 'uniform', 0.05, 0.5)).toThrow('importance | uniform')
  })
})

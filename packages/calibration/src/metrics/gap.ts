import type { Points } from '../points.ts'
import type { Case } from '../types.ts'
import { defineSampleMetric, meanOver } from './define.ts'
import { meanOf, momentsOf, squaredDistance } from './moments.ts'

const decibel = (ratio: number): number => 10 * Math.log10(ratio)

/** Squared errors of the samples' mean and of the posterior's. */
const errors = (samples: Points, { posterior, truth }: Case): number[] => [
  squaredDistance(meanOf(samples), truth),
  squaredDistance(momentsOf(posterior).mean, truth),
]

/**
 * How much worse the samples' mean is than the posterior's, 10·log₁₀(‖x̄ − x₀‖²/‖E[x|y] − x₀‖²), a mean over cases in dB. The mean
 * of N exact draws is not at 0: its ratio of sums is 1 + 1/N, 0.086 dB at N = 50, and the mean in dB a little less. Below that
 * floor a sampler is too narrow.
 * @example
 * ```ts
 * import { gap, trial } from '@tweedie/calibration'
 * const cases = Array.from({ length: 10 }, (_, seed) => trial({ problem: 'gaussian', samples: 200, seed }))
 * gap.over(cases.map(({ samples, judged }) => gap.of(samples, judged))).value // ≈ 0.579
 * ```
 */
export const gap = defineSampleMetric({
  name: 'gap-db',
  title: 'squared error of the samples’ mean over that of the posterior’s, mean in dB',
  unit: 'dB',
  better: 'lower',
  source: 'arXiv 2509.12821; floor 10·log₁₀(1 + 1/N)',
  of: (samples, { posed }) => errors(samples, posed),
  over: (cases) => meanOver(cases.map(([ours = 0, exact = 0]) => [decibel(ours / exact)])),
})

/**
 * The same of sums over cases, 10·log₁₀(Σ‖x̄ − x₀‖²/Σ‖E[x|y] − x₀‖²): 10·log₁₀(1 + 1/N) on average for exact draws. The interval is
 * that of a ratio of means, to first order.
 */
export const pooledGap = defineSampleMetric({
  name: 'gap-db-pooled',
  title: 'sum of squared errors of the samples’ means over that of the posterior’s',
  unit: 'dB',
  better: 'lower',
  source: 'arXiv 2509.12821, from sums instead of means in dB',
  of: (samples, { posed }) => errors(samples, posed),
  over: (cases) => {
    const sum = (k: number) => cases.reduce((total, numbers) => total + (numbers[k] ?? 0), 0)
    const ratio = sum(0) / sum(1)
    const residuals = cases.map(([ours = 0, exact = 0]) => ours - ratio * exact)
    const n = cases.length
    const variance = residuals.reduce((total, r) => total + r * r, 0) / (n - 1)
    const half = n > 1 ? (1.96 * Math.sqrt(n * variance)) / sum(1) : Infinity
    return {
      value: decibel(ratio),
      low: decibel(Math.max(0, ratio - half)),
      high: decibel(ratio + half),
    }
  },
})

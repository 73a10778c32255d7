import type { Points } from '../points.ts'

/** What chains say of a number that is followed along them. */
export interface Convergence {
  /** R̂ of the chains cut in halves; 1 where they agree. */
  readonly rHat: number
  /** How many independent draws their mean is worth. */
  readonly effective: number
}

/**
 * Split R̂ and effective sample size of one number along chains of the same length (Gelman et al., Bayesian Data Analysis, 3rd
 * ed., §11.4–11.5; autocorrelations by Geyer's initial monotone sequence).
 * @param chains - Of at least 8 states each, all of one length.
 * @example
 * ```ts
 * import { convergence } from '@tweedie/calibration'
 * const stuck = [0, 5].map((level) => Float64Array.from({ length: 100 }, (_, i) => level + (i % 2)))
 * convergence(stuck).rHat > 5 // => true
 * ```
 */
export function convergence(chains: readonly Float64Array[]): Convergence {
  const half = Math.floor(Math.min(...chains.map(({ length }) => length)) / 2)
  const halves = chains.flatMap((chain) => [chain.subarray(0, half), chain.subarray(half, 2 * half)])
  const means = halves.map(average)
  const within = average(halves.map((chain, k) => variance(chain, means[k] ?? 0)))
  const between = variance(means, average(means))
  const total = ((half - 1) / half) * within + between
  const count = halves.length * half
  if (within === 0) return { rHat: between === 0 ? 1 : Infinity, effective: between === 0 ? count : 1 }
  const correlation = (lag: number): number => {
    const covariance = halves.map((chain, k) => autocovariance(chain, means[k] ?? 0, lag))
    return 1 - (within - average(covariance)) / total
  }
  let sum = 0
  let last = Infinity
  for (let lag = 0; lag + 1 < half; lag += 2) {
    const pair = Math.min(last, correlation(lag) + correlation(lag + 1))
    if (pair <= 0) break
    sum += pair
    last = pair
  }
  return { rHat: Math.sqrt(total / within), effective: count / Math.max(2 * sum - 1, 1 / Math.log10(count)) }
}

/**
 * The worst of all coordinates and of their squared deviations from the mean.
 * @param chains - Of one length.
 * @example
 * ```ts
 * import { pointsOf, worstConvergence } from '@tweedie/calibration'
 * const still = pointsOf(new Float64Array(20), 2)
 * worstConvergence([still, still]) // => { rHat: 1, effective: 20 }
 * ```
 */
export function worstConvergence(chains: readonly Points[]): Convergence {
  const dimension = chains[0]?.dimension ?? 0
  const found: Convergence[] = []
  for (let j = 0; j < dimension; j++) {
    const along = chains.map(({ values, count }) =>
      Float64Array.from({ length: count }, (_, i) => values[i * dimension + j] ?? 0),
    )
    const centre = average(along.map(average))
    found.push(convergence(along), convergence(along.map((chain) => chain.map((v) => (v - centre) ** 2))))
  }
  return worst(found)
}

/** The largest R̂ and the least number of draws. */
export const worst = (found: readonly Convergence[]): Convergence => ({
  rHat: Math.max(...found.map(({ rHat }) => rHat)),
  effective: Math.min(...found.map(({ effective }) => effective)),
})

const average = (values: ArrayLike<number>): number => {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i] ?? 0
  return sum / values.length
}

const variance = (values: ArrayLike<number>, mean: number): number => {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += ((values[i] ?? 0) - mean) ** 2
  return sum / (values.length - 1)
}

const autocovariance = (values: Float64Array, mean: number, lag: number): number => {
  let sum = 0
  for (let i = lag; i < values.length; i++) sum += ((values[i] ?? 0) - mean) * ((values[i - lag] ?? 0) - mean)
  return sum / values.length
}

import type { MixturePosterior } from '@tweedie/solvers'
import type { Key } from '@tweedie/tensor'
import { pointsOf } from '../points.ts'
import type { Posterior } from '../types.ts'

/**
 * A mixture's posterior as one to judge samples by: density, score and modes, a mode being a component and its region what
 * it is the likeliest for.
 * @example
 * ```ts
 * import { mixturePosterior } from '@tweedie/calibration'
 * import { gaussianMixture } from '@tweedie/solvers'
 * const prior = gaussianMixture({ weights: [1, 1], means: [[-1], [1]], covariances: 0.04 })
 * const posterior = mixturePosterior(prior.posterior([[1]], [0.9], 0.5))
 * posterior.mean() // ≈ [0.983]
 * posterior.modes.of(Float64Array.of(0.8)) // => 1
 * ```
 */
export const mixturePosterior = ({ law, logEvidence }: MixturePosterior) =>
  ({
    name: law.components.length === 1 ? 'Gaussian, in closed form' : 'Gaussian mixture, in closed form',
    dimension: law.dimension,
    sample: (keys: readonly Key[]) => {
      using x = law.sample(keys, { dtype: 'float64', device: 'reference' })
      return pointsOf(Float64Array.from(x.dataSync(), Number), law.dimension)
    },
    mean: () => law.mean(),
    covariance: () => law.covariance(),
    logDensity: (x: Float64Array) => law.logDensity(x),
    score: (x: Float64Array) => law.score(x),
    modes: {
      weights: Float64Array.from(law.components, ({ weight }) => weight),
      of: (x: Float64Array) =>
        law.responsibilities(x).reduce((best, r, k, all) => (r > (all[best] ?? 0) ? k : best), 0),
    },
    logEvidence,
  }) satisfies Posterior

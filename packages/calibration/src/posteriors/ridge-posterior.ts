import type { Mixture } from '@tweedie/solvers'
import { gaussianMixture } from '@tweedie/solvers'
import type { Key } from '@tweedie/tensor'
import { Matrix } from 'ml-matrix'
import type { ChainPosterior } from './chain.ts'
import { chainPosterior, importance } from './chain.ts'
import { laplaceMixture } from './laplace.ts'
import type { Ridges } from './ridge.ts'
import { ridgeTarget } from './ridge.ts'
import { streamOf } from './stream.ts'
import type { CurvedTarget, Drawable } from './target.ts'
import { mixtureTarget } from './target.ts'

/** Draws of the prior that maxima are looked for from. */
const climbers = 100

/** Share of jumps that the prior has, so that p/q is bounded whatever Laplace's method missed. */
const defence = 0.1

/** How much wider than Laplace's method has it a jump is drawn. */
const wider = 1.5

/**
 * The law of x given y of a mixture and a likelihood of ridges, by chains that jump among the maxima of p(x)·p(y | x), found from
 * draws of the prior. A region is what a component of the prior is the likeliest for. The evidence is by importance sampling.
 * @param law - Of full rank.
 * @throws {TweedieError} from what asks for states, as `runChains`.
 * @example
 * ```ts
 * import { ridgePosterior } from '@tweedie/calibration'
 * import { gaussianMixture } from '@tweedie/solvers'
 * import { randomKey } from '@tweedie/tensor'
 * const prior = gaussianMixture({ weights: [1], means: [[0]], covariances: 1 })
 * // y = 1 with the noise N(0, 1), but for a constant.
 * const measured = {
 *   matrix: [[1]],
 *   log: (_: number, u: number) => -((1 - u) ** 2) / 2,
 *   slope: (_: number, u: number) => 1 - u,
 *   curvature: () => -1,
 * }
 * const posterior = ridgePosterior(prior, measured, randomKey(0))
 * Math.abs((posterior.mean()[0] ?? 0) - 0.5) < 0.05 // => true
 * ```
 */
export function ridgePosterior(law: Mixture, ridges: Ridges, key: Key): ChainPosterior {
  const prior = mixtureTarget(law)
  const target = ridgeTarget(law, ridges)
  let jumps: Drawable | undefined
  const jump = () => (jumps ??= jumpsOf(law, target, key.fold('climbers')))
  const stream = streamOf(key.fold('starts'))
  return chainPosterior({
    name: 'Hamiltonian chains with jumps',
    target,
    options: {
      starts: Array.from({ length: 4 }, () => prior.draw(stream)),
      key: key.fold('walk'),
      leaps: 5,
      jump: { draw: (from) => jump().draw(from), logDensity: (x) => jump().logDensity(x) },
      warmUp: 500,
      states: 5000,
      every: 1,
    },
    regions: { count: law.components.length, of: prior.likeliest },
    logEvidence: () => importance(target, jump(), key.fold('evidence'), 5000).logIntegral,
  })
}

/** A mixture of Laplace's method, made wider, and the prior. */
export function jumpsOf(law: Mixture, target: CurvedTarget, key: Key): Drawable {
  const prior = mixtureTarget(law)
  const stream = streamOf(key)
  const starts = [
    ...law.components.map(({ mean }) => mean),
    ...Array.from({ length: climbers }, () => prior.draw(stream)),
  ]
  const peaks = laplaceMixture(target, starts).components
  return mixtureTarget(
    gaussianMixture({
      weights: [
        ...peaks.map(({ weight }) => (1 - defence) * weight),
        ...law.components.map(({ weight }) => defence * weight),
      ],
      means: [...peaks, ...law.components].map(({ mean }) => mean),
      covariances: {
        each: [
          ...peaks.map(({ covariance }) => Matrix.mul(covariance, wider)),
          ...law.components.map(({ covariance }) => covariance),
        ],
      },
    }),
  )
}

import { TweedieError } from '@tweedie/tensor'
import { lookAt } from '../run/look.ts'
import { noiseStreams } from '../run/streams.ts'
import type { Prior } from '../types.ts'
import type { Guidance } from './guided.ts'

/**
 * A guided prior is a prior again, of the law p(x₀ | y): its E[x₀ | x_t] is the x₀ of the guidance. So every
 * guidance runs under every sampler. With the exact likelihood score it is the exact posterior.
 *
 * Guidance that draws gets the draws of its time: equal x_t and t give equal estimates, so that `denoise` is a
 * function still. It counts as a step of one, to the clean end.
 *
 * @param options - `seed` (default 0) of those draws, and `firstSample`, the number of the batch's first sample.
 * @throws {TweedieError} from `denoise`, for guidance that shifts x_s: that is no estimate of x₀.
 * @example
 * ```ts
 * import { byScore, conditioned, exactLikelihood, gaussianNoise, gaussianPrior, matrixOperator, run, sampleUnconditional } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] })
 * const problem = { operator: matrixOperator(tensor([[1, 0]])), noise: gaussianNoise(0.1), y: tensor([[1]]) }
 * const posterior = conditioned(prior, byScore(exactLikelihood(prior, problem)))
 * const x = await run(sampleUnconditional(posterior, { steps: 200, eta: 0 }))
 * Math.abs(x.dataSync()[0]! - 0.99) < 0.3 // => true
 * ```
 */
export const conditioned = (
  prior: Prior,
  guidance: Guidance,
  options: { readonly seed?: number; readonly firstSample?: number } = {},
): Prior => ({
  name: `${prior.name} | y`,
  shape: prior.shape,
  schedule: prior.schedule,
  denoise: (xt, t) => {
    const { dtype, device } = xt
    const { x0, shift } = guidance.at(lookAt(prior, xt, t, guidance.through), {
      i: 0,
      s: prior.schedule.clean,
      z: (purpose, shape = prior.shape) =>
        noiseStreams({ ...options, count: xt.shape[0] ?? 0, dtype, device }).normal(
          0,
          `${purpose} at ${t}`,
          shape,
        ),
    })
    if (shift !== undefined) throw new TweedieError('conditioned: guidance by shifts of x_s is no prior')
    return x0
  },
})

import { grad } from '@tweedie/autograd'
import type { Device, DType, Tensor } from '@tweedie/tensor'
import { zeros } from '@tweedie/tensor'
import { denoise } from '../operators/index.ts'
import type { NoiseLikelihood, Prior, Problem } from '../types.ts'

/**
 * Reward tilting as a problem: the law ∝ p(x)·e^{r(x)} is the posterior of x measured as it is, with p(y | x) = e^{r(x)} whatever
 * y is. Any method that needs a likelihood takes it; `logEvidence` of one that has it is log E_p e^r.
 *
 * The weighted diffusions raise β linearly in the steps then, from 0: guidance of that size is rough where ς is in the tens, as on a
 * schedule that preserves variance. There take `c: 0` or more steps.
 *
 * @param reward - r of a batch [N, …shape], [N]; differentiable, twice where a Laplacian is asked for.
 * @param options.count - How many samples, N of y; default 1. `dtype` and `device` are those of the run.
 * @example
 * ```ts
 * import { driftlite, gaussianPrior, rewardProblem, run, ve } from '@tweedie/solvers'
 * import type { Tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0], covariance: 1, schedule: ve({ sigmaMax: 5 }) })
 * const problem = rewardProblem(prior, (x: Tensor) => x.sum(1)) // N(1, 1), and E e^x = e^½
 * let logEvidence = 0
 * await run(driftlite(problem, prior, { steps: 50, particles: 64 }), {
 *   onStep: (step) => void (logEvidence = step.logEvidence[0]!),
 * })
 * Math.abs(logEvidence - 0.5) < 0.3 // => true
 * ```
 */
export function rewardProblem(
  prior: Prior,
  reward: (x: Tensor) => Tensor,
  { count = 1, ...like }: { count?: number; dtype?: DType; device?: Device } = {},
): Problem & { readonly noise: { readonly likelihood: NoiseLikelihood } } {
  const slope = grad((x: Tensor) => reward(x).sum())
  return {
    operator: denoise(prior.shape),
    noise: {
      name: 'reward',
      likelihood: { log: (_, x) => reward(x), score: (_, x) => slope(x) },
      sample: (_, clean) => clean.alias(),
    },
    y: zeros([count, ...prior.shape], like),
  }
}

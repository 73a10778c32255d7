import { concat, ShapeError } from '@tweedie/tensor'
import type { ExactPrior } from '../priors/exact/exact-prior.ts'
import { exactPrior } from '../priors/exact/exact-prior.ts'
import { residualNorm } from '../run/residual.ts'
import type { Fitted } from '../types.ts'
import type { Likelihood } from './likelihood.ts'

/**
 * The likelihood score itself, ∇_{x_t} log p_t(y | x_t), of a Gaussian mixture under a linear measurement with
 * Gaussian noise: what every other likelihood approximates. By the conditional Tweedie formula it is
 *
 *     g = (α_t/σ_t²)·(E[x₀ | x_t, y] − E[x₀ | x_t]),
 *
 * and p(x₀ | y) is a Gaussian mixture again, whose denoiser is known. For small problems: the dense matrix of A is
 * built, and the posterior of each sample of y.
 *
 * @param prior - Its law is the truth, whatever prior is looked at.
 * @throws {ShapeError} from `score`, where a batch of x_t is not as long as y. A y of one sample goes with any.
 * @throws {OptionError} where σ_y = 0 and measurements are redundant.
 */
export function exactLikelihood(prior: ExactPrior, problem: Fitted<'linear' | 'sigma'>): Likelihood {
  const { operator, noise, y } = problem
  const { schedule, shape } = prior
  const count = y.shape[0] ?? 0
  const numbers = y.dataSync()
  const m = count === 0 ? 0 : numbers.length / count
  const posteriors = Array.from({ length: count }, (_, i) => {
    const { law } = prior.law.posterior(operator, numbers.slice(i * m, (i + 1) * m), noise.sigma)
    return exactPrior(law, { schedule, shape })
  })
  return {
    through: false,
    score: ({ x, t, alpha, sigma, x0hat }) => {
      const [only] = posteriors
      const n = x.shape[0] ?? 0
      if (only === undefined || (count !== 1 && count !== n))
        throw new ShapeError('exactLikelihood', `y has ${count} samples, x_t has ${n}`, [y.shape, x.shape])
      const given =
        count === 1
          ? only.denoise(x, t)
          : concat(posteriors.map((posterior, i) => posterior.denoise(x.slice([i, i + 1]), t)))
      return { g: given.sub(x0hat).mul(alpha / sigma ** 2), residual: residualNorm(operator, y, x0hat) }
    },
  }
}

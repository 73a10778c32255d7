import { linearize } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { scope } from '@tweedie/tensor'
import type { LinearOperator, Prior, Time } from '../types.ts'
import type { RoundGaussian } from './gaussian-fit.ts'
import type { LinearGaussian, ProximalNoise } from './proximal.ts'
import { proximalDraw } from './proximal.ts'

/**
 * A draw of x_ℓ ~ N(x_ℓ; μ, s²I)·N(y; A x̂₀(x_ℓ), σ_y²I) with x̂₀ taken to first order at μ, so that A x̂₀(x) = A x̂₀(μ) + A J(x − μ):
 * by {@link proximalDraw} for A J, whose products are forward and backward passes of one evaluation. Exact for a Gaussian prior.
 *
 * @param noise - Standard normal, like x_ℓ and like y.
 */
export function linearisedDraw(
  { operator, y, sigmaY }: LinearGaussian,
  prior: Prior,
  t: Time,
  { mean, deviation }: RoundGaussian,
  noise: ProximalNoise,
): Tensor {
  return scope(() => {
    const line = linearize((x: Tensor) => prior.denoise(x, t), [mean], { argnums: 0 })
    const through: LinearOperator = {
      name: `${operator.name} of x̂₀`,
      inShape: prior.shape,
      outShape: operator.outShape,
      forward: (v) => operator.forward(line.pushforward(v)),
      adjoint: (r) => line.pullback(operator.adjoint(r)),
    }
    const seen = y.sub(operator.forward(line.value)).add(through.forward(mean))
    const x = proximalDraw({ operator: through, y: seen, sigmaY }, mean, deviation, noise)
    line.dispose()
    return x
  })
}

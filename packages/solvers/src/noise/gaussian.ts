import type { Key, Tensor } from '@tweedie/tensor'
import { normal, OptionError, ShapeError, sameShape, scope } from '@tweedie/tensor'
import type { Noise } from '../types.ts'

/**
 * White Gaussian noise: y = clean + σ_y·ε, in units of the data range [−1, 1] (papers that quote σ_y in [0, 1]
 * mean half of it: their 0.05 is 0.1 here). log p(y | clean) = −‖y − clean‖²/(2σ_y²) − (m/2)·log 2πσ_y² for the m
 * elements of a sample; differentiable in both arguments.
 *
 * @param sigma - σ_y, at least 0. With 0 `sample` returns the clean measurement and `logLikelihood` throws.
 * @throws {OptionError} for a negative or infinite σ_y.
 * @throws {ShapeError} from `sample` without one key per sample, from `logLikelihood` where shapes differ.
 * @example
 * ```ts
 * import { gaussianNoise } from '@tweedie/solvers'
 * import { randomKey, zeros } from '@tweedie/tensor'
 * const noise = gaussianNoise(0.1)
 * noise.sample([randomKey(0), randomKey(1)], zeros([2, 5])).shape // => [2, 5]
 * noise.logLikelihood(zeros([1, 1]), zeros([1, 1])).dataSync() // ≈ [1.38365]
 * ```
 */
export function gaussianNoise(
  sigma: number,
): Noise & { readonly sigma: number; logLikelihood(y: Tensor, clean: Tensor): Tensor } {
  if (!(sigma >= 0 && sigma < Infinity)) {
    throw new OptionError('sigma', `σ_y must be at least 0 and finite (data range [−1, 1]), got ${sigma}`)
  }
  return {
    name: 'gaussian',
    sigma,
    sample(keys: readonly Key[], clean: Tensor): Tensor {
      const [batch, ...rest] = clean.shape
      if (keys.length !== batch) {
        throw new ShapeError(
          'gaussianNoise.sample',
          `${keys.length} keys for a batch of ${batch ?? 'no axis'}`,
          [clean.shape],
        )
      }
      return scope(() => {
        if (sigma === 0) return clean.reshape(clean.shape)
        return clean.add(normal(keys, rest, { dtype: clean.dtype, device: clean.device }).mul(sigma))
      })
    },
    logLikelihood(y: Tensor, clean: Tensor): Tensor {
      if (sigma === 0) {
        throw new OptionError('sigma', 'noise of σ_y = 0 has no density; logLikelihood needs σ_y above 0')
      }
      if (!sameShape(y.shape, clean.shape) || y.shape.length === 0) {
        throw new ShapeError('gaussianNoise.logLikelihood', 'both must be batches of one shape', [
          y.shape,
          clean.shape,
        ])
      }
      return scope(() => {
        const batch = y.shape[0]!
        const residual = y.sub(clean).reshape([batch, batch === 0 ? 0 : y.size / batch])
        const constant = -(residual.shape[1]! / 2) * Math.log(2 * Math.PI * sigma ** 2)
        return residual
          .square()
          .sum(1)
          .mul(-0.5 / sigma ** 2)
          .add(constant)
      })
    },
  }
}

import type { Shape } from '@tweedie/tensor'
import { sameShape } from '@tweedie/tensor'
import type { LatentPrior, Prior } from '../types.ts'

/** Whether a prior is on the latents of its autoencoder. */
export const isLatent = (prior: Prior): prior is LatentPrior =>
  prior.autoencoder !== undefined && sameShape(prior.shape, prior.autoencoder.latentShape)

/**
 * The shape of a picture of a prior: of one on latents, what the decoder makes of them; else that of a sample.
 * @example
 * ```ts
 * import { gaussianPrior, linearAutoencoder, pictureShape } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const autoencoder = linearAutoencoder(tensor([[1, 0], [0, 1], [1, 0], [0, 1]]))
 * const prior = gaussianPrior({ mean: [0, 0], covariance: 1 })
 * pictureShape(prior) // => [2]
 * pictureShape({ ...prior, autoencoder }) // => [4]
 * ```
 */
export const pictureShape = (prior: Prior): Shape => (isLatent(prior) ? prior.autoencoder.shape : prior.shape)

import { vjp } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import type { Look } from '../run/look.ts'
import { lookAt } from '../run/look.ts'
import type { LatentPrior, Time } from '../types.ts'

/** A look at a prior on latents, with the picture of ẑ₀. */
export interface LatentLook extends Look {
  /** D(ẑ₀), [N, …autoencoder.shape]; `x0hat` is ẑ₀. */
  readonly picture: Tensor
  /** v ↦ (∂D/∂ẑ₀)ᵀv, from the shape of a picture to that of a latent. A second call needs `retain` in the first. */
  toLatent(v: Tensor, options?: { retain?: boolean }): Tensor
}

/**
 * {@link lookAt} with the picture that the decoder makes of ẑ₀.
 * @example
 * ```ts
 * import { gaussianPrior, latentLookAt, linearAutoencoder } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const autoencoder = linearAutoencoder(tensor([[0.6], [0.8]]))
 * const prior = { ...gaussianPrior({ mean: [5], covariance: 1 }), autoencoder }
 * const { picture, toLatent } = latentLookAt(prior, tensor([[0]]), 999, false)
 * picture.dataSync() // ≈ [3.00, 4.00]
 * toLatent(tensor([[1, 1]])).dataSync() // ≈ [1.4]
 * ```
 */
export function latentLookAt(prior: LatentPrior, z: Tensor, t: Time, through: boolean): LatentLook {
  const look = lookAt(prior, z, t, through)
  const [picture, back] = vjp((z0: Tensor) => prior.autoencoder.decode(z0), look.x0hat)
  return { ...look, picture, toLatent: (v, options) => back(v, options)[0] }
}

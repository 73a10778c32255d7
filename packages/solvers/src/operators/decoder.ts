import type { Autoencoder } from '../types.ts'
import type { ShownOperator } from './parts.ts'
import { shownOperator } from './parts.ts'

/**
 * The decoder of an autoencoder as an operator z ↦ D(z), [N, …latentShape] to [N, …shape]: not linear, differentiable.
 * `compose(A, decoderOperator(autoencoder))` is a measurement A of pictures as one of latents, which any method that needs
 * no more than gradients takes with a prior on latents: DPS then steps along ∇_z ‖y − A(D(ẑ₀))‖, which is Latent-DPS
 * (arXiv 2307.00619 §3). It has no pseudo-inverse: D(E(D(z))) is not D(z).
 *
 * @example
 * ```ts
 * import { type Autoencoder, compose, decoderOperator, inpaint } from '@tweedie/solvers'
 * import { concat, tensor } from '@tweedie/tensor'
 * const twice: Autoencoder = { name: 'twice', shape: [1, 1, 4], latentShape: [1, 1, 2],
 *   encode: (x) => x.slice(null, null, null, [0, 2]), decode: (z) => concat([z, z], 3) }
 * const measured = compose(inpaint(twice.shape, { box: 1 }), decoderOperator(twice))
 * measured.name // => 'inpaint ∘ decoder of twice'
 * measured.forward(tensor([[[[1, 2]]]])).shape // => [1, 1, 3]
 * ```
 */
export const decoderOperator = ({ name, shape, latentShape, decode }: Autoencoder): ShownOperator =>
  shownOperator(`decoder of ${name}`, { inShape: latentShape, outShape: shape, forward: (z) => decode(z) })

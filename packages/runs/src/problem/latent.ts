import type { Autoencoder, MethodInfo, Operator, Prior } from '@tweedie/solvers'
import { compose, decoderOperator } from '@tweedie/solvers'
import type { Shape, Tensor } from '@tweedie/tensor'
import { sameShape, scope } from '@tweedie/tensor'

/** The autoencoder of a prior on its latents; undefined for a prior on anything else. */
export const latentCoder = ({ shape, autoencoder }: Prior): Autoencoder | undefined =>
  autoencoder !== undefined && sameShape(shape, autoencoder.latentShape) ? autoencoder : undefined

/** The shape of what a prior is for, [C, H, W] of a picture: of one on latents that of the pictures. */
export const picturesOf = (prior: Prior): Shape => latentCoder(prior)?.shape ?? prior.shape

/** Words for needs of a prior on latents: methods that have one of them are handed measurements of pictures. */
const ofLatents: ReadonlySet<string> = new Set(['latent', 'stages'])

/**
 * A measurement of pictures as a method is handed it. A method made for pictures gets, with a prior on latents, the same as
 * a measurement of latents, A ∘ D; a method of latents gets it as it is.
 */
export function operatorFor<O extends Operator>(
  { needs }: Pick<MethodInfo, 'needs'>,
  operator: O,
  prior: Prior,
): O | Operator {
  const coder = latentCoder(prior)
  if (coder === undefined || needs.some((need) => ofLatents.has(need))) return operator
  return compose(operator, decoderOperator(coder))
}

/** Pictures of samples, or of pictures themselves: latents [N, …latentShape] are decoded. Always a new handle. */
export function asPictures(prior: Prior, x: Tensor): Tensor {
  const coder = latentCoder(prior)
  const isLatent = coder !== undefined && sameShape(x.shape.slice(1), coder.latentShape)
  return isLatent ? scope(() => coder.decode(x)) : x.alias()
}

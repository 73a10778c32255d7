import type { MethodInfo, Operator, Prior } from '@tweedie/solvers'
import { compose, decoderOperator, isLatent } from '@tweedie/solvers'
import type { Tensor } from '@tweedie/tensor'
import { sameShape, scope } from '@tweedie/tensor'

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
  if (!isLatent(prior) || needs.some((need) => ofLatents.has(need))) return operator
  return compose(operator, decoderOperator(prior.autoencoder))
}

/** Pictures of samples, or of pictures themselves: latents [N, …latentShape] are decoded. Always a new handle. */
export function asPictures(prior: Prior, x: Tensor): Tensor {
  return isLatent(prior) && sameShape(x.shape.slice(1), prior.shape)
    ? scope(() => prior.autoencoder.decode(x))
    : x.alias()
}

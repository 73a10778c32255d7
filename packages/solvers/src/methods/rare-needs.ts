import { fromData, sameShape, TweedieError } from '@tweedie/tensor'
import { lacksInverse } from '../guidance/pseudo-inverse.ts'
import { preciseDevice } from '../linalg/precise.ts'
import { isLatent, pictureShape } from '../priors/latent.ts'
import type { Operator, Prior, Problem } from '../types.ts'
import { isLinear } from '../types.ts'
import type { NeedRule } from './fit.ts'
import { noSvd } from './fit.ts'

/** How far a singular value may be from 0 or 1: operators are given in float32. */
const slack = 1e-6

function notOrthonormal(operator: Operator): string | undefined {
  if (!isLinear(operator) || operator.svd === undefined) return noSvd(operator)
  const other = operator.svd().singularValues.find((s) => Math.min(Math.abs(s), Math.abs(s - 1)) > slack)
  return other === undefined
    ? undefined
    : `needs orthonormal rows, as of a mask: singular values of 0 or 1; '${operator.name}' has ${other}`
}

/** Orthonormal rows, as those of a mask. */
export const needsOrthonormal: NeedRule<'orthonormal'> = {
  need: 'orthonormal',
  lacks: ({ operator }) => notOrthonormal(operator),
}

/** The adjoint and σ_y of a linear operator, or the pseudo-inverse of another without noise: {@link lacksInverse}. */
export const needsInverse: NeedRule<'inverse'> = { need: 'inverse', lacks: lacksInverse }

const notBlind = ({ name, blind }: Operator): string | undefined =>
  blind === undefined ? `needs an operator with something unknown; all of '${name}' is known` : undefined

function noBlindSvd(operator: Operator): string | undefined {
  const { blind } = operator
  if (blind === undefined) return notBlind(operator)
  using start = fromData(blind.initial, [1, ...blind.shape], { device: preciseDevice() })
  return noSvd(blind.at(start))
}

/** The problem as a blind method may see it: without what y was simulated with. */
function withoutTruth(problem: Problem): Problem {
  const { name, inShape, outShape, differentiable = true, blind } = problem.operator
  if (blind === undefined) return problem
  const forward = (): never => {
    throw new TweedieError(`${name}: a method may not see the true ${blind.parameter}`)
  }
  return { ...problem, operator: { name, inShape, outShape, differentiable, blind, forward } }
}

/** An operator with something unknown, of which the method sees no truth. */
export const needsBlind: NeedRule<'blind'> = {
  need: 'blind',
  lacks: ({ operator }) => notBlind(operator),
  shows: withoutTruth,
}

/** The same, with a singular value decomposition for each value of the unknown. */
export const needsBlindSvd: NeedRule<'blindSvd'> = {
  need: 'blindSvd',
  lacks: ({ operator }) => noBlindSvd(operator),
  shows: withoutTruth,
}

/** A rule of the prior: it is there where none is given. */
const ofPrior =
  (lacks: (prior: Prior) => string | undefined): NeedRule['lacks'] =>
  (_, prior) =>
    prior && lacks(prior)

/** A prior on the latents of an autoencoder. */
export const needsLatent: NeedRule<'latent'> = {
  need: 'latent',
  lacks: ofPrior((prior) =>
    isLatent(prior)
      ? undefined
      : `takes a prior on latents with an autoencoder; '${prior.name}' is one of pictures`,
  ),
  takes: pictureShape,
}

/** A prior on pictures with an autoencoder of such pictures. */
export const needsAutoencoder: NeedRule<'autoencoder'> = {
  need: 'autoencoder',
  lacks: ofPrior(({ name, shape, autoencoder }) =>
    autoencoder === undefined
      ? `takes a prior on pictures with an autoencoder of them; '${name}' has none: { ...prior, autoencoder }`
      : sameShape(autoencoder.shape, shape)
        ? undefined
        : `takes a prior on pictures with an autoencoder of them; '${name}' is one of latents`,
  ),
}

/** A prior on latents whose decoder has stages. */
export const needsStages: NeedRule<'stages'> = {
  need: 'stages',
  lacks: ofPrior(({ name, autoencoder }) =>
    (autoencoder?.stages ?? []).some((stage) => stage.prior !== undefined)
      ? undefined
      : `takes a decoder in stages with a prior on what goes between them; that of '${name}' is whole`,
  ),
}

/** A prior that can be told a class. */
export const needsConditional: NeedRule<'conditional'> = {
  need: 'conditional',
  lacks: ofPrior(({ name, conditional }) =>
    conditional === undefined ? `takes a prior that can be told a class; '${name}' cannot` : undefined,
  ),
}

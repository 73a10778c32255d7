import { fromData, TweedieError } from '@tweedie/tensor'
import { lacksInverse } from '../guidance/pseudo-inverse.ts'
import type { Operator, Problem } from '../types.ts'
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
  using start = fromData(blind.initial, [1, ...blind.shape])
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

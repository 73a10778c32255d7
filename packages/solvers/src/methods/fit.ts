import { fromData, isFloat, ShapeError, sameShape, TweedieError } from '@tweedie/tensor'
import { lacksInverse } from '../guidance/pseudo-inverse.ts'
import { requireFiniteNow } from '../run/finite.ts'
import type { Fitted, Need, Operator, Prior, Problem } from '../types.ts'
import { isLinear } from '../types.ts'

/** What a fit depends on. */
type Posed = Pick<Problem, 'operator' | 'noise'>

interface NeedRule {
  /** In words, for tables. */
  readonly words: string
  /** Why a problem does not have it; undefined where it does. */
  lacks?(problem: Posed): string | undefined
}

const notLinear = (operator: Operator): string | undefined =>
  isLinear(operator) ? undefined : `needs a linear operator; '${operator.name}' has no adjoint()`

const noSvd = (operator: Operator): string | undefined =>
  isLinear(operator) && operator.svd !== undefined
    ? undefined
    : (notLinear(operator) ??
      `needs an operator with a singular value decomposition; '${operator.name}' has no svd()`)

const notBlind = ({ name, blind }: Operator): string | undefined =>
  blind === undefined ? `needs an operator with something unknown; all of '${name}' is known` : undefined

function noBlindSvd(operator: Operator): string | undefined {
  const { blind } = operator
  if (blind === undefined) return notBlind(operator)
  using start = fromData(blind.initial, [1, ...blind.shape])
  return noSvd(blind.at(start))
}

/** A method that does not look for an unknown would take the one that y was simulated with. */
const unasked = ({ name, blind }: Operator, needs: readonly Need[]): string | undefined =>
  blind === undefined || needs.some((need) => need === 'blind' || need === 'blindSvd')
    ? undefined
    : `takes all as known, and '${name}' leaves its ${blind.parameter} unknown: take a blind method, or the ` +
      `operator at a known ${blind.parameter}, operator.blind.at(φ)`

/** How far a singular value may be from 0 or 1: operators are given in float32. */
const slack = 1e-6

function notOrthonormal(operator: Operator): string | undefined {
  if (!isLinear(operator) || operator.svd === undefined) return noSvd(operator)
  const other = operator.svd().singularValues.find((s) => Math.min(Math.abs(s), Math.abs(s - 1)) > slack)
  return other === undefined
    ? undefined
    : `needs orthonormal rows, as of a mask: singular values of 0 or 1; '${operator.name}' has ${other}`
}

/** All needs, as data. Gradients of a prior are not checked: one written in tensor ops has them. */
export const needRules: Readonly<Record<Need, NeedRule>> = {
  linear: { words: 'linear operator', lacks: ({ operator }) => notLinear(operator) },
  svd: {
    words: 'SVD',
    lacks: ({ operator }) => noSvd(operator),
  },
  orthonormal: { words: 'orthonormal rows', lacks: ({ operator }) => notOrthonormal(operator) },
  pinv: {
    words: 'pseudo-inverse',
    lacks: ({ operator }) =>
      operator.pinv !== undefined
        ? undefined
        : `needs an operator with a pseudo-inverse; '${operator.name}' has no pinv()`,
  },
  inverse: { words: 'adjoint and σ_y, or pseudo-inverse without noise', lacks: lacksInverse },
  sigma: {
    words: 'σ_y',
    lacks: ({ noise }) =>
      noise.sigma !== undefined
        ? undefined
        : `needs the noise level σ_y (in units of [−1, 1]); '${noise.name}' has no sigma`,
  },
  likelihood: {
    words: 'noise likelihood',
    lacks: ({ noise }) =>
      noise.likelihood !== undefined
        ? undefined
        : `needs noise of a known likelihood; '${noise.name}' has none`,
  },
  operatorVjp: {
    words: 'operator gradient',
    lacks: ({ operator }) =>
      operator.differentiable !== false
        ? undefined
        : `needs gradients through the operator; those of '${operator.name}' say nothing`,
  },
  blind: { words: 'blind operator', lacks: ({ operator }) => notBlind(operator) },
  blindSvd: { words: 'blind operator with SVD', lacks: ({ operator }) => noBlindSvd(operator) },
  denoiserVjp: { words: 'denoiser gradient' },
}

/** Whether nonlinear operators are among those that a method with these needs can take. */
export const takesNonlinear = (needs: readonly Need[]): boolean =>
  !needs.some((need) => need === 'linear' || need === 'svd' || need === 'orthonormal' || need === 'blindSvd')

/** A problem that a method cannot solve. `method` names it, `need` what is missing, `reason` says so in words. */
export class UnfitError extends TweedieError {
  override readonly name = 'UnfitError'
  readonly method: string
  readonly need: Need
  readonly reason: string
  constructor(method: string, need: Need, reason: string) {
    super(`${method}: ${reason}`)
    this.method = method
    this.need = need
    this.reason = reason
  }
}

/** What {@link checkFit} reads of a method's info. */
export interface Needing<N extends Need = Need> {
  readonly name: string
  readonly needs: readonly N[]
}

/**
 * What a problem lacks for a method: the first of its needs that is not there, and why; undefined where all are.
 * @example
 * ```ts
 * import { ddrm, denoise, lackOf, poissonNoise } from '@tweedie/solvers'
 * lackOf(ddrm.info, { operator: denoise([4]), noise: poissonNoise() })?.need // => 'sigma'
 * ```
 */
export function lackOf(
  { needs }: Pick<Needing, 'needs'>,
  problem: Posed,
): { readonly need: Need; readonly why: string } | undefined {
  const blind = unasked(problem.operator, needs)
  if (blind !== undefined) return { need: 'blind', why: blind }
  for (const need of needs) {
    const why = needRules[need].lacks?.(problem)
    if (why !== undefined) return { need, why }
  }
  return undefined
}

/**
 * Checks, before any work, that a method can solve a problem with a prior; what it needs is then in the type of the
 * problem.
 *
 * @throws {UnfitError} where the operator or the noise is not what the method needs.
 * @throws {ShapeError} where the shapes of y, the operator and the prior disagree.
 * @throws {NonFiniteError} where y holds NaN or infinity, saying where; on a device that is read asynchronously
 * the first step throws it instead.
 * @example
 * ```ts
 * import { checkFit, ddrm, gaussianNoise, gaussianPrior, matrixOperator } from '@tweedie/solvers'
 * import { ones, tensor } from '@tweedie/tensor'
 * const { svd, ...operator } = matrixOperator(tensor([[1, 1]]))
 * const problem = { operator, noise: gaussianNoise(0.1), y: ones([1, 1]) }
 * const prior = gaussianPrior({ mean: [0, 0], covariance: 1 })
 * let message = ''
 * try { checkFit(ddrm.info, problem, prior) } catch (error) { message = String(error) }
 * message // => "UnfitError: ddrm: needs an operator with a singular value decomposition; 'matrixOperator' has no svd()"
 * ```
 */
export function checkFit<N extends Need>(
  { name, needs }: Needing<N>,
  problem: Problem,
  prior: Prior,
): asserts problem is Fitted<N> {
  const { operator, y } = problem
  const lack = lackOf({ needs }, problem)
  if (lack !== undefined) throw new UnfitError(name, lack.need, lack.why)
  if (!sameShape(y.shape.slice(1), operator.outShape) || y.shape.length === 0) {
    throw new ShapeError(name, `y must be a batch of what '${operator.name}' yields`, [
      y.shape,
      operator.outShape,
    ])
  }
  if (!sameShape(operator.inShape, prior.shape)) {
    const message = `'${operator.name}' and the prior '${prior.name}' disagree about a sample`
    throw new ShapeError(name, message, [operator.inShape, prior.shape])
  }
  if (!isFloat(y.dtype)) throw new ShapeError(name, `y must hold floats, not ${y.dtype}`, [y.shape])
  requireFiniteNow(name, 'the measurement y', y)
}

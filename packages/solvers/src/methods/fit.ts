import type { Shape } from '@tweedie/tensor'
import { isFloat, ShapeError, sameShape, TweedieError } from '@tweedie/tensor'
import { requireFiniteNow } from '../run/finite.ts'
import type { Fitted, Need, Operator, Prior, Problem } from '../types.ts'
import { isLinear } from '../types.ts'

/** What a fit depends on, beside the prior. */
export type Posed = Pick<Problem, 'operator' | 'noise'>

/** What a need asks of a problem. */
export interface NeedRule<N extends Need = Need> {
  readonly need: N
  /** Why a problem does not have it, or a prior, which is not asked where none is given; undefined where they do. */
  lacks(problem: Posed, prior?: Prior): string | undefined
  /** What a method that needs it may see of a problem; all of it where left out. */
  shows?(problem: Problem): Problem
  /** What the operator has to take, where that is not a sample of the prior. */
  takes?(prior: Prior): Shape
}

/**
 * A need that its word is enough for. A method of a rare one gives its rule, as `needsBlind`, in place of the word: so others
 * do not load it.
 */
export type CommonNeed = Exclude<
  Need,
  'orthonormal' | 'inverse' | 'blind' | 'blindSvd' | 'latent' | 'autoencoder' | 'stages' | 'conditional'
>

/** The word of a need, given as a word or by its rule. */
export type WordOf<N extends CommonNeed | NeedRule> = N extends NeedRule ? N['need'] : Extract<N, CommonNeed>

const notLinear = (operator: Operator): string | undefined =>
  isLinear(operator) ? undefined : `needs a linear operator; '${operator.name}' has no adjoint()`

/** Why an operator has no singular value decomposition; undefined where it has one. */
export const noSvd = (operator: Operator): string | undefined =>
  isLinear(operator) && operator.svd !== undefined
    ? undefined
    : (notLinear(operator) ??
      `needs an operator with a singular value decomposition; '${operator.name}' has no svd()`)

/** A method that does not look for an unknown would take the one that y was simulated with. */
const unasked = ({ name, blind }: Operator, rules: readonly NeedRule[]): string | undefined =>
  blind === undefined || rules.some(({ need }) => need === 'blind' || need === 'blindSvd')
    ? undefined
    : `takes all as known, and '${name}' leaves its ${blind.parameter} unknown: take a blind method, or the ` +
      `operator at a known ${blind.parameter}, operator.blind.at(φ)`

/** Those of many methods, as data. Gradients of a prior are not checked: one written in tensor ops has them. */
const commonRules: Readonly<Record<CommonNeed, NeedRule['lacks']>> = {
  linear: ({ operator }) => notLinear(operator),
  svd: ({ operator }) => noSvd(operator),
  pinv: ({ operator }) =>
    operator.pinv !== undefined
      ? undefined
      : `needs an operator with a pseudo-inverse; '${operator.name}' has no pinv()`,
  sigma: ({ noise }) =>
    noise.sigma !== undefined
      ? undefined
      : `needs the noise level σ_y (in units of [−1, 1]); '${noise.name}' has no sigma`,
  likelihood: ({ noise }) =>
    noise.likelihood !== undefined
      ? undefined
      : `needs noise of a known likelihood; '${noise.name}' has none`,
  operatorVjp: ({ operator }) =>
    operator.differentiable !== false
      ? undefined
      : `needs gradients through the operator; those of '${operator.name}' say nothing`,
  denoiserVjp: () => undefined,
}

/**
 * The rules of needs, each a word or a rule already.
 * @example
 * ```ts
 * import { needsBlind, rulesOf } from '@tweedie/solvers'
 * rulesOf(['sigma', needsBlind]).map(({ need }) => need) // => ['sigma', 'blind']
 * ```
 */
export const rulesOf = (needs: readonly (CommonNeed | NeedRule)[]): readonly NeedRule[] =>
  needs.map((need) => (typeof need === 'string' ? { need, lacks: commonRules[need] } : need))

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
  readonly rules: readonly NeedRule<N>[]
}

/**
 * What a problem lacks for a method, and a prior where one is given: the first of its needs that is not there, and why;
 * undefined where all are.
 * @example
 * ```ts
 * import { ddrm, denoise, lackOf, poissonNoise } from '@tweedie/solvers'
 * lackOf(ddrm.info, { operator: denoise([4]), noise: poissonNoise() })?.need // => 'sigma'
 * ```
 */
export function lackOf(
  { rules }: Pick<Needing, 'rules'>,
  problem: Posed,
  prior?: Prior,
): { readonly need: Need; readonly why: string } | undefined {
  const blind = unasked(problem.operator, rules)
  if (blind !== undefined) return { need: 'blind', why: blind }
  for (const { need, lacks } of rules) {
    const why = lacks(problem, prior)
    if (why !== undefined) return { need, why }
  }
  return undefined
}

/**
 * Checks, before any work, that a method can solve a problem with a prior; what it needs is then in the type of the
 * problem.
 *
 * @throws {UnfitError} where the operator, the noise or the prior is not what the method needs.
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
  { name, rules }: Needing<N>,
  problem: Problem,
  prior: Prior,
): asserts problem is Fitted<N> {
  const { operator, y } = problem
  const lack = lackOf({ rules }, problem, prior)
  if (lack !== undefined) throw new UnfitError(name, lack.need, lack.why)
  if (!sameShape(y.shape.slice(1), operator.outShape) || y.shape.length === 0) {
    throw new ShapeError(name, `y must be a batch of what '${operator.name}' yields`, [
      y.shape,
      operator.outShape,
    ])
  }
  const shape = rules.reduce((shape, { takes }) => takes?.(prior) ?? shape, prior.shape)
  if (!sameShape(operator.inShape, shape)) {
    const hint = prior.autoencoder ? ': take a latent method' : ''
    const message = `'${operator.name}' and the prior '${prior.name}' disagree about a sample${hint}`
    throw new ShapeError(name, message, [operator.inShape, shape])
  }
  if (!isFloat(y.dtype)) throw new ShapeError(name, `y must hold floats, not ${y.dtype}`, [y.shape])
  requireFiniteNow(name, 'the measurement y', y)
}

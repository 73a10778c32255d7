import { isFloat, ShapeError, sameShape, TweedieError } from '@tweedie/tensor'
import { requireFiniteNow } from '../run/finite.ts'
import type { Prior, Problem } from '../types.ts'
import { isLinear } from '../types.ts'

/** What a method asks of its problem, as data; see {@link checkFit}. */
export interface MethodTraits {
  /** Name as in the registry. */
  readonly name: string
  readonly needs: {
    /** Gradients through the denoiser: about three times the cost of a plain evaluation. */
    readonly denoiserVjp: boolean
    /** Gradients through the operator (for a linear one, its adjoint). */
    readonly operatorVjp: boolean
    /** `operator.svd`. */
    readonly svd: boolean
    /** `operator.pinv`. */
    readonly pinv: boolean
    /** `noise.sigma`, the standard deviation σ_y in units of the range [−1, 1]. */
    readonly sigma: boolean
  }
  readonly supports: {
    readonly linear: boolean
    readonly nonlinear: boolean
    /** Names of the noise laws that it is right for. */
    readonly noise: readonly string[]
  }
}

/** A problem that a method cannot solve. `method` names it, `need` what is missing. */
export class UnfitError extends TweedieError {
  override readonly name = 'UnfitError'
  readonly method: string
  readonly need: keyof MethodTraits['needs'] | 'linear' | 'noise'
  constructor(method: string, need: UnfitError['need'], message: string) {
    super(`${method}: ${message}`)
    this.method = method
    this.need = need
  }
}

/**
 * Checks, before any work, that a method can solve a problem with a prior.
 *
 * @throws {UnfitError} where the operator or the noise is not what the method needs.
 * @throws {ShapeError} where the shapes of y, the operator and the prior disagree.
 * @throws {NonFiniteError} where y holds NaN or infinity, saying where; on a device that is read asynchronously
 * the first step throws it instead.
 * @example
 * ```ts
 * import { checkFit, gaussianNoise, gaussianPrior, matrixOperator, methods } from '@tweedie/solvers'
 * import { ones, tensor } from '@tweedie/tensor'
 * const { svd, ...operator } = matrixOperator(tensor([[1, 1]]))
 * const problem = { operator, noise: gaussianNoise(0.1), y: ones([1, 1]) }
 * const prior = gaussianPrior({ mean: [0, 0], covariance: 1 })
 * let message = ''
 * try { checkFit(methods.ddrm, problem, prior) } catch (error) { message = String(error) }
 * message // => "UnfitError: ddrm: needs an operator with a singular value decomposition; 'matrixOperator' has no svd()"
 * ```
 */
export function checkFit(method: MethodTraits, problem: Problem, prior: Prior): void {
  const { name, needs, supports } = method
  const { operator, noise, y } = problem
  const unfit = (need: UnfitError['need'], message: string) => new UnfitError(name, need, message)
  const linear = isLinear(operator)
  if (!linear && !supports.nonlinear) {
    throw unfit('linear', `needs a linear operator; '${operator.name}' has no adjoint()`)
  }
  if (needs.svd && !(linear && operator.svd !== undefined)) {
    const what = 'needs an operator with a singular value decomposition'
    throw unfit('svd', `${what}; '${operator.name}' has no svd()`)
  }
  if (needs.pinv && !(linear && operator.pinv !== undefined)) {
    throw unfit('pinv', `needs an operator with a pseudo-inverse; '${operator.name}' has no pinv()`)
  }
  if (!supports.noise.includes(noise.name)) {
    throw unfit('noise', `is for ${supports.noise.join(' or ')} noise, not '${noise.name}'`)
  }
  if (needs.sigma && noise.sigma === undefined) {
    throw unfit('sigma', `needs the noise level σ_y (in units of [−1, 1]); '${noise.name}' has no sigma`)
  }
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

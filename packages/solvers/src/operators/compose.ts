import { OptionError, ShapeError, sameShape } from '@tweedie/tensor'
import type { Blind, LinearOperator, Operator } from '../types.ts'
import { isLinear } from '../types.ts'
import type { ShownOperator } from './parts.ts'
import { linearOperator, shownOperator } from './parts.ts'

const hasDisplay = (operator: Operator): operator is ShownOperator => 'display' in operator

/** What is unknown of A ∘ B: what is of the one or of the other. */
function blindOf(a: Operator, b: Operator): Blind | undefined {
  if (a.blind && b.blind)
    throw new OptionError('compose', `'${a.name}' and '${b.name}' both leave something unknown; one may`)
  if (a.blind) {
    const { apply, at } = a.blind
    return { ...a.blind, apply: (x, phi) => apply(b.forward(x), phi), at: (phi) => compose(at(phi), b) }
  }
  if (b.blind) {
    const { apply, at } = b.blind
    return { ...b.blind, apply: (x, phi) => a.forward(apply(x, phi)), at: (phi) => compose(a, at(phi)) }
  }
  return undefined
}

/**
 * A ∘ B, x ↦ A(B(x)): linear where both are, with the adjoint BᵀAᵀ. It shows a measurement as A does. What is unknown
 * of one of them is of the composition.
 *
 * @throws {ShapeError} where A does not take what B yields.
 * @throws {OptionError} where both leave something unknown.
 * @example
 * ```ts
 * import { blur, compose, sr } from '@tweedie/solvers'
 * const shape = [1, 8, 8]
 * const camera = compose(sr(shape, { factor: 2 }), blur(shape, { size: 3, std: 1 }))
 * camera.name // => 'sr ∘ blur'
 * camera.outShape // => [1, 4, 4]
 * ```
 */
export function compose(a: LinearOperator, b: LinearOperator): LinearOperator & ShownOperator
export function compose(a: Operator, b: Operator): ShownOperator
export function compose(a: Operator, b: Operator): ShownOperator {
  const name = `${a.name} ∘ ${b.name}`
  if (!sameShape(a.inShape, b.outShape)) {
    throw new ShapeError(name, `'${a.name}' must take what '${b.name}' yields`, [a.inShape, b.outShape])
  }
  const blind = blindOf(a, b)
  const parts = {
    inShape: b.inShape,
    outShape: a.outShape,
    forward: (x) => a.forward(b.forward(x)),
    ...([a, b].some(({ differentiable }) => differentiable === false) && { differentiable: false }),
    ...(blind && { blind }),
    ...(hasDisplay(a) && { display: (y) => a.display(y) }),
  } satisfies Parameters<typeof shownOperator>[1]
  return isLinear(a) && isLinear(b)
    ? linearOperator(name, { ...parts, adjoint: (y) => b.adjoint(a.adjoint(y)) })
    : shownOperator(name, parts)
}

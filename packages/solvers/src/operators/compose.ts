import { ShapeError, sameShape } from '@tweedie/tensor'
import type { LinearOperator, Operator } from '../types.ts'
import { isLinear } from '../types.ts'
import type { ShownOperator } from './parts.ts'
import { linearOperator, shownOperator } from './parts.ts'

const hasDisplay = (operator: Operator): operator is ShownOperator => 'display' in operator

/**
 * A ∘ B, x ↦ A(B(x)): linear where both are, with the adjoint BᵀAᵀ. It shows a measurement as A does.
 *
 * @throws {ShapeError} where A does not take what B yields.
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
  const parts = {
    inShape: b.inShape,
    outShape: a.outShape,
    forward: (x) => a.forward(b.forward(x)),
    ...(hasDisplay(a) && { display: (y) => a.display(y) }),
  } satisfies Parameters<typeof shownOperator>[1]
  return isLinear(a) && isLinear(b)
    ? linearOperator(name, { ...parts, adjoint: (y) => b.adjoint(a.adjoint(y)) })
    : shownOperator(name, parts)
}

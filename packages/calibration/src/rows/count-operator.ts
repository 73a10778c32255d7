import type { LinearOperator, Operator, Svd } from '@tweedie/solvers'
import { isLinear } from '@tweedie/solvers'
import type { Tensor } from '@tweedie/tensor'
import { activeInterpreters, ifRunAgain } from '@tweedie/tensor'

/** How often an operator was applied. */
export interface OperatorCalls {
  total: number
}

type Counted = <A extends readonly Tensor[]>(f: (...args: A) => Tensor) => (...args: A) => Tensor

/**
 * An operator whose applications to a batch are counted, those of A, Aᵀ, A⁺ and of the factors of its decomposition alike. One that
 * is recorded on a tape counts twice: it is gone back through. Of a blind operator those for a φ count as well.
 * @param calls - Where they are counted.
 * @example
 * ```ts
 * import { countOperator } from '@tweedie/calibration'
 * import { inpaint } from '@tweedie/solvers'
 * import { ones } from '@tweedie/tensor'
 * const operator = countOperator(inpaint([1, 8, 8], { box: 4 }))
 * operator.adjoint(operator.forward(ones([1, 1, 8, 8])))
 * operator.calls.total // => 2
 * ```
 */
export function countOperator<O extends Operator>(
  operator: O,
  calls: OperatorCalls = { total: 0 },
): O & { readonly calls: OperatorCalls } {
  const counted: Counted =
    (f) =>
    (...args) => {
      const count = activeInterpreters().length > 0 ? 2 : 1
      calls.total += count
      ifRunAgain(() => {
        calls.total -= count
      })
      return f(...args)
    }
  const { pinv, blind } = operator
  return {
    ...operator,
    calls,
    forward: counted((x: Tensor) => operator.forward(x)),
    ...(pinv && { pinv: counted((y: Tensor) => pinv.call(operator, y)) }),
    ...(blind && {
      blind: {
        ...blind,
        apply: counted((x: Tensor, phi: Tensor) => blind.apply(x, phi)),
        at: (phi: Tensor) => countOperator(blind.at(phi), calls),
      },
    }),
    ...(isLinear(operator) && linearParts(operator, counted)),
  }
}

function linearParts(operator: LinearOperator, counted: Counted) {
  const { svd } = operator
  const decomposed = (own: Svd): Svd => ({
    singularValues: own.singularValues,
    vt: counted((x: Tensor) => own.vt(x)),
    v: counted((c: Tensor) => own.v(c)),
    ut: counted((y: Tensor) => own.ut(y)),
    u: counted((c: Tensor) => own.u(c)),
  })
  let made: Svd | undefined
  return {
    adjoint: counted((y: Tensor) => operator.adjoint(y)),
    ...(svd && { svd: () => (made ??= decomposed(svd.call(operator))) }),
  }
}

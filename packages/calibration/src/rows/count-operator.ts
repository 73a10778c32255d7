import type { LinearOperator, Operator, Svd } from '@tweedie/solvers'
import { isLinear } from '@tweedie/solvers'
import type { Tensor } from '@tweedie/tensor'

/** An operator whose applications are counted, those of A, Aᵀ, A⁺ and of the factors of its decomposition alike. */
export function countOperator<O extends Operator>(operator: O): O & { readonly calls: { total: number } } {
  const calls = { total: 0 }
  const counted =
    (f: (x: Tensor) => Tensor) =>
    (x: Tensor): Tensor => {
      calls.total++
      return f(x)
    }
  const { pinv } = operator
  return {
    ...operator,
    calls,
    forward: counted((x) => operator.forward(x)),
    ...(pinv && { pinv: counted((y) => pinv.call(operator, y)) }),
    ...(isLinear(operator) && linearParts(operator, counted)),
  }
}

function linearParts(operator: LinearOperator, counted: (f: (x: Tensor) => Tensor) => (x: Tensor) => Tensor) {
  const { svd } = operator
  let made: Svd | undefined
  const decomposed = (): Svd => {
    const { singularValues, vt, v, ut, u } = svd?.call(operator) ?? unreachable()
    return { singularValues, vt: counted(vt), v: counted(v), ut: counted(ut), u: counted(u) }
  }
  return {
    adjoint: counted((y) => operator.adjoint(y)),
    ...(svd && { svd: () => (made ??= decomposed()) }),
  }
}

function unreachable(): never {
  throw new TypeError('countOperator: no decomposition')
}

import { vjp } from '@tweedie/autograd'
import { isLinear } from '@tweedie/solvers'
import type { Tensor } from '@tweedie/tensor'
import type { Op } from './cases/case.ts'
import { operatorOf } from './cases/operators.ts'

/** A function that runs an operator case once: A(x), with Aᵀdy where a cotangent is given; by a tape of a nonlinear A. */
export function operatorRun(
  { spec }: Extract<Op, { kind: 'operator' }>,
  { x, dy }: Readonly<Record<string, Tensor>>,
): { run: () => Tensor[]; free: () => void } {
  const operator = operatorOf(spec)
  const free = () => undefined
  if (x === undefined) throw new Error('no x')
  if (dy === undefined) return { run: () => [operator.forward(x)], free }
  if (isLinear(operator)) return { run: () => [operator.forward(x), operator.adjoint(dy)], free }
  return {
    run: () => {
      const [y, pullback] = vjp(operator.forward, x)
      return [y, ...pullback(dy)]
    },
    free,
  }
}

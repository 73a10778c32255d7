import { vjp } from '@tweedie/autograd'
import type { LinearOperator, Svd } from '@tweedie/solvers'
import { ddrmWeights, isLinear, rankCut, residualNorm, spectralMove } from '@tweedie/solvers'
import type { Tensor } from '@tweedie/tensor'
import type { Op } from './cases/case.ts'
import { operatorOf } from './cases/operators.ts'

/** What DDRM does between two evaluations of its network, at its defaults, σ_y = 0.05, from σ = 1 to σ = 0.8. */
function ddrmStep(
  operator: LinearOperator & { svd(): Svd },
  { x, x0hat, y, z }: Readonly<Record<'x' | 'x0hat' | 'y' | 'z', Tensor>>,
): () => Tensor[] {
  const svd = operator.svd()
  const measurement = { svd, singular: rankCut(svd, 1e-4), y, sigmaY: 0.05 }
  const alpha = { from: Math.SQRT1_2, to: 1 / Math.hypot(1, 0.8) }
  const weights = (s: number) => ddrmWeights(s, 0.05, 1, 0.8, { eta: 0.85, etaB: 1 })
  return () => [spectralMove(measurement, { x, x0hat }, alpha, weights, z), residualNorm(operator, y, x0hat)]
}

/** A function that runs an operator case once: A(x), with Aᵀdy where a cotangent is given; by a tape of a nonlinear A. */
export function operatorRun(
  { spec, task }: Extract<Op, { kind: 'operator' }>,
  { x, dy, x0hat, y, z }: Readonly<Record<string, Tensor>>,
): { run: () => Tensor[]; free: () => void } {
  const operator = operatorOf(spec)
  const free = () => undefined
  if (x === undefined) throw new Error('no x')
  if (task === 'DDRM step') {
    if (!isLinear(operator) || operator.svd === undefined) throw new Error(`${spec} has no svd`)
    if (x0hat === undefined || y === undefined || z === undefined) throw new Error('no x̂₀, y or z')
    return { run: ddrmStep({ ...operator, svd: operator.svd }, { x, x0hat, y, z }), free }
  }
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

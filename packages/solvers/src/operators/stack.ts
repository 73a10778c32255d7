import type { Shape, Tensor } from '@tweedie/tensor'
import { concat, OptionError, ShapeError, sameShape, sizeOf } from '@tweedie/tensor'
import { batchOf } from '../linalg/per-sample.ts'
import type { LinearOperator, Operator } from '../types.ts'
import { isLinear } from '../types.ts'
import type { ShownOperator } from './parts.ts'
import { linearOperator, shownOperator } from './parts.ts'

const hasDisplay = (operator: Operator): operator is ShownOperator => 'display' in operator

/**
 * Several measurements of one picture, as one: y is what each measures, flat, one after the other. Linear where all are,
 * with the sum of the adjoints. It shows what the first one measured; noise is the same law for all.
 *
 * @throws {ShapeError} where they do not take the same x.
 * @throws {OptionError} without a measurement, or where one leaves something unknown.
 * @example
 * ```ts
 * import { inpaint, sr, stack } from '@tweedie/solvers'
 * const both = stack(sr([1, 4, 4], { factor: 2 }), inpaint([1, 4, 4], { box: 2 }))
 * both.name // => 'sr + inpaint'
 * both.outShape // => [16]
 * ```
 */
export function stack(...operators: readonly LinearOperator[]): LinearOperator & ShownOperator
export function stack(...operators: readonly Operator[]): ShownOperator
export function stack(...operators: readonly Operator[]): ShownOperator {
  const [first] = operators
  if (first === undefined) throw new OptionError('stack', 'needs at least one operator')
  const { inShape } = first
  const name = operators.map((operator) => operator.name).join(' + ')
  for (const operator of operators) {
    if (!sameShape(operator.inShape, inShape))
      throw new ShapeError(name, `all must take what '${first.name}' takes`, [operator.inShape, inShape])
    if (operator.blind !== undefined)
      throw new OptionError('stack', `'${operator.name}' leaves its ${operator.blind.parameter} unknown`)
  }
  const ends = operators.map((_, k) => sumOf(operators.slice(0, k + 1)))
  const part = (y: Tensor, k: number) => {
    const shape: Shape = operators[k]?.outShape ?? []
    return y.slice(null, [ends[k - 1] ?? 0, ends[k] ?? null]).reshape([batchOf(y), ...shape])
  }
  const parts = {
    inShape,
    outShape: [sumOf(operators)],
    forward: (x) =>
      concat(
        operators.map(({ forward, outShape }) => forward(x).reshape([batchOf(x), sizeOf(outShape)])),
        1,
      ),
    ...(operators.some(({ differentiable }) => differentiable === false) && { differentiable: false }),
    display: (y) => (hasDisplay(first) ? first.display(part(y, 0)) : part(y, 0)),
  } satisfies Parameters<typeof shownOperator>[1]
  if (!operators.every(isLinear)) return shownOperator(name, parts)
  const adjoint = (y: Tensor) =>
    operators.map((operator, k) => operator.adjoint(part(y, k))).reduce((sum, x) => sum.add(x))
  return linearOperator(name, { ...parts, adjoint })
}

const sumOf = (operators: readonly Operator[]): number =>
  operators.reduce((sum, { outShape }) => sum + sizeOf(outShape), 0)

import { vjp } from '@tweedie/autograd'
import { scope } from '@tweedie/tensor'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { operatorNorm, powerIteration } from '../linalg/index.ts'
import type { Linear } from './cases.test.helper.ts'
import { batch, close, dot, linearCases, norm } from './cases.test.helper.ts'

// What every linear operator obeys beside the laws of `every-operator.test.ts`; `spectral.test.ts` has those of
// operators with a decomposition.

/** About ‖A‖, as a scale for rounding. */
const sizeOfMap = (operator: Linear) =>
  operator.svd === undefined ? powerIteration(operator, { iterations: 10 }) : operatorNorm(operator)

describe.each(linearCases)('%s', (_name, arbitrary) => {
  const holds = (property: (operator: Linear, seed: number) => void, numRuns = 40) =>
    fc.assert(
      fc.property(arbitrary, fc.nat(1e6), ({ operator }, seed) => scope(() => property(operator, seed))),
      { numRuns },
    )

  test.each([
    ['float64', 1e-12],
    ['float32', 1e-6],
  ] as const)('⟨Ax, y⟩ = ⟨x, Aᵀy⟩ in %s, which every map keeps', (dtype, tolerance) => {
    holds((operator, seed) => {
      const [x, y] = [batch(operator.inShape, seed, dtype), batch(operator.outShape, seed + 1, dtype)]
      const [ax, aty] = [operator.forward(x), operator.adjoint(y)]
      expect([ax.dtype, aty.dtype, operator.pinv?.(y).dtype ?? dtype]).toEqual([dtype, dtype, dtype])
      expect(ax.shape).toEqual([2, ...operator.outShape])
      expect(aty.shape).toEqual([2, ...operator.inShape])
      // Rounding grows with ‖A‖‖x‖‖y‖, which is ‖Ax‖‖y‖ unless x happens to lie across A's rows.
      const scale = Math.max(norm(ax), sizeOfMap(operator) * norm(x)) * norm(y)
      expect(Math.abs(dot(ax, y) - dot(x, aty))).toBeLessThanOrEqual(tolerance * scale)
    })
  })

  test('the adjoint is the VJP of forward, and forward that of the adjoint', () => {
    holds((operator, seed) => {
      const [x, y] = [batch(operator.inShape, seed), batch(operator.outShape, seed + 1)]
      const scale = sizeOfMap(operator) * (norm(x) + norm(y))
      const [ax, pullback] = vjp(operator.forward, x)
      close(ax, operator.forward(x), 0)
      close(pullback(y)[0]!, operator.adjoint(y), 1e-12 * scale)
      const [, back] = vjp(operator.adjoint, y)
      close(back(x)[0]!, operator.forward(x), 1e-12 * scale)
    })
  })

  test('is linear', () => {
    holds((operator, seed) => {
      const [x, z] = [batch(operator.inShape, seed), batch(operator.inShape, seed + 1)]
      const whole = operator.forward(x.mul(2.5).sub(z))
      const parts = operator.forward(x).mul(2.5).sub(operator.forward(z))
      close(whole, parts, 1e-12 * sizeOfMap(operator) * (norm(x) + norm(z)))
    })
  })
})

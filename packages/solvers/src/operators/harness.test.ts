import { vjp } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { DTypeError, fromData, memory, ShapeError, scope, sizeOf, transpose, zeros } from '@tweedie/tensor'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { operatorNorm, powerIteration } from '../linalg/index.ts'
import type { Linear } from './cases.test.helper.ts'
import { batch, close, dot, linearCases, norm } from './cases.test.helper.ts'

// What every linear operator obeys; `spectral.test.ts` has the laws of those with a decomposition.

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

  test('a batch of three equals three singles, views and other devices included', () => {
    holds((operator, seed) => {
      const x = batch(operator.inShape, seed, 'float64', 3)
      const y = operator.forward(x)
      const tolerance = 1e-13 * sizeOfMap(operator) * norm(x)
      const singles = (map: (x: Tensor) => Tensor, of: Tensor, all: Tensor, slack: number) => {
        for (let i = 0; i < 3; i++) close(map(of.slice([i, i + 1])), all.slice([i, i + 1]), slack)
      }
      singles(operator.forward, x, y, tolerance)
      singles(operator.adjoint, y, operator.adjoint(y), tolerance * sizeOfMap(operator))
      const { pinv } = operator
      if (pinv !== undefined) singles(pinv, y, pinv(y), 1e-12 * norm(pinv(y)))
      // The same values behind other strides.
      const backwards = transpose(fromData(transpose(x).dataSync(), [...x.shape].reverse()))
      expect(backwards.isContiguous && sizeOf(operator.inShape) > 1).toBe(false)
      close(operator.forward(backwards), y, tolerance)
      const elsewhere = fromData(x.dataSync(), x.shape, { device: 'reference' })
      close(operator.forward(elsewhere), y, tolerance)
      expect(operator.forward(elsewhere).device.name).toBe('reference')
    }, 20)
  })

  test('leaves one tensor per call behind', () => {
    holds((operator, seed) => {
      const [x, y, c] = [
        batch(operator.inShape, seed),
        batch(operator.outShape, seed),
        batch([sizeOf(operator.inShape)], seed),
      ]
      const svd = operator.svd?.()
      const calls: [(t: Tensor) => Tensor, Tensor][] = [
        [operator.forward, x],
        [operator.adjoint, y],
        [operator.display, y],
      ]
      if (operator.pinv !== undefined) calls.push([operator.pinv, y])
      if (svd !== undefined) calls.push([svd.vt, x], [svd.v, c], [svd.ut, y], [svd.u, c])
      for (const [map, input] of calls) {
        map(input).dispose() // makes the constants, which stay
        const before = memory().tensors
        const result = map(input)
        expect(memory().tensors - before).toBe(1)
        expect(result).not.toBe(input)
        result.dispose()
        expect(input.isDisposed).toBe(false)
        expect(memory().tensors).toBe(before)
      }
    }, 15)
  })

  test('names the shapes that fit, and takes floats only', () => {
    holds((operator) => {
      const { inShape, outShape } = operator
      const maps = [
        [operator.forward, inShape],
        [operator.adjoint, outShape],
        [operator.pinv ?? operator.adjoint, outShape],
      ] as const
      for (const [map, shape] of maps) {
        expect(() => map(zeros(shape))).toThrow(ShapeError)
        expect(() => map(zeros([1, ...shape, 1]))).toThrow(`[N, ${shape.join(', ')}]`)
        expect(() => map(zeros([1, ...shape.slice(1), shape[0]! + 1]))).toThrow(ShapeError)
        expect(() => map(zeros([1, ...shape], { dtype: 'int32' }))).toThrow(DTypeError)
      }
      expect(operator.observed).toBe(sizeOf(outShape))
      expect(operator.display(zeros([2, ...outShape])).shape[0]).toBe(2)
    }, 10)
  })
})

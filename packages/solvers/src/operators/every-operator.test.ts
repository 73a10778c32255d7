import { jvp, vjp } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { DTypeError, fromData, memory, ShapeError, scope, sizeOf, transpose, zeros } from '@tweedie/tensor'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isLinear } from '../types.ts'
import { allCases, batch, close, dot, norm } from './cases.test.helper.ts'
import type { ShownOperator } from './index.ts'

type Maps = [name: string, map: (x: Tensor) => Tensor, inputs: readonly number[]][]
/** All maps of an operator, by what it has, with the shapes that they take. */
function mapsOf(operator: ShownOperator): Maps {
  const { inShape, outShape, forward, display } = operator
  const maps: Maps = [
    ['forward', forward, inShape],
    ['display', display, outShape],
  ]
  if (operator.pinv !== undefined) maps.push(['pinv', operator.pinv, outShape])
  if (!isLinear(operator)) return maps
  maps.push(['adjoint', operator.adjoint, outShape])
  if (operator.svd === undefined) return maps
  const { vt, v, ut, u } = operator.svd()
  const n = [sizeOf(inShape)]
  return [...maps, ['svd.vt', vt, inShape], ['svd.v', v, n], ['svd.ut', ut, outShape], ['svd.u', u, n]]
}

describe.each(allCases)('%s', (_name, arbitrary) => {
  const holds = (property: (operator: ShownOperator, seed: number) => void, numRuns: number) =>
    fc.assert(
      fc.property(arbitrary, fc.nat(1e6), ({ operator }, seed) => scope(() => property(operator, seed))),
      { numRuns },
    )

  test('a batch of three equals three singles, views and other devices included', () => {
    holds((operator, seed) => {
      for (const [, map, shape] of mapsOf(operator)) {
        const x = batch(shape, seed, 'float64', 3)
        const y = map(x)
        const tolerance = 1e-12 * (norm(x) + norm(y))
        for (let i = 0; i < 3; i++) close(map(x.slice([i, i + 1])), y.slice([i, i + 1]), tolerance)
        // The same values behind other strides.
        const backwards = transpose(fromData(transpose(x).dataSync(), [...x.shape].reverse()))
        expect(backwards.isContiguous && sizeOf(shape) > 1).toBe(false)
        close(map(backwards), y, tolerance)
        const elsewhere = map(fromData(x.dataSync(), x.shape, { device: 'reference' }))
        close(elsewhere, y, tolerance)
        expect(elsewhere.device.name).toBe('reference')
      }
    }, 15)
  })

  test('derivatives go forwards and backwards alike: ⟨Jv, w⟩ = ⟨v, Jᵀw⟩', () => {
    holds((operator, seed) => {
      const [x, v, w] = [
        batch(operator.inShape, seed),
        batch(operator.inShape, seed + 1),
        batch(operator.outShape, seed + 2),
      ]
      const [y, along] = jvp(operator.forward, [x], [v])
      const [again, pullback] = vjp(operator.forward, x)
      close(y, operator.forward(x), 0)
      close(again, y, 0)
      const back = pullback(w)[0]
      const scale = norm(along) * norm(w) + norm(v) * norm(back)
      expect(Math.abs(dot(along, w) - dot(v, back))).toBeLessThanOrEqual(1e-12 * scale + 1e-12)
    }, 15)
  })

  test('A(A†(A(x))) = A(x) where there is A†', () => {
    holds((operator, seed) => {
      // In the data range and beyond. Of linear operators `spectral.test.ts` asks more.
      const { pinv, forward, inShape } = operator
      if (pinv === undefined || isLinear(operator)) return
      for (const [dtype, tolerance] of [
        ['float64', 1e-12],
        ['float32', 1e-4],
      ] as const) {
        const y = forward(batch(inShape, seed, dtype).mul(0.7))
        close(forward(pinv(y)), y, tolerance * (1 + norm(y)))
        expect(pinv(y).dtype).toBe(dtype)
      }
    }, 15)
  })

  test('leaves one tensor per call behind', () => {
    holds((operator, seed) => {
      for (const [, map, shape] of mapsOf(operator)) {
        const input = batch(shape, seed)
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
      for (const [name, map, shape] of mapsOf(operator)) {
        expect(() => map(zeros(shape))).toThrow(ShapeError)
        expect(() => map(zeros([1, ...shape, 1]))).toThrow(
          `${operator.name}.${name}: takes a batch [N, ${shape.join(', ')}]`,
        )
        expect(() => map(zeros([1, ...shape.slice(1), (shape[0] ?? 0) + 1]))).toThrow(ShapeError)
        expect(() => map(zeros([1, ...shape], { dtype: 'int32' }))).toThrow(DTypeError)
        expect(map(zeros([2, ...shape])).shape[0]).toBe(2)
      }
      expect(operator.observed).toBe(sizeOf(operator.outShape))
    }, 10)
  })
})

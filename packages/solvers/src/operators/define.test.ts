import { eye, flip, fromData, OptionError, ones, ShapeError, tensor } from '@tweedie/tensor'
import fc from 'fast-check'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { denseMatrix } from '../linalg/index.ts'
import { integer, number } from '../options/index.ts'
import type { LinearOperator, Svd } from '../types.ts'
import { isLinear } from '../types.ts'
import { close, composable } from './cases.test.helper.ts'
import type { ShownOperator, SpectralOperator } from './index.ts'
import * as named from './index.ts'
import {
  compose,
  defineLinear,
  defineOperator,
  linearOperator,
  matrixOperator,
  operators,
  sr,
} from './index.ts'

const scaled = defineLinear({
  name: 'scaled',
  summary: 'x times a factor, one number per sample more',
  example: 'scaled:3',
  positional: 'factor',
  options: { factor: number('the factor', { default: 2, above: 0 }), more: integer('unused', { min: 1 }) },
  build: (shape, { factor }) => ({ inShape: shape, outShape: shape, forward: (x) => x.mul(factor) }),
})

const squared = defineOperator({
  name: 'squared',
  summary: 'x²',
  example: 'squared',
  options: {},
  build: (shape) => ({ inShape: shape, outShape: shape, forward: (x) => x.square() }),
})

describe('a kind', () => {
  test('is called with a shape and options, and knows what it is', () => {
    expect(scaled.info).toEqual({
      name: 'scaled',
      summary: 'x times a factor, one number per sample more',
      example: 'scaled:3',
      positional: 'factor',
      options: scaled.info.options,
      linear: true,
    })
    expect(squared.info.linear).toBe(false)
    expect(scaled([2]).name).toBe('scaled')
    expect(
      scaled([2])
        .forward(tensor([[1, -1]]))
        .dataSync(),
    ).toEqual(Float32Array.of(2, -2))
    expect(
      scaled([2], { factor: 3 })
        .adjoint(ones([1, 2]))
        .dataSync(),
    ).toEqual(Float32Array.of(3, 3))
    expect(
      scaled
        .make([2], { factor: 0.5 })
        .forward(ones([1, 2]))
        .dataSync(),
    ).toEqual(Float32Array.of(0.5, 0.5))
    expect(() => scaled([2], { factor: 0 })).toThrow('factor: must be a number above 0, got 0')
    expect(() => scaled.make([2], { zeta: 0 })).toThrow('zeta: is no option of scaled; it has factor, more')
  })

  test('has the type of what its parts give', () => {
    expectTypeOf(sr).returns.toEqualTypeOf<SpectralOperator>()
    expectTypeOf(sr([1, 4, 4]).svd).returns.toEqualTypeOf<Svd>()
    expectTypeOf(scaled).returns.toEqualTypeOf<LinearOperator & ShownOperator>()
    expectTypeOf(squared).returns.toEqualTypeOf<ShownOperator>()
    const parts = { inShape: [1], outShape: [1], forward: (x: ReturnType<typeof ones>) => x.mul(2) }
    const invertible = linearOperator('half', { ...parts, pinv: (y) => y.div(2) })
    expectTypeOf(invertible.pinv).returns.toEqualTypeOf<ReturnType<typeof ones>>()
    expect(invertible.pinv(ones([1, 1])).dataSync()).toEqual(Float32Array.of(0.5))
    const plain = linearOperator('twice', parts)
    // @ts-expect-error no spectrum: it may be undefined
    expect(() => plain.svd()).toThrow(TypeError)
    // @ts-expect-error the option is a number
    expect(() => scaled([2], { factor: '3' })).toThrow(OptionError)
  })

  test('an operator that is not linear has forward, and shows y', () => {
    const operator = squared([2])
    expect(isLinear(operator)).toBe(false)
    expect(operator.observed).toBe(2)
    const y = operator.forward(tensor([[3, -2]]))
    expect(y.dataSync()).toEqual(Float32Array.of(9, 4))
    expect(operator.display(y).dataSync()).toEqual(Float32Array.of(9, 4))
    expect(() => operator.forward(ones([1, 3]))).toThrow(ShapeError)
  })
})

test('an operator goes by one name: of its value, its kind and what it makes', () => {
  const exported: Readonly<Record<string, unknown>> = named
  const camel = (name: string) => name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())
  for (const kind of operators) {
    expect(exported[camel(kind.info.name)], kind.info.name).toBe(kind)
    expect(operators.parse(kind.info.example).entry).toBe(kind)
    expect(kind([3, 32, 32]).name).toBe(kind.info.name)
  }
})

test('a catalog takes a kind of one’s own', () => {
  const mine = operators.with(scaled, squared)
  const { entry, settings } = mine.parse('scaled:4')
  expect(
    entry
      .make([1], settings)
      .forward(ones([1, 1]))
      .dataSync(),
  ).toEqual(Float32Array.of(4))
  expect(mine.names.slice(-2)).toEqual(['scaled', 'squared'])
  expect(() => operators.with(sr)).toThrow("two operators named 'sr'")
})

describe('compose', () => {
  test('of matrices is their product, and its adjoint the transpose', () => {
    fc.assert(
      fc.property(composable, ({ a, b }) => {
        const ab = compose(a, b)
        const product = denseMatrix(a).matmul(denseMatrix(b))
        close(denseMatrix(ab), product, 1e-13 * 25)
        const [m = 0] = ab.outShape
        close(ab.adjoint(eye(m, { dtype: 'float64' })), product, 1e-13 * 25)
      }),
    )
  })

  test('is linear where both are, in its type as well', () => {
    const twice = scaled([2])
    expectTypeOf(compose(twice, twice)).toEqualTypeOf<LinearOperator & ShownOperator>()
    expectTypeOf(compose(squared([2]), twice)).toEqualTypeOf<ShownOperator>()
    expect(isLinear(compose(twice, twice))).toBe(true)
    for (const [a, b] of [
      [squared([2]), twice],
      [twice, squared([2])],
    ] as const) {
      expect(isLinear(compose(a, b))).toBe(false)
    }
    // (2x)² and 2x².
    expect(
      compose(squared([2]), twice)
        .forward(tensor([[1, 3]]))
        .dataSync(),
    ).toEqual(Float32Array.of(4, 36))
    expect(
      compose(twice, squared([2]))
        .forward(tensor([[1, 3]]))
        .dataSync(),
    ).toEqual(Float32Array.of(2, 18))
    expect(compose(twice, squared([2])).name).toBe('scaled ∘ squared')
  })

  test('keeps a decomposition where one factor is orthogonal, and only then', () => {
    const shape = [1, 4, 4]
    const half = named.sr(shape, { factor: 2 })
    const turned = matrixOperator(flip(eye(16), [0]), { inShape: shape, outShape: shape })
    expect(compose(half, turned).svd?.().singularValues).toEqual(half.svd().singularValues)
    expect(compose(turned, turned).svd?.().singularValues).toEqual(new Float64Array(16).fill(1))
    const small = named.csWalshHadamard([1, 2, 2], { ratio: 1 })
    expect(compose(small, half).svd?.().singularValues).toEqual(half.svd().singularValues)
    // Invertible, or of orthonormal rows, is not enough; nor is nearly, nor a factor without a decomposition.
    const nearly = matrixOperator(eye(16, { dtype: 'float64' }).mul(1 + 1e-9), {
      inShape: shape,
      outShape: shape,
    })
    const { svd, pinv, ...plain } = half
    for (const [a, b] of [
      [half, named.blur(shape, { size: 3 })],
      [half, nearly],
      [named.inpaint([1, 2, 2], { box: 1 }), half],
      [half, matrixOperator(eye(16).slice(null, [0, 5]), { outShape: shape })],
      [plain, turned],
    ] as const) {
      expect(compose(a, b).svd).toBeUndefined()
      expect(compose(a, b).pinv).toBeUndefined()
    }
  })

  test('shows y as the outer one does, and refuses shapes that do not meet', () => {
    const masked = named.inpaint([1, 1, 2], { mask: [0, 1] })
    const both = compose(masked, scaled([1, 1, 2]))
    expect(Array.from(both.display(both.forward(fromData([1, 3], [1, 1, 1, 2]))).dataSync())).toEqual([0, 6])
    expect(() => compose(scaled([2]), scaled([3]))).toThrow(ShapeError)
    expect(() => compose(scaled([2]), scaled([3]))).toThrow(
      "'scaled' must take what 'scaled' yields ([2], [3])",
    )
    expect(compose(scaled([2]), matrixOperator(eye(2))).outShape).toEqual([2])
  })
})

import type { DType, Shape, Tensor } from '@tweedie/tensor'
import {
  eye,
  flip,
  gather,
  normal,
  OptionError,
  randomKey,
  randomPermutation,
  ShapeError,
  sizeOf,
  tanh,
  tensor,
} from '@tweedie/tensor'
import fc from 'fast-check'
import { expect } from 'vitest'
import { constant } from '../linalg/constant.ts'
import { operatorNorm, powerIteration } from '../linalg/index.ts'
import { number } from '../options/index.ts'
import type { LinearOperator } from '../types.ts'
import { isLinear } from '../types.ts'
import { anyOptions, image, randomMatrix, written } from './drawn-options.test.helper.ts'
import type { OperatorEntry, ShownOperator, SpectralOperator } from './index.ts'
import {
  blindBlur,
  blur,
  compose,
  defineOperator,
  inpaint,
  linearOperator,
  matrixOperator,
  operators,
  separable,
  sr,
  stack,
  unknownGain,
} from './index.ts'

// Operators to draw, for the laws that all of them obey. A kind of the catalog is among them by being there: its
// options are drawn from what they say of themselves, unless `written` knows better.

export type Linear = LinearOperator & ShownOperator
export interface Drawn<O> {
  readonly operator: O
  /** How fast-check shows it. */
  readonly [fc.toStringMethod]: () => string
}
export type Case<O> = readonly [name: string, arbitrary: fc.Arbitrary<Drawn<O>>]

/** Operators of a kind: those of its shapes and options that it accepts. */
export function drawnOf<O extends ShownOperator>(kind: OperatorEntry<O>): fc.Arbitrary<Drawn<O>> {
  const { name, options } = kind.info
  const tried = written[name] ?? fc.record({ shape: image, options: anyOptions(options) })
  return tried
    .map(({ shape, options: settings }) => {
      try {
        const operator = kind.make(shape, settings)
        return { operator, [fc.toStringMethod]: () => `${name} [${shape}] ${JSON.stringify(settings)}` }
      } catch (error) {
        if (error instanceof OptionError || error instanceof ShapeError) return undefined
        throw error
      }
    })
    .filter((drawn) => drawn !== undefined)
}

const drawn = <O extends ShownOperator>(arbitrary: fc.Arbitrary<O>): fc.Arbitrary<Drawn<O>> =>
  arbitrary.map((operator) => ({
    operator,
    [fc.toStringMethod]: () => `${operator.name} [${operator.inShape}] to [${operator.outShape}]`,
  }))

/** rows×columns of rank at most `rank`. */
const matrixOfRank = fc
  .record({
    rows: fc.integer({ min: 1, max: 7 }),
    columns: fc.integer({ min: 1, max: 7 }),
    rank: fc.integer({ min: 0, max: 7 }),
    seed: fc.nat(1e6),
  })
  .map(({ rows, columns, rank, seed }) => {
    const a = randomMatrix(rows, Math.max(rank, 1), seed).matmul(
      randomMatrix(Math.max(rank, 1), columns, seed + 1),
    )
    return rank === 0 ? a.mul(0) : a
  })

const isSpectral = (operator: ShownOperator): operator is SpectralOperator =>
  isLinear(operator) && operator.svd !== undefined && operator.pinv !== undefined

/** A blind operator at a value of its unknown. */
function spectralOf({ blind }: ShownOperator, phi: Tensor): SpectralOperator {
  const at = blind?.at(phi)
  if (at === undefined || !('display' in at)) throw new Error('nothing is unknown')
  const { name, inShape, outShape, forward } = at
  if (!isLinear(at) || at.svd === undefined) throw new Error(`${name} has no decomposition`)
  return linearOperator(name, { inShape, outShape, forward, adjoint: at.adjoint, spectrum: at.svd })
}

/** Every kind of the catalog, by what its operators can do. */
const kinds = [...operators].map((kind): Case<ShownOperator> => [kind.info.name, drawnOf(kind)])
const those = <O extends ShownOperator>(is: (operator: ShownOperator) => operator is O): Case<O>[] =>
  kinds.flatMap(([name, arbitrary]) => {
    // A convolution has a decomposition for some borders only: of those kinds, the operators that can.
    const can = fc.sample(arbitrary, { numRuns: 20, seed: 1 }).some(({ operator }) => is(operator))
    const narrow = arbitrary
      .map(({ operator, ...shown }) => (is(operator) ? { operator, ...shown } : undefined))
      .filter((drawn) => drawn !== undefined)
    return can ? [[name, narrow] as const] : []
  })

/** A rotation of the samples of a shape: two reflections I − 2vvᵀ/‖v‖². It is not its own transpose. */
function rotation(shape: Shape, seed: number): SpectralOperator {
  const n = sizeOf(shape)
  const reflection = (seed: number) => {
    const v = normal(randomKey(seed), [n, 1], { dtype: 'float64' })
    return eye(n, { dtype: 'float64' }).sub(v.mul(v.transpose()).mul(2).div(v.square().sum()))
  }
  const a = reflection(seed).matmul(reflection(seed + 1))
  return matrixOperator(a, { inShape: shape, outShape: shape, name: 'rotation' })
}

/** A composition, where it has a decomposition. */
function composed(a: LinearOperator, b: LinearOperator): SpectralOperator {
  const both = compose(a, b)
  if (!isSpectral(both)) throw new Error(`${both.name} has no decomposition`)
  return both
}

/** Operators made in code, with a decomposition. */
const others: readonly Case<SpectralOperator>[] = [
  ['a matrix', drawn(matrixOfRank.map((a) => matrixOperator(a)))],
  [
    'separable',
    drawn(
      fc
        .tuple(matrixOfRank, matrixOfRank, fc.integer({ min: 1, max: 2 }))
        .map(([rows, columns, channels]) => separable(rows, columns, { channels })),
    ),
  ],
  // Some coordinates in an orthonormal basis, out of order, each at its own scale.
  [
    'a spectrum alone',
    drawn(
      fc.tuple(fc.integer({ min: 1, max: 6 }), fc.nat(1e6)).map(([n, seed]) => {
        const basis = matrixOperator(randomMatrix(n, n, seed)).svd()
        const places = randomPermutation(randomKey(seed), n).slice(0, Math.ceil(n / 2))
        const index = constant(places, [places.length])
        const values = Float64Array.from(places, (_, k) => 0.5 + k)
        const scales = constant(values, [values.length])
        return linearOperator('in a basis', {
          inShape: [n],
          outShape: [places.length],
          forward: (x) => gather(basis.vt(x), index(x), 1).mul(scales(x)),
          spectrum: () => ({ values, places, analysis: basis.vt, synthesis: basis.v }),
        })
      }),
    ),
  ],
  [
    'a blur at a known kernel',
    drawn(
      fc
        .tuple(image, fc.constantFrom(1, 3, 5), fc.nat(1e6), fc.boolean())
        .map(([shape, size, seed, mirrored]) => {
          // A kernel that is its own mirror image has a real transform, and half the rotations.
          const raw = normal(randomKey(seed), [1, size, size], { dtype: 'float64' })
          const kernel = mirrored ? raw.add(flip(raw, [1, 2])) : raw
          return spectralOf(blindBlur(shape, { size }), kernel)
        }),
    ),
  ],
  [
    'a known gain',
    drawn(
      fc
        .tuple(matrixOfRank, fc.constantFrom(2, -0.5, 0))
        .map(([a, gain]) =>
          spectralOf(unknownGain(matrixOperator(a)), tensor([[gain]], { dtype: 'float64' })),
        ),
    ),
  ],
  [
    'with an orthogonal factor',
    drawn(
      fc
        .tuple(
          fc.oneof(
            matrixOfRank.map((a) => matrixOperator(a)),
            drawnOf(sr).map(({ operator }) => operator),
            drawnOf(inpaint).map(({ operator }) => operator),
          ),
          fc.boolean(),
          fc.nat(1e6),
        )
        .map(([a, before, seed]) =>
          before ? composed(a, rotation(a.inShape, seed)) : composed(rotation(a.outShape, seed), a),
        ),
    ),
  ],
  // The adjoint and the pseudo-inverse left out: both are derived.
  [
    'forward and spectrum alone',
    drawn(
      fc.oneof(drawnOf(sr), drawnOf(inpaint), drawnOf(blur)).map(({ operator }) => {
        const { inShape, outShape, forward, svd } = operator
        return linearOperator('derived', { inShape, outShape, forward, spectrum: svd })
      }),
    ),
  ],
]

export const spectralCases: readonly Case<SpectralOperator>[] = [...those(isSpectral), ...others]

/** Two matrices, the first of which takes what the second yields. */
export const composable = fc
  .tuple(...[0, 1, 2].map(() => fc.integer({ min: 1, max: 5 })), fc.nat(1e6))
  .map(([m = 1, k = 1, n = 1, seed = 0]) => ({
    a: matrixOperator(randomMatrix(m, k, seed)),
    b: matrixOperator(randomMatrix(k, n, seed + 1)),
  }))

export const linearCases: readonly Case<Linear>[] = [
  ...those((operator): operator is Linear => isLinear(operator)),
  ...others,
  [
    'forward alone',
    drawn(
      fc.oneof(drawnOf(sr), drawnOf(inpaint), drawnOf(blur)).map(({ operator }) => {
        const { inShape, outShape, forward } = operator
        return linearOperator('derived', { inShape, outShape, forward })
      }),
    ),
  ],
  [
    'a composition',
    // Rounding grows with ‖A‖‖B‖, the bounds of the laws with ‖AB‖: pairs where much cancels are left out.
    drawn(
      composable
        .map(({ a, b }) => ({ both: compose(a, b), factors: operatorNorm(a) * operatorNorm(b) }))
        .filter(({ both, factors }) => powerIteration(both, { iterations: 10 }) > factors / 2)
        .map(({ both }) => both),
    ),
  ],
  [
    'stacked',
    drawn(
      drawnOf(sr).chain(({ operator: a }) =>
        fc
          .tuple(
            fc.constantFrom(1, 3, 5).map((size) => blur(a.inShape, { size, std: 0.8 })),
            fc.boolean(),
          )
          .map(([b, alone]) => (alone ? stack(a) : stack(a, b, a))),
      ),
    ),
  ],
  [
    'images composed',
    drawn(
      drawnOf(sr).chain(({ operator: a }) =>
        fc.constantFrom(...[1, 3, 5]).map((size) => compose(a, blur(a.inShape, { size, std: 0.8 }))),
      ),
    ),
  ],
]

const saturated = defineOperator({
  name: 'saturated',
  summary: 'tanh of a gain',
  example: 'saturated:2',
  positional: 'gain',
  options: { gain: number('factor before the tanh', { default: 2, min: 0.5 }) },
  build: (shape, { gain }) => ({ inShape: shape, outShape: shape, forward: (x) => tanh(x.mul(gain)) }),
})

/** Every kind and everything made in code, linear or not. */
export const allCases: readonly Case<ShownOperator>[] = [
  ...kinds.filter(([name]) => !linearCases.some(([other]) => other === name)),
  ...linearCases,
  ['not linear', drawnOf(saturated)],
  [
    'not linear after linear',
    drawn(drawnOf(sr).map(({ operator }) => compose(saturated(operator.outShape), operator))),
  ],
]

export const batch = (shape: Shape, seed: number, dtype: DType = 'float64', n = 2) =>
  normal(
    Array.from({ length: n }, (_, i) => randomKey(seed).fold(i)),
    shape,
    { dtype },
  )

export const dot = (a: Tensor, b: Tensor) => {
  const [x, y] = [a.dataSync(), b.dataSync()]
  let total = 0
  for (let i = 0; i < x.length; i++) total += x[i]! * y[i]!
  return total
}
export const norm = (a: Tensor) => Math.sqrt(dot(a, a))

/** ‖a − b‖ ≤ tolerance. */
export function close(a: Tensor, b: Tensor, tolerance: number): void {
  expect(a.shape).toEqual(b.shape)
  const [x, y] = [a.dataSync(), b.dataSync()]
  let total = 0
  for (let i = 0; i < x.length; i++) total += (x[i]! - y[i]!) ** 2
  expect(Math.sqrt(total)).toBeLessThanOrEqual(tolerance)
}

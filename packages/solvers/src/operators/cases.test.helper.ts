import type { DType, Shape, Tensor } from '@tweedie/tensor'
import {
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
  uniform,
} from '@tweedie/tensor'
import fc from 'fast-check'
import { expect } from 'vitest'
import { constant } from '../linalg/constant.ts'
import { operatorNorm, powerIteration } from '../linalg/index.ts'
import type { Control, OptionSpec, Settings, Specs } from '../options/index.ts'
import { number } from '../options/index.ts'
import type { LinearOperator } from '../types.ts'
import { isLinear } from '../types.ts'
import type { OperatorEntry, ShownOperator, SpectralOperator } from './index.ts'
import {
  blindBlur,
  blur,
  compose,
  defineOperator,
  inpaint,
  kernelBlur,
  linearOperator,
  matrixOperator,
  operators,
  separable,
  sr,
  stack,
  uniformBlur,
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

const side = fc.integer({ min: 1, max: 6 })
const kernelSide = fc.oneof({ weight: 3, arbitrary: side }, { weight: 1, arbitrary: fc.constant(41) })
const ratio = fc.double({ min: 0.1, max: 1, noNaN: true })
const image = fc.tuple(fc.integer({ min: 1, max: 3 }), side, side)

/** Images, real or complex, and masks of frequencies for them. */
const measuredFrequencies = fc
  .record({
    image: fc.constantFrom('real', 'complex'),
    images: fc.integer({ min: 1, max: 2 }),
    sides: fc.tuple(side, side),
    pattern: fc.constantFrom('random', 'equispaced', 'radial'),
    acceleration: fc.double({ min: 1, max: 3, noNaN: true }),
    seed: fc.nat(1e6),
  })
  .map(({ image, images, sides, ...mask }) => ({
    shape: [image === 'complex' ? 2 * images : images, ...sides],
    options: { image, ...mask, ...(mask.pattern === 'random' && { decay: mask.seed % 3 }) },
  }))

/** Shapes and options that hit where drawing at random would seldom fit. */
const written: Readonly<Record<string, fc.Arbitrary<{ shape: Shape; options: Settings }>>> = {
  inpaint: fc.oneof(
    // A box somewhere in an image that is larger than it.
    fc
      .tuple(fc.integer({ min: 1, max: 3 }), side, side, side, side, fc.boolean())
      .chain(([c, h, w, dh, dw, centred]) =>
        fc.tuple(fc.integer({ min: 0, max: dh }), fc.integer({ min: 0, max: dw })).map(([top, left]) => ({
          shape: [c, h + dh, w + dw],
          options: { box: [h, w], ...(centred ? {} : { at: [top, left] }) },
        })),
      ),
    // A box anywhere within a margin.
    fc
      .tuple(fc.integer({ min: 1, max: 3 }), side, side, side, fc.nat(2), fc.nat(9))
      .map(([c, h, w, more, margin, seed]) => ({
        shape: [c, h + 2 * margin + more, w + 2 * margin],
        options: { box: [h, w], margin, seed },
      })),
    fc.record({
      shape: image,
      options: fc.oneof(
        fc.record({ lines: fc.constantFrom('rows', 'columns'), keep: fc.integer({ min: 2, max: 4 }) }),
        fc.record({ lines: fc.constantFrom('rows', 'columns'), hide: fc.integer({ min: 2, max: 4 }) }),
        fc.record({
          lines: fc.constantFrom('rows', 'columns'),
          random: fc.double({ min: 0, max: 0.49, noNaN: true }),
          seed: fc.nat(),
        }),
      ),
    }),
    fc.record({
      shape: image,
      options: fc.record({ random: fc.double({ min: 0, max: 0.49, noNaN: true }), seed: fc.nat() }),
    }),
    fc.tuple(image, fc.boolean(), fc.nat(1e6)).map(([shape, shared, seed]) => {
      const count = shared ? shape[1] * shape[2] : sizeOf(shape)
      const mask = Array.from(uniform(randomKey(seed), [count]).dataSync(), (u) => u < 0.5)
      mask[seed % count] = true
      return { shape, options: { mask } }
    }),
  ),
  demosaic: fc.record({
    shape: fc.tuple(fc.constant(3), side, side),
    options: fc.record({ pattern: fc.constantFrom('RGGB', 'BGGR', 'GRBG', 'GBRG') }),
  }),
  'cs-gaussian': fc.record({ shape: image, options: fc.record({ ratio, seed: fc.nat(99) }) }),
  'cs-walsh-hadamard': fc.record({
    shape: image,
    options: fc.record({ ratio, seed: fc.nat(99), order: fc.constantFrom('random', 'sequency') }),
  }),
  'cs-block': fc
    .tuple(...[2, 3, 3, 3].map((max) => fc.integer({ min: 1, max })), ratio, fc.nat(99))
    .map(([c = 1, h = 1, w = 1, block = 1, part, seed]) => ({
      shape: [c, h * block, w * block],
      options: { block, ratio: part, seed },
    })),
  jpeg: fc
    .tuple(fc.constantFrom(1, 3), fc.constantFrom(1, 2), fc.constantFrom(1, 2), fc.constantFrom(8, 16))
    .chain(([c, h, w, block]) =>
      fc.record({
        shape: fc.constant([c, h * block, w * block]),
        options: fc.record({
          quality: fc.integer({ min: 1, max: 100 }),
          subsampling: fc.constantFrom(...(block === 8 ? ['4:4:4'] : ['4:2:0', '4:2:0-corner', '4:4:4'])),
        }),
      }),
    ),
  sr: fc
    .tuple(
      fc.tuple(...[3, 3, 3, 4].map((max) => fc.integer({ min: 1, max }))),
      drawnBy(sr.info.options.filter.control),
    )
    .map(([[c = 1, h = 1, w = 1, factor = 1], filter]) => ({
      shape: [c, h * factor, w * factor],
      options: { factor, filter },
    })),
  // Columns and spokes, real and complex images, at accelerations that every middle allows.
  mri: measuredFrequencies,
  'multicoil-mri': fc
    .tuple(measuredFrequencies, fc.integer({ min: 1, max: 4 }))
    .map(([{ shape, options }, coils]) => ({
      shape,
      options: { ...options, coils },
    })),
  'inverse-scattering': fc.record({
    shape: image,
    options: fc.record({
      transmitters: fc.integer({ min: 1, max: 3 }),
      receivers: fc.integer({ min: 1, max: 5 }),
      wavelength: fc.double({ min: 2, max: 9, noNaN: true }),
      radius: fc.double({ min: 0.2, max: 2, noNaN: true }),
    }),
  }),
  tomography: fc.record({
    shape: image,
    options: fc.record({
      angles: fc.integer({ min: 1, max: 5 }),
      range: fc.double({ min: 20, max: 360, noNaN: true }),
      start: fc.double({ min: -180, max: 180, noNaN: true }),
      // Too few detectors see a part of the image.
      detectors: fc.option(fc.integer({ min: 1, max: 10 }), { nil: undefined }),
    }),
  }),
  'blind-blur': fc.record({
    shape: image,
    options: fc.record({
      size: fc.constantFrom(1, 3, 5),
      kernel: fc.constantFrom('gaussian', 'motion'),
      std: fc.double({ min: 0.3, max: 1.2, noNaN: true }),
      length: fc.double({ min: 1, max: 5, noNaN: true }),
      angle: fc.double({ min: -180, max: 180, noNaN: true }),
    }),
  }),
  blur: fc.record({
    shape: image,
    options: fc.record({
      size: fc.integer({ min: 0, max: 4 }).map((k) => 2 * k + 1),
      std: fc.double({ min: 0.3, max: 1.2, noNaN: true }),
      stdX: fc.option(fc.double({ min: 0.3, max: 1.2, noNaN: true }), { nil: undefined }),
      boundary: drawnBy(blur.info.options.boundary.control),
    }),
  }),
  'uniform-blur': fc.record({
    shape: image,
    options: fc.record({
      size: fc.integer({ min: 1, max: 6 }),
      boundary: drawnBy(uniformBlur.info.options.boundary.control),
    }),
  }),
  // Kernels of any sides, larger than the image, large enough for transforms, and with negative taps among them.
  'kernel-blur': fc
    .tuple(image, kernelSide, kernelSide, fc.nat(1e6), drawnBy(kernelBlur.info.options.boundary.control))
    .map(([shape, rows, columns, seed, boundary]) => ({
      shape,
      options: { kernel: randomMatrix(rows, columns, seed), sum: 'kept', boundary },
    })),
  'motion-blur': fc.record({
    shape: image,
    options: fc.record({
      size: fc.integer({ min: 1, max: 6 }),
      intensity: fc.constantFrom(0, 0.5, 1),
      seed: fc.nat(1e6),
      boundary: drawnBy(kernelBlur.info.options.boundary.control),
    }),
  }),
}

/** Values of an option from its control; undefined, for its default, where it says nothing that can be drawn. */
function drawnBy(control: Control): fc.Arbitrary<unknown> {
  if (control.kind === 'choice') return fc.constantFrom(...control.choices)
  if (control.kind === 'flag') return fc.boolean()
  if (control.kind !== 'integer' && control.kind !== 'number') return fc.constant(undefined)
  const { min = -2, max = min + 4 } = control
  return control.kind === 'integer'
    ? fc.integer({ min, max: Math.min(max, min + 4) })
    : fc.double({ min, max: Math.min(max, min + 4), noNaN: true })
}

const anyOptions = (specs: Specs): fc.Arbitrary<Settings> =>
  fc.record(
    Object.fromEntries(
      Object.entries(specs).map(([name, spec]: [string, OptionSpec<unknown>]) => [
        name,
        drawnBy(spec.control).map((value) => (spec.accepts(value) ? value : undefined)),
      ]),
    ),
  )

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

const randomMatrix = (rows: number, columns: number, seed: number) =>
  normal(randomKey(seed), [rows, columns], { dtype: 'float64' })

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

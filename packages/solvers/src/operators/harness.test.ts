import { readdirSync } from 'node:fs'
import { vjp } from '@tweedie/autograd'
import type { DType, Shape, Tensor } from '@tweedie/tensor'
import {
  DTypeError,
  eye,
  fromData,
  memory,
  normal,
  randomKey,
  ShapeError,
  scope,
  sizeOf,
  transpose,
  uniform,
  zeros,
} from '@tweedie/tensor'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { denseMatrix, hostMatrix, matrixSvd, operatorNorm, powerIteration } from '../linalg/index.ts'
import type { ImageOperator, OperatorName, OptionValue, SpectralOperator } from './index.ts'
import { boundaries, mask, matrixOperator, operators, separable } from './index.ts'

// Every operator of the registry and every factory beside it goes through all the properties below. A new name
// in the registry does not compile without a line in `registered`; a new file fails the last test here.

type Options = Record<string, OptionValue>
interface Drawn {
  readonly operator: SpectralOperator
  /** How fast-check shows it. */
  readonly [fc.toStringMethod]: () => string
}

const side = fc.integer({ min: 1, max: 6 })
const image = fc.tuple(fc.integer({ min: 1, max: 3 }), side, side)

/** For each name: shapes and options that it takes. */
const registered = {
  denoise: fc.record({ shape: image, options: fc.constant<Options>({}) }),
  inpaint: fc.oneof(
    // A box somewhere in an image that is larger than it.
    fc
      .tuple(fc.integer({ min: 1, max: 3 }), side, side, side, side, fc.boolean())
      .filter(([, h, w, dh, dw]) => h > 0 && w > 0 && dh + dw > 0)
      .chain(([c, h, w, dh, dw, centred]) =>
        fc.tuple(fc.integer({ min: 0, max: dh }), fc.integer({ min: 0, max: dw })).map(([top, left]) => ({
          shape: [c, h + dh, w + dw] as const,
          options: { box: [h, w], ...(centred ? {} : { at: [top, left] }) } as Options,
        })),
      ),
    fc.record({
      shape: image,
      options: fc.record({
        random: fc.double({ min: 0, max: 0.49, noNaN: true }),
        seed: fc.nat(),
      }) as fc.Arbitrary<Options>,
    }),
  ),
  sr: fc
    .tuple(
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 4 }),
    )
    .map(([c, h, w, factor]) => ({
      shape: [c, h * factor, w * factor] as const,
      options: { factor } as Options,
    })),
  blur: fc.record({
    shape: image,
    options: fc.record({
      size: fc.integer({ min: 0, max: 4 }).map((k) => 2 * k + 1),
      std: fc.double({ min: 0.3, max: 1.2, noNaN: true }),
      boundary: fc.constantFrom(...boundaries),
    }) as fc.Arbitrary<Options>,
  }),
  grey: fc.record({
    shape: fc.constant([3] as const).chain(([c]) => fc.tuple(fc.constant(c), side, side)),
    options: fc.record({ weights: fc.constantFrom('mean', 'luma') }) as fc.Arbitrary<Options>,
  }),
} satisfies Record<OperatorName, fc.Arbitrary<{ shape: Shape; options: Options }>>

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

/** Operators that are made in code only, by the file that makes them. */
const others: Record<string, fc.Arbitrary<SpectralOperator>> = {
  'matrix.ts': matrixOfRank.map((a) => matrixOperator(a)),
  'separable.ts': fc
    .tuple(matrixOfRank, matrixOfRank, fc.integer({ min: 1, max: 2 }))
    .map(([rows, columns, channels]) => separable(rows, columns, { channels })),
  'mask.ts': fc.tuple(image, fc.boolean(), fc.nat(1e6)).map(([shape, shared, seed]) => {
    const count = shared ? shape[1] * shape[2] : sizeOf(shape)
    const flags = Array.from(uniform(randomKey(seed), [count]).dataSync(), (u) => u < 0.5)
    flags[seed % count] = true
    return mask({ shape, observed: flags })
  }),
}

const cases: [string, fc.Arbitrary<Drawn>][] = [
  ...Object.entries(registered).map(([name, arbitrary]): [string, fc.Arbitrary<Drawn>] => [
    name,
    (arbitrary as fc.Arbitrary<{ shape: Shape; options: Options }>).map(({ shape, options }) => ({
      operator: operators[name as OperatorName].make(shape, options),
      [fc.toStringMethod]: () => `${name} [${shape}] ${JSON.stringify(options)}`,
    })),
  ]),
  ...Object.entries(others).map(([name, arbitrary]): [string, fc.Arbitrary<Drawn>] => [
    name,
    arbitrary.map((operator) => ({
      operator,
      [fc.toStringMethod]: () => `${name} [${operator.inShape}] to [${operator.outShape}]`,
    })),
  ]),
]

const batch = (shape: Shape, seed: number, dtype: DType = 'float64', n = 2) =>
  normal(
    Array.from({ length: n }, (_, i) => randomKey(seed).fold(i)),
    shape,
    { dtype },
  )

const dot = (a: Tensor, b: Tensor) => {
  const [x, y] = [a.dataSync(), b.dataSync()]
  let total = 0
  for (let i = 0; i < x.length; i++) total += x[i]! * y[i]!
  return total
}
const norm = (a: Tensor) => Math.sqrt(dot(a, a))

/** ‖a − b‖ ≤ tolerance. */
function close(a: Tensor, b: Tensor, tolerance: number): void {
  expect(a.shape).toEqual(b.shape)
  const [x, y] = [a.dataSync(), b.dataSync()]
  let total = 0
  for (let i = 0; i < x.length; i++) total += (x[i]! - y[i]!) ** 2
  expect(Math.sqrt(total)).toBeLessThanOrEqual(tolerance)
}

/** The singular values, as a tensor that multiplies coordinates. */
const sigma = (operator: SpectralOperator) => {
  const { singularValues } = operator.svd()
  return fromData(singularValues, [singularValues.length])
}
const seen = (operator: SpectralOperator) => {
  const { singularValues } = operator.svd()
  return fromData(
    singularValues.map((s) => (s > 0 ? 1 : 0)),
    [singularValues.length],
  )
}

describe.each(cases)('%s', (_name, arbitrary) => {
  const holds = (property: (operator: SpectralOperator, seed: number) => void, numRuns = 40) =>
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
      expect([ax.dtype, aty.dtype, operator.pinv(y).dtype]).toEqual([dtype, dtype, dtype])
      expect(ax.shape).toEqual([2, ...operator.outShape])
      expect(aty.shape).toEqual([2, ...operator.inShape])
      // Rounding grows with ‖A‖‖x‖‖y‖, which is ‖Ax‖‖y‖ unless x happens to lie across A's rows.
      const scale = Math.max(norm(ax), operatorNorm(operator) * norm(x)) * norm(y)
      expect(Math.abs(dot(ax, y) - dot(x, aty))).toBeLessThanOrEqual(tolerance * scale)
    })
  })

  test('the adjoint is the VJP of forward, and forward that of the adjoint', () => {
    holds((operator, seed) => {
      const [x, y] = [batch(operator.inShape, seed), batch(operator.outShape, seed + 1)]
      const scale = operatorNorm(operator) * (norm(x) + norm(y))
      const [ax, pullback] = vjp(operator.forward, x)
      close(ax, operator.forward(x), 0)
      close(pullback(y)[0]!, operator.adjoint(y), 1e-12 * scale)
      const [, back] = vjp(operator.adjoint, y)
      close(back(x)[0]!, operator.forward(x), 1e-12 * scale)
    })
  })

  test('gradients flow through the pseudo-inverse and the coordinates', () => {
    holds((operator, seed) => {
      const { vt, v, ut } = operator.svd()
      const [x, y] = [batch(operator.inShape, seed), batch(operator.outShape, seed + 1)]
      const c = vt(x)
      const scale = 1e-10 * (norm(x) + norm(y))
      close(vjp(vt, x)[1](c)[0]!, v(c), scale)
      close(vjp(v, c)[1](x)[0]!, c, scale)
      expect(Math.abs(dot(vjp(ut, y)[1](c)[0]!, y) - dot(c, ut(y)))).toBeLessThanOrEqual(scale * norm(c))
      const [restored, pullback] = vjp(operator.pinv, y)
      const slack = 1e-12 * norm(restored) * norm(x) + 1e-12 * norm(y) * norm(x)
      expect(Math.abs(dot(restored, x) - dot(y, pullback(x)[0]!))).toBeLessThanOrEqual(1e3 * slack)
    }, 20)
  })

  test('is linear', () => {
    holds((operator, seed) => {
      const [x, z] = [batch(operator.inShape, seed), batch(operator.inShape, seed + 1)]
      const whole = operator.forward(x.mul(2.5).sub(z))
      const parts = operator.forward(x).mul(2.5).sub(operator.forward(z))
      close(whole, parts, 1e-12 * operatorNorm(operator) * (norm(x) + norm(z)))
    })
  })

  test('a batch of three equals three singles, views and other devices included', () => {
    holds((operator, seed) => {
      const x = batch(operator.inShape, seed, 'float64', 3)
      const y = operator.forward(x)
      const tolerance = 1e-13 * operatorNorm(operator) * norm(x)
      const singles = (map: (x: Tensor) => Tensor, of: Tensor, all: Tensor, slack: number) => {
        for (let i = 0; i < 3; i++) close(map(of.slice([i, i + 1])), all.slice([i, i + 1]), slack)
      }
      singles(operator.forward, x, y, tolerance)
      singles(operator.adjoint, y, operator.adjoint(y), tolerance * operatorNorm(operator))
      singles(operator.pinv, y, operator.pinv(y), 1e-12 * norm(operator.pinv(y)))
      // The same values behind other strides.
      const backwards = transpose(fromData(transpose(x).dataSync(), [...x.shape].reverse()))
      expect(backwards.isContiguous && sizeOf(operator.inShape) > 1).toBe(false)
      close(operator.forward(backwards), y, tolerance)
      const elsewhere = fromData(x.dataSync(), x.shape, { device: 'reference' })
      close(operator.forward(elsewhere), y, tolerance)
      expect(operator.forward(elsewhere).device.name).toBe('reference')
    }, 20)
  })

  test('A = UΣVᵀ with V orthogonal, U orthonormal where A sees, 0 elsewhere', () => {
    holds((operator, seed) => {
      const { singularValues, vt, v, ut, u } = operator.svd()
      const n = sizeOf(operator.inShape)
      expect(singularValues.length).toBe(n)
      expect(singularValues.every((s) => s >= 0 && Number.isFinite(s))).toBe(true)
      const [s, sees] = [sigma(operator), seen(operator)]
      const basis = eye(n, { dtype: 'float64' })
      const unit = basis.reshape([n, ...operator.inShape])
      // Rows of these are images of unit vectors: VVᵀ = VᵀV = I, UᵀU = diag(seen), A = UΣVᵀ.
      close(vt(v(basis)), basis, 1e-10)
      close(v(vt(unit)), unit, 1e-10)
      close(ut(u(basis)), basis.mul(sees), 1e-10)
      close(u(vt(unit).mul(s)), operator.forward(unit), 1e-10 * (1 + operatorNorm(operator)))
      // Vᵀ and Uᵀ are the transposes; what A does not see counts on neither side.
      const [x, y, c] = [
        batch(operator.inShape, seed),
        batch(operator.outShape, seed + 1),
        batch([n], seed + 2),
      ]
      const slack = 1e-12 * (norm(x) + norm(y)) * norm(c)
      expect(Math.abs(dot(v(c), x) - dot(c, vt(x)))).toBeLessThanOrEqual(slack)
      expect(Math.abs(dot(u(c), y) - dot(c, ut(y)))).toBeLessThanOrEqual(slack)
      close(u(c), u(c.mul(sees)), 0)
      expect(Array.from(ut(y).mul(sees.sub(1)).dataSync()).every((value) => value === 0)).toBe(true)
      // Range of A: the part of y that U does not reach is across it.
      close(operator.adjoint(y), v(ut(y).mul(s)), 1e-10 * (1 + operatorNorm(operator)) * norm(y))
    })
  })

  test('its singular values and norm are those of its matrix', () => {
    holds((operator) => {
      const dense = matrixSvd(hostMatrix('test', denseMatrix(operator)))
      const top = dense.s[0]!
      const mine = operator.svd().singularValues.toSorted((a, b) => b - a)
      mine.forEach((s, i) => expect(Math.abs(s - dense.s[i]!)).toBeLessThanOrEqual(1e-12 * (1 + top)))
      expect(operatorNorm(operator)).toBeCloseTo(top, 11)
      const iterated = powerIteration(operator)
      expect(iterated).toBeLessThanOrEqual(top * (1 + 1e-12))
      expect(iterated).toBeGreaterThanOrEqual(top * 0.95)
    }, 20)
  })

  test('A⁺ meets the four conditions of Moore and Penrose', () => {
    holds((operator) => {
      const { forward, pinv } = operator
      const values = operator.svd().singularValues.filter((s) => s > 0)
      const [n, m] = [sizeOf(operator.inShape), operator.observed]
      const [x, y] = [eye(n, { dtype: 'float64' }), eye(m, { dtype: 'float64' })]
      const a = forward(x.reshape([n, ...operator.inShape]))
      const plus = pinv(y.reshape([m, ...operator.outShape]))
      const top = values.reduce((p, q) => Math.max(p, q), 0)
      const least = values.reduce((p, q) => Math.min(p, q), Infinity)
      if (values.length === 0) return close(plus, plus.mul(0), 0)
      const rounding = 1e-14 * (n + m) * (top / least)
      close(forward(pinv(a)), a, rounding * top)
      close(pinv(forward(plus)), plus, rounding / least)
      const [projection, across] = [forward(plus).reshape([m, m]), pinv(a).reshape([n, n])]
      close(projection, transpose(projection), rounding)
      close(across, transpose(across), rounding)
    })
  })

  test('in float32, A⁺Ax is a solution too', () => {
    holds((operator, seed) => {
      const x = batch(operator.inShape, seed, 'float32')
      const y = operator.forward(x)
      close(operator.forward(operator.pinv(y)), y, 1e-4 * operatorNorm(operator) * norm(x))
    })
  })

  test('leaves one tensor per call behind', () => {
    holds((operator, seed) => {
      const { vt, v, ut, u } = operator.svd()
      const image = operator as Partial<ImageOperator>
      const [x, y, c] = [
        batch(operator.inShape, seed),
        batch(operator.outShape, seed),
        batch([sizeOf(operator.inShape)], seed),
      ]
      const calls: [(t: Tensor) => Tensor, Tensor][] = [
        [operator.forward, x],
        [operator.adjoint, y],
        [operator.pinv, y],
        [vt, x],
        [v, c],
        [ut, y],
        [u, c],
        ...(image.display === undefined ? [] : [[image.display, y] as [(t: Tensor) => Tensor, Tensor]]),
      ]
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
        [operator.pinv, outShape],
      ] as const
      for (const [map, shape] of maps) {
        expect(() => map(zeros(shape))).toThrow(ShapeError)
        expect(() => map(zeros([1, ...shape, 1]))).toThrow(`[N, ${shape.join(', ')}]`)
        expect(() => map(zeros([1, ...shape.slice(1), shape[0]! + 1]))).toThrow(ShapeError)
        expect(() => map(zeros([1, ...shape], { dtype: 'int32' }))).toThrow(DTypeError)
      }
      expect(operator.observed).toBe(sizeOf(outShape))
      if ('display' in operator) {
        const shown = (operator as ImageOperator).display(zeros([2, ...outShape]))
        expect([shown.shape.length, shown.shape[0]]).toEqual([4, 2])
      }
    }, 10)
  })
})

test('no operator escapes: every registry entry and every file is in the cases', () => {
  expect(Object.keys(registered)).toEqual(Object.keys(operators))
  // The files whose operators the registry makes, and those that make none.
  const byRegistry = [
    'identity.ts',
    'box-inpainting.ts',
    'random-inpainting.ts',
    'average-pooling.ts',
    'gaussian-blur.ts',
    'colour-to-grey.ts',
  ]
  const helpers = ['index.ts', 'options.ts', 'parse.ts', 'registry.ts', 'spectral-operator.ts']
  const files = readdirSync(import.meta.dirname).filter((file) => !file.includes('.test.'))
  expect(files.sort()).toEqual([...byRegistry, ...helpers, ...Object.keys(others)].sort())
})

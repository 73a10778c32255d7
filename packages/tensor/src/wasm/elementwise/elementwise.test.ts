import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { DType } from '../../dtype.ts'
import type { PrimitiveName, PrimitiveParams } from '../../primitives.ts'
import type { HostView } from '../../reference/host.ts'
import { rowMajorStrides } from '../../shape.ts'
import { compare, dense, fill, laidOut, layoutOf, mismatch, shapes } from '../oracle.test.helper.ts'
import { elementwiseKernels } from './kernels.ts'
import { powers } from './lane-ops.ts'

const none = {}

/** Input types, params and allowed relative error of each primitive; the sizes of errors proper are in math.test.ts. */
const cases: readonly [PrimitiveName, readonly DType[], PrimitiveParams[PrimitiveName], number, number?][] = [
  ['neg', ['float32'], none, 0],
  ['neg', ['int32'], none, 0],
  ['abs', ['float32'], none, 0],
  ['sign', ['float32'], none, 0],
  ['floor', ['float32'], none, 0],
  ['exp', ['float32'], none, 3e-7],
  ['sin', ['float32'], none, 3e-7],
  ['silu', ['float32'], none, 5e-7],
  ['rsqrt', ['float32'], none, 2e-7],
  ['powScalar', ['float32'], { exponent: 1.7 }, 4e-7],
  ['affine', ['float32'], { scale: 1.5, shift: -0.25 }, 0, 1e-6],
  ['clamp', ['float32'], { min: -1, max: 0.5 }, 0],
  ['not', ['bool'], none, 0],
  ['cast', ['float32'], { dtype: 'int32' }, 0],
  ['cast', ['float32'], { dtype: 'bool' }, 0],
  ['cast', ['int32'], { dtype: 'float32' }, 0],
  ['cast', ['int32'], { dtype: 'bool' }, 0],
  ['cast', ['bool'], { dtype: 'float32' }, 0],
  ['cast', ['bool'], { dtype: 'int32' }, 0],
  ['add', ['float32', 'float32'], none, 0],
  ['add', ['int32', 'int32'], none, 0],
  ['sub', ['float32', 'float32'], none, 0],
  ['mul', ['float32', 'float32'], none, 0],
  ['div', ['float32', 'float32'], none, 0],
  ['pow', ['float32', 'float32'], none, 2e-7, 1e-45],
  ['maximum', ['float32', 'float32'], none, 0],
  ['minimum', ['int32', 'int32'], none, 0],
  ['siluGrad', ['float32', 'float32'], none, 0, 3e-6],
  ['eq', ['float32', 'float32'], none, 0],
  ['eq', ['bool', 'bool'], none, 0],
  ['lt', ['float32', 'float32'], none, 0],
  ['le', ['int32', 'int32'], none, 0],
  ['and', ['bool', 'bool'], none, 0],
  ['or', ['bool', 'bool'], none, 0],
  ['where', ['bool', 'float32', 'float32'], none, 0],
  ['where', ['bool', 'int32', 'int32'], none, 0],
]

/** An operand that broadcasts to `shape`: some axes are 1, leading ones may be missing. */
const operand = (shape: readonly number[], dtype: DType): fc.Arbitrary<HostView> =>
  fc
    .record({
      kind: fc.integer({ min: 0, max: 3 }),
      ones: fc.array(fc.boolean(), { minLength: shape.length, maxLength: shape.length }),
      drop: fc.nat(shape.length),
      layout: layoutOf(shape.length),
    })
    .map(({ kind, ones, drop, layout }) => {
      if (kind === 0)
        return dense(
          shape,
          fill(
            dtype,
            shape.reduce((a, b) => a * b, 1),
            layout.seed,
          ),
          dtype,
        )
      const stretched = kind === 1 ? shape : shape.map((n, i) => (ones[i] ? 1 : n))
      const view = laidOut(stretched, layout, dtype)
      if (kind < 3) return view
      const keep = (list: readonly number[]) => list.slice(drop)
      // Dropping leading axes of extent 1 only would be rare; cutting them to their first slice is as good.
      return { ...view, shape: keep(view.shape), strides: keep(view.strides) }
    })

describe('elementwise kernels agree with the reference', () => {
  for (const [primitive, dtypes, params, relative, absolute] of cases) {
    test(`${primitive} of ${dtypes.join()}${params === none ? '' : ` ${JSON.stringify(params)}`}`, () => {
      const property = shapes().chain((shape) => fc.tuple(...dtypes.map((dtype) => operand(shape, dtype))))
      fc.assert(
        fc.property(property, (inputs) => {
          expect(
            mismatch(compare(elementwiseKernels, primitive, inputs, params), relative, absolute),
          ).toBeUndefined()
        }),
        { numRuns: 60 },
      )
    })
  }

  const bases = [
    0,
    -0,
    1,
    -1,
    2.5,
    -2.5,
    1e-30,
    -1e30,
    Infinity,
    -Infinity,
    Number.NaN,
    1e-45,
    3,
    -1.0000001,
    0.999,
  ]
  const exponents = [
    ...powers.keys(),
    0,
    -0,
    4,
    -2,
    7,
    1.5,
    -0.3,
    33,
    Infinity,
    -Infinity,
    Number.NaN,
    1e-3,
    1e9,
  ]

  test('powers of all kinds of numbers', () => {
    const a = dense([bases.length, 1], new Float32Array(bases))
    const b = dense([exponents.length], new Float32Array(exponents))
    expect(mismatch(compare(elementwiseKernels, 'pow', [a, b], none), 1.2e-7, 1e-45)).toBeUndefined()
    for (const exponent of exponents) {
      const comparison = compare(elementwiseKernels, 'powScalar', [a], { exponent })
      expect(mismatch(comparison, 2e-7, 1e-45), `exponent ${exponent}`).toBeUndefined()
    }
  })

  test('the broadcasts of networks, at sizes that use every loop', () => {
    const shape = [3, 6, 5, 7]
    const x = dense(shape, fill('float32', 630, 1))
    for (const other of [[1, 6, 1, 1], [3, 6, 1, 1], [7], [3, 1, 5, 7], [1], [3, 6, 5, 1], []]) {
      const y = dense(
        other,
        fill(
          'float32',
          other.reduce((a, b) => a * b, 1),
          2,
        ),
      )
      expect(mismatch(compare(elementwiseKernels, 'mul', [x, y], none), 0)).toBeUndefined()
      expect(mismatch(compare(elementwiseKernels, 'sub', [y, x], none), 0)).toBeUndefined()
    }
  })

  test('special values', () => {
    const special = new Float32Array([0, -0, Infinity, -Infinity, Number.NaN, 1, -1])
    const rows: HostView = { data: special, dtype: 'float32', shape: [7, 7], strides: [1, 0], offset: 0 }
    const columns: HostView = { ...rows, strides: [0, 1] }
    for (const primitive of ['add', 'mul', 'div', 'maximum', 'minimum', 'eq', 'lt', 'le'] as const) {
      expect(mismatch(compare(elementwiseKernels, primitive, [rows, columns], none), 0)).toBeUndefined()
    }
    for (const primitive of ['sign', 'floor', 'rsqrt', 'reciprocal'] as const) {
      const { actual, expected } = compare(elementwiseKernels, primitive, [dense([7], special)], none)
      expect([...actual]).toEqual([...expected])
    }
  })

  test('an input that lies across the result', () => {
    const across: HostView = { ...dense([40, 50], fill('float32', 2000, 3)), strides: [1, 40] }
    const other = dense([3, 40, 50], fill('float32', 6000, 4))
    expect(mismatch(compare(elementwiseKernels, 'add', [across, other], none), 0)).toBeUndefined()
    expect(mismatch(compare(elementwiseKernels, 'lt', [other, across], none), 0)).toBeUndefined()
  })

  test('nests deeper than the kernel has loops', () => {
    const shape = [2, 3, 2, 3, 2, 5]
    const swapped = { ...dense(shape, fill('float32', 360, 3)), strides: rowMajorStrides(shape).toReversed() }
    const flipped = { ...swapped, shape, strides: [1, 2, 6, 12, 36, 72] }
    expect(
      mismatch(compare(elementwiseKernels, 'add', [flipped, dense(shape, fill('float32', 360, 4))], none), 0),
    ).toBeUndefined()
  })
})

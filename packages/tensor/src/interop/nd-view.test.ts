import fc from 'fast-check'
import type { NdArray } from 'ndarray'
import ndarray from 'ndarray'
import { expect, test } from 'vitest'
import type { TypedArray } from '../dtype.ts'
import { arange, fromNdarray } from '../index.ts'
import { NdView } from './nd-view.ts'

// The npm package is the oracle.

type Nd = NdArray<TypedArray>
/** A way from a view to another, for a view of this shape. */
type Move = (nd: Nd) => Nd

/** All there is to see of a view: its fields, and the elements by `get`. */
function seen(nd: Nd): unknown {
  const values: number[] = []
  const visit = (at: readonly number[]): void => {
    if (at.length === nd.dimension) values.push(nd.get(...at), nd.index(...at))
    else for (let i = 0; i < (nd.shape[at.length] ?? 0); i++) visit([...at, i])
  }
  visit([])
  const { shape, stride, dtype, size, dimension } = nd
  return { shape: [...shape], stride: [...stride], offset: nd.offset, dtype, size, dimension, values }
}

const numbers = fc.infiniteStream(fc.noBias(fc.nat(999)).map((n) => n / 1000))
const kinds = ['lo', 'hi', 'step', 'transpose', 'pick', 'T'] as const

/** A move that fits the view, by what a stream of numbers in [0, 1) says. */
function moveFor(kind: (typeof kinds)[number], nd: Nd, draw: () => number): Move {
  const whole = (below: number) => Math.floor(draw() * below)
  const args = nd.shape.map((extent) => (draw() < 0.3 ? null : whole(extent + 1)))
  switch (kind) {
    case 'lo':
    case 'hi':
      return (x) => x[kind](...(args as number[]))
    case 'step': {
      const by = nd.shape.map(() => (draw() < 0.3 ? null : ([-3, -2, -1, 1, 2, 3][whole(6)] ?? 1)))
      return (x) => x.step(...(by as number[]))
    }
    case 'transpose': {
      const order = nd.shape.map((_, axis) => ({ axis, key: draw() })).sort((a, b) => a.key - b.key)
      return (x) => x.transpose(...order.map(({ axis }) => axis))
    }
    case 'pick':
      return nd.size === 0
        ? (x) => x
        : (x) => x.pick(...args.map((i, axis) => (i === nd.shape[axis] ? null : i)))
    case 'T':
      return (x) => (x.dimension > 1 ? x.transpose(...x.shape.map((_, axis) => axis).reverse()) : x)
  }
}

test('views of views are those of the npm package', () => {
  const shapes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(
      shapes,
      fc.array(fc.constantFrom(...kinds), { maxLength: 6 }),
      numbers,
      (shape, moves, stream) => {
        const draw = () => stream.next().value ?? 0
        const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i)
        let theirs: Nd = ndarray<TypedArray>(data, shape)
        let ours: Nd = new NdView(data, shape, theirs.stride, 0)
        for (const kind of moves) {
          if (theirs.dimension === 0) break
          const move = moveFor(kind, theirs, draw)
          ;[theirs, ours] = [move(theirs), move(ours)]
          expect(seen(ours)).toEqual(seen(theirs))
          const strides = (nd: Nd) => nd.order.map((axis) => Math.abs(nd.stride[axis] ?? 0))
          expect(strides(ours)).toEqual(strides(theirs))
        }
      },
    ),
  )
})

test.each([
  ['float32', new Float32Array(2)],
  ['float64', new Float64Array(2)],
  ['int32', new Int32Array(2)],
  ['uint8', new Uint8Array(2)],
])('%s is named as by the npm package', (dtype, data) => {
  expect([new NdView(data, [2], [1], 0).dtype, ndarray(data).dtype]).toEqual([dtype, dtype])
})

test('set writes to the array, and a view comes back as a tensor', () => {
  const nd = arange(6, { device: 'reference' }).reshape([2, 3]).ndarray()
  expect(nd.set(1, 2, -1)).toBe(-1)
  expect(Array.from(nd.data)).toEqual([0, 1, 2, 3, 4, -1])
  expect(Array.from(fromNdarray(nd.T).dataSync())).toEqual([0, 3, 1, 4, 2, -1])
})

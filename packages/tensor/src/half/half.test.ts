import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { DType, Tensor } from '../index.ts'
import {
  add,
  argmax,
  cast,
  concat,
  conv2d,
  createWasmDevice,
  DeviceError,
  DTypeError,
  flip,
  fromData,
  fromFloat16,
  gather,
  groupNorm,
  largestFloat16,
  matmul,
  memory,
  normal,
  pad,
  randomKey,
  registerDevice,
  reshape,
  ShapeError,
  scope,
  silu,
  slice,
  softmax,
  storeFloat16,
  sum,
  toFloat16,
  transpose,
  where,
  widened,
  zeros,
} from '../index.ts'
import { sizeOf } from '../shape.ts'

// Tensors that are stored as float16: what widens them, and where they may be used.

for (const threads of [1, 3]) registerDevice(`wasm${threads}`, () => createWasmDevice({ threads }))
const devices = ['wasm1', 'wasm3', 'reference'] as const
const bitsOf = (x: Tensor): number[] =>
  Array.from(new Uint32Array((x.dataSync() as Float32Array).slice().buffer))

/** Random weights, as float16 and the same in float32. */
function pair(seed: number, shape: readonly number[], device: string) {
  const values = normal(randomKey(seed), shape, { device }).dataSync()
  const half = storeFloat16(values, shape, { device })
  return {
    half,
    plain: fromData(
      Float32Array.from(values, (v) => fromFloat16(toFloat16(v))),
      shape,
      { device },
    ),
  }
}

describe('conversion', () => {
  const all = Uint16Array.from({ length: 65536 }, (_, i) => i)
  // The engine's own float16 is the oracle, where it has one.
  const engine = (globalThis as { Float16Array?: { new (buffer: ArrayBuffer): ArrayLike<number> } })
    .Float16Array

  test.skipIf(engine === undefined)('every pattern of bits has the value that the engine gives it', () => {
    const expected = Array.from(new engine!(all.slice().buffer))
    expect(Array.from(all, fromFloat16)).toEqual(expected)
  })

  test.each(devices)('%s widens every number, and numbers alone', (device) => {
    const values = Array.from(all, fromFloat16)
    const x = storeFloat16(values, [256, 256], { device })
    expect(Array.from(widened(x).dataSync())).toEqual(values)
    expect(Array.from(transpose(x).dataSync())).toEqual(
      values.map((_, i) => values[(i % 256) * 256 + Math.floor(i / 256)]),
    )
    expect(bitsOf(widened(storeFloat16([0, -0, -(2 ** -24)], [3], { device })))).toEqual([
      0,
      2 ** 31,
      0xb3800000,
    ])
  })

  test('numbers are rounded to nearest, ties to even, and never to infinity', () => {
    expect(storeFloat16([1 + 2 ** -11, 1 + 3 * 2 ** -11, 65519], [3]).toArray()).toEqual([
      1,
      1 + 2 ** -9,
      65504,
    ])
    expect(storeFloat16([Number.POSITIVE_INFINITY, Number.NaN], [2]).toArray()).toEqual([
      Number.POSITIVE_INFINITY,
      Number.NaN,
    ])
    expect(() => storeFloat16([1, -65520], [2])).toThrow(DTypeError)
    expect(() => storeFloat16([1, -65520], [2])).toThrow(
      `-65520 at element 1 is beyond ±${largestFloat16}, the largest float16`,
    )
    expect(() => storeFloat16([1], [2])).toThrow(ShapeError)
  })
})

/** Views of a matrix or kernel that keep its shape. */
const views: readonly ((x: Tensor) => Tensor)[] = [
  (x) => x,
  (x) => flip(x, [x.rank - 1]),
  (x) => transpose(transposedCopy(x)),
  (x) => slice(x, [0, null]),
]
/** The same numbers in memory the other way round; float16 stays float16. */
function transposedCopy(x: Tensor): Tensor {
  const turned = transpose(x)
  return x.half === undefined
    ? fromData(turned.dataSync(), turned.shape, { device: x.device })
    : storeFloat16(turned.dataSync(), turned.shape, { device: x.device })
}
const view = fc.constantFrom(...views)
const extent = (max: number) => fc.integer({ min: 1, max })

/** Both ways give the same bits. */
function same(run: (w: Tensor) => Tensor, { half, plain }: { half: Tensor; plain: Tensor }): void {
  expect(bitsOf(run(half))).toEqual(bitsOf(run(plain)))
}

describe.each(devices)('%s: bit for bit as if widened first', (device) => {
  const runs = { numRuns: device === 'reference' ? 15 : 60 }

  test('products with the weights left or right, of any layout', () => {
    fc.assert(
      fc.property(
        extent(9),
        extent(70),
        extent(40),
        fc.boolean(),
        fc.boolean(),
        view,
        (m, k, n, left, bias, lie) =>
          scope(() => {
            const w = pair(1, left ? [m, k] : [k, n], device)
            const x = normal(randomKey(2), left ? [k, n] : [m, k], { device })
            const b = normal(randomKey(3), [n], { device })
            same((v) => {
              const [l, r] = left ? [lie(v), x] : [x, lie(v)]
              return bias ? matmul(l, r, { bias: b, activation: 'silu' }) : matmul(l, r)
            }, w)
          }),
      ),
      runs,
    )
  })

  test('both sides, a column, and batches', () => {
    scope(() => {
      const [a, b] = [pair(1, [5, 33], device), pair(2, [33, 7], device)]
      expect(bitsOf(matmul(a.half, b.half))).toEqual(bitsOf(matmul(a.plain, b.plain)))
      const column = normal(randomKey(4), [33, 1], { device })
      same((w) => matmul(w, column), a)
      expect(bitsOf(matmul(a.half, pair(5, [33, 1], device).half))).toEqual(
        bitsOf(matmul(a.plain, pair(5, [33, 1], device).plain)),
      )
      const images = normal(randomKey(6), [3, 33, 4], { device })
      same((w) => matmul(w, images), a)
      same((w) => matmul(normal(randomKey(8), [2, 3, 5], { device }), w), pair(9, [2, 5, 4], device))
      same((w) => matmul(normal(randomKey(8), [2, 3, 5], { device }), w), pair(9, [5, 4], device))
    })
  })

  test('convolutions of any kind', () => {
    const call = fc.record({
      ...{ n: extent(2), groups: extent(2), inputs: extent(9), outputs: extent(11), lie: view },
      ...{ side: fc.integer({ min: 3, max: 9 }), kernel: fc.constantFrom(1, 2, 3), stride: extent(2) },
      ...{ dilation: extent(2), turned: fc.boolean(), bias: fc.boolean() },
    })
    fc.assert(
      fc.property(call, ({ n, groups, inputs, outputs, side, kernel, stride, dilation, turned, bias, lie }) =>
        scope(() => {
          const [cin, cout] = [inputs * groups, outputs * groups]
          // As the gradient in the input reads it: the roles of the channels exchanged, taps the other way round.
          const shape =
            turned && groups === 1 ? [inputs, cout, kernel, kernel] : [cout, inputs, kernel, kernel]
          const x = normal(randomKey(1), [n, cin, side + 2, side], { device })
          const b = normal(randomKey(2), [cout], { device })
          const options = { stride, padding: 2, dilation, groups, ...(bias && { bias: b }) }
          same(
            (w) => {
              const own = turned && groups === 1 ? transpose(flip(w, [2, 3]), [1, 0, 2, 3]) : lie(w)
              return conv2d(x, own, options)
            },
            pair(3, shape, device),
          )
        }),
      ),
      runs,
    )
  })

  test('kernels of more taps than the result has pixels', () => {
    scope(() => {
      const x = normal(randomKey(1), [2, 3, 6, 6], { device })
      same((w) => conv2d(x, w), pair(3, [9, 3, 5, 5], device))
    })
  })

  test('rows of a table, and float32 itself', () => {
    scope(() => {
      const table = pair(1, [6, 5], device)
      const labels = fromData([5, 0, 5], [3], { dtype: 'int32', device })
      same((w) => gather(w, labels), table)
      same((w) => gather(transpose(w), fromData([4], [1], { dtype: 'int32', device })), table)
      same((w) => widened(reshape(transpose(w), [3, 10])), table)
    })
  })
})

test('many tiles on any number of threads: products and convolutions of several hundred channels', () => {
  scope(() => {
    const results = ['wasm1', 'wasm3'].map((device) => {
      const w = pair(1, [300, 260, 3, 3], device)
      const x = normal(randomKey(2), [1, 260, 9, 9], { device })
      same((v) => conv2d(x, v, { padding: 1 }), w)
      same((v) => conv2d(x, v, { padding: 1, stride: 2 }), w)
      const flat = pair(3, [700, 900], device)
      const y = normal(randomKey(4), [900, 50], { device })
      same((v) => matmul(v, y), flat)
      return [...bitsOf(conv2d(x, w.half, { padding: 1 })), ...bitsOf(matmul(flat.half, y))]
    })
    expect(results[1]).toEqual(results[0])
  })
})

describe('elsewhere', () => {
  const x = () => storeFloat16([1, 2, 3, 4], [1, 4, 1, 1])
  const four = () => zeros([4])
  const refusing: readonly [string, () => Tensor][] = [
    ['affine', () => add(x(), 1)],
    ['add', () => add(zeros([1, 4, 1, 1]), x())],
    ['silu', () => silu(x())],
    ['cast', () => cast(x(), 'float64')],
    ['reduceSum', () => sum(x())],
    ['softmax', () => softmax(x())],
    ['argmax', () => argmax(x(), 1)],
    ['concat', () => concat([zeros([1, 4, 1, 1]), x()], 0)],
    [
      'pad',
      () =>
        pad(x(), [
          [0, 1],
          [0, 0],
          [0, 0],
          [0, 0],
        ]),
    ],
    ['groupNorm', () => groupNorm(x(), four(), four(), { groups: 2 })],
    ['groupNorm', () => groupNorm(zeros([1, 4, 1, 1]), reshape(x(), [4]), four(), { groups: 2 })],
    ['conv2d', () => conv2d(x(), zeros([2, 4, 1, 1]))],
    ['fusedConv2d', () => conv2d(zeros([1, 4, 1, 1]), x(), { bias: storeFloat16([1], [1]) })],
    ['where', () => where(fromData([1], [1], { dtype: 'bool' }), x(), 0)],
  ]
  test.each(refusing)('%s refuses it, and says what would do', (op, run) => {
    expect(run).toThrow(DTypeError)
    expect(run).toThrow(new RegExp(`^${op}: input \\d is stored as float16; use widened\\(x\\)$`))
  })

  test('a device that does not store it is named', () => {
    const { storesHalf: _, ...rest } = { ...createWasmDevice({ threads: 1 }), name: 'other' }
    expect(() => storeFloat16([1], [1], { device: rest as never })).toThrow(DeviceError)
    expect(() => storeFloat16([1], [1], { device: rest as never })).toThrow(
      "the device 'other' does not store float16",
    )
  })
})

test('it takes half the memory, is freed, moves between devices as it is, and is shown', async () => {
  const before = memory()
  const x = storeFloat16(new Float32Array(1001).fill(0.1), [1001])
  expect(memory().bytes - before.bytes).toBe(2004)
  const moved = await x.to('reference')
  expect(moved.half).toBeDefined()
  expect(memory().bytes - before.bytes).toBe(4008)
  expect(bitsOf(widened(moved))).toEqual(bitsOf(widened(x)))
  expect(String(x)).toBe('Tensor [1001] float32 on wasm (values by await x.data())')
  for (const each of [x, moved]) each.dispose()
  const dtype: DType = x.dtype
  expect([dtype, sizeOf(x.shape)]).toEqual(['float32', 1001])
  expect(memory().bytes).toBeLessThan(before.bytes + 8100)
})

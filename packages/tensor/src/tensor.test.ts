import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Tensor } from './index.ts'
import {
  arange,
  broadcastTo,
  concat,
  conv2d,
  DisposedTensorError,
  DTypeError,
  evaluate,
  flip,
  fromData,
  full,
  gather,
  matmul,
  memory,
  ones,
  pad,
  ShapeError,
  scatterAdd,
  scope,
  softmax,
  squeeze,
  stack,
  sumTo,
  tensor,
  transpose,
  where,
  zeros,
} from './index.ts'

const list = (x: { dataSync(): ArrayLike<number> }) => Array.from(x.dataSync())

describe('what a shape rule gives', () => {
  it('is a shape, whatever the parameters were', () => {
    const x = ones([2, 3])
    for (const shape of [
      [-2, -3],
      [0.5, 12],
      [Number.NaN, 6],
    ]) {
      expect(() => evaluate('reshape', [x], { shape })).toThrow(ShapeError)
      expect(() => evaluate('broadcastTo', [ones([1, 1])], { shape })).toThrow(ShapeError)
    }
    expect(() => broadcastTo(ones([1, 1]), [2 ** 30, 2 ** 30])).toThrow(/more elements than 2\^53 − 1/)
  })

  it('is refused in words that name the number', () => {
    const [x, i] = [ones([3, 4]), tensor([0], { dtype: 'int32' })]
    for (const [refused, words] of [
      [() => x.slice([0.5, 3]), 'slice: a position must be an integer, got 0.5'],
      [() => x.slice([0, Number.POSITIVE_INFINITY]), 'slice: a position must be an integer, got Infinity'],
      [() => x.slice([0, 3, 0.5]), 'slice: a step must be a non-zero integer, got 0.5'],
      [
        () => pad(ones([4]), [[Number.NaN, 0]]),
        'pad: low must be a non-negative integer for each axis, got [NaN]',
      ],
      [
        () => scatterAdd(ones([1]), i, -100_000),
        'scatterAdd: the size must be a non-negative integer, got -100000',
      ],
      [
        () => conv2d(ones([1, 1, 3, 3]), ones([1, 1, 3, 3]), { stride: 0.5 }),
        'stride: must be an integer of at least 1',
      ],
      [
        () =>
          conv2d(ones([1, 1, 1, 1]).broadcastTo([1, 1, 2 ** 31, 1]), ones([1, 1, 1, 1]), {
            lhsDilation: 2 ** 30,
          }),
        'axis 2 is longer than 2^53 − 1 with its zeros',
      ],
      [
        () => matmul(x, ones([4, 1]), { activation: 'relu' as 'silu' }),
        'activation: must be none or silu, got relu',
      ],
    ] as const)
      expect(refused).toThrow(words)
  })

  it('takes tensors, of a primitive that there is', () => {
    const wrong = [undefined, 3, null, {}] as readonly unknown[] as readonly Tensor[]
    for (const input of wrong)
      expect(() => evaluate('neg', [input], {})).toThrow(/neg: an input is .*, not a tensor/)
    for (const input of wrong.filter((x) => typeof x !== 'number'))
      expect(() => ones([2]).add(input)).toThrow(DTypeError)
    for (const name of ['foo', 'toString'] as readonly string[])
      expect(() => evaluate(name as 'neg', [ones([1])], {})).toThrow(/no primitive '/)
  })
})

describe('views', () => {
  it('reshape, transpose, slice and broadcast share the buffer', () => {
    const x = arange(12).reshape([3, 4])
    for (const view of [
      x.reshape([2, 6]),
      transpose(x),
      x.slice(1),
      broadcastTo(x, [5, 3, 4]),
      flip(x, [0, 1]),
    ]) {
      expect(view.storage).toBe(x.storage)
    }
  })

  it('slices by NumPy rules', () => {
    const x = arange(10)
    expect(list(x.slice([2, 8, 3]))).toEqual([2, 5])
    expect(list(x.slice([null, null, -3]))).toEqual([9, 6, 3, 0])
    expect(list(x.slice([-3]))).toEqual([7, 8, 9])
    expect(list(x.slice([7, 2]))).toEqual([])
    expect(list(x.slice([5, -100, -2]))).toEqual([5, 3, 1])
    expect(() => x.slice(10)).toThrow(ShapeError)
  })

  it('reshapes a transposed tensor by copying only where it must', () => {
    const x = arange(24).reshape([2, 3, 4])
    const swapped = transpose(x, [0, 2, 1])
    expect(swapped.reshape([2, 4, 3, 1]).storage).toBe(x.storage)
    expect(swapped.reshape([1, 2, 2, 2, 3]).storage).toBe(x.storage)
    const copied = swapped.reshape([8, 3])
    expect(list(copied)).toEqual(list(swapped))
    expect(list(swapped.reshape([-1]))).toEqual(list(swapped))
    expect(() => x.reshape([5, -1])).toThrow(ShapeError)
  })
})

describe('ops', () => {
  it('broadcasts, reduces and contracts', () => {
    const x = tensor([
      [1, 2, 3],
      [4, 5, 6],
    ])
    expect(list(x.add(tensor([10, 20, 30])))).toEqual([11, 22, 33, 14, 25, 36])
    expect(list(x.sum(0))).toEqual([5, 7, 9])
    expect(x.mean([0, 1], true).shape).toEqual([1, 1])
    expect(list(matmul(x, transpose(x)))).toEqual([14, 32, 32, 77])
    expect(list(sumTo(ones([4, 2, 3]), [2, 1]))).toEqual([12, 12])
    expect(list(softmax(tensor([1000, 1000])))).toEqual([0.5, 0.5])
  })

  it('moves elements', () => {
    const x = tensor([
      [1, 2],
      [3, 4],
    ])
    expect(
      list(
        pad(x, [
          [1, 0],
          [0, 1],
        ]),
      ),
    ).toEqual([0, 0, 0, 1, 2, 0, 3, 4, 0])
    expect(list(concat([x, x], 1))).toEqual([1, 2, 1, 2, 3, 4, 3, 4])
    expect(stack([x, x]).shape).toEqual([2, 2, 2])
    const at = tensor([1, 1, 0], { dtype: 'int32' })
    expect(list(gather(x, at))).toEqual([3, 4, 3, 4, 1, 2])
    expect(list(scatterAdd(ones([3, 2]), at, 2))).toEqual([1, 1, 2, 2])
    expect(() => gather(x, tensor([2], { dtype: 'int32' }))).toThrow(/index 2/)
    expect(() => scatterAdd(ones([2, 2]), at, 2)).toThrow('scatterAdd: needs one index per slice of axis 0')
    expect(() => transpose(x, [1, 1])).toThrow('transpose: [1, 1] is no permutation of the axes')
    expect(squeeze(zeros([1, 3, 1])).shape).toEqual([3])
  })

  it('says what disagrees and what would fit', () => {
    expect(() => zeros([2, 3]).add(zeros([2, 4]))).toThrow(/axis -1 is 3 in one operand and 4/)
    expect(() => matmul(zeros([2, 3]), zeros([2, 3]))).toThrow(/left has 3 columns, right has 2 rows/)
    expect(() => zeros([2]).add(zeros([2], { dtype: 'float64' }))).toThrow(DTypeError)
    expect(() => where(zeros([2]), 1, zeros([2]))).toThrow(/must be bool/)
    expect(() => fromData([1, 2, 3], [2])).toThrow(ShapeError)
  })

  it('handles tensors without elements', () => {
    expect(zeros([0, 3]).sum(0).dataSync()).toEqual(new Float32Array(3))
    expect(matmul(zeros([2, 0]), zeros([0, 2])).dataSync()).toEqual(new Float32Array(4))
    expect(() => zeros([0]).max()).toThrow(/empty axis/)
    // Views whose strides lead nowhere: reversed, exchanged, stretched.
    expect(zeros([0, 2]).slice(null, [null, null, -1]).reshape([2, 0, 3]).shape).toEqual([2, 0, 3])
    expect(transpose(zeros([2, 0, 3])).reshape([0, 5]).shape).toEqual([0, 5])
    expect(broadcastTo(zeros([1, 2]), [0, 2]).reshape([1, 0]).shape).toEqual([1, 0])
  })
})

describe('memory', () => {
  let before = memory()
  beforeEach(() => (before = memory()))
  afterEach(() => expect(memory().tensors).toBe(before.tensors))

  it('a scope frees all it did not return', () => {
    const kept = scope(() => {
      const a = full([100], 2)
      return { b: a.mul(a), list: [scope(() => a.add(1))] }
    })
    expect(memory().buffers - before.buffers).toBe(2)
    expect(list(kept.b)[0]).toBe(4)
    kept.b.dispose()
    kept.list[0]?.dispose()
    expect(memory().bytes).toBe(before.bytes)
  })

  it('a scope that throws frees everything, and refuses async work', () => {
    expect(() =>
      scope(() => {
        zeros([3])
        throw new RangeError('no')
      }),
    ).toThrow(RangeError)
    expect(() => scope(async () => zeros([1]))).toThrow(/synchronous/)
  })

  it('views keep their buffer alive; using and a second dispose are safe', () => {
    {
      using x = arange(4)
      const view = x.slice([1, 3])
      x.dispose()
      expect(list(view)).toEqual([1, 2])
      expect(() => x.add(1)).toThrow(DisposedTensorError)
      view.dispose()
    }
    expect(() => evaluate('neg', [], {})).toThrow(/takes 1 inputs/)
  })
})

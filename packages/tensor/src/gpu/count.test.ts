import { expect, test } from 'vitest'
import type { Tensor } from '../index.ts'
import { add, conv2d, exp, matmul, mul, neg, sum, zeros } from '../index.ts'
import { countKernels } from './count.ts'
import { supportOf } from './support.ts'

const total = (fn: (...xs: Tensor[]) => Tensor, ...shapes: readonly (readonly number[])[]) =>
  countKernels(
    fn,
    shapes.map((shape) => zeros(shape)),
  )

test('a chain is one kernel that loads and moves its inputs once', () => {
  const [one, ...rest] = total((x, y) => exp(neg(mul(add(x!, y!), 3))), [4, 5], [4, 5])
  expect(rest).toEqual([])
  // Of each element a sum, a product, a shift and exp; a sign is no operation.
  expect(one).toEqual({
    primitive: 'exp',
    launches: 1,
    flops: 4 * 20,
    loadedBytes: 8 * 20,
    movedBytes: 12 * 20,
  })
})

test('loops count to their end, indices are no operations', () => {
  const [product] = total((a, b) => matmul(a!, b!), [6, 50], [50, 7])
  expect(product).toMatchObject({ launches: 1, flops: 2 * 6 * 7 * 50, loadedBytes: 8 * 6 * 7 * 50 })
  // Two parts of 32 and 6 more: of each part one sum beside.
  const [long] = total((a, b) => matmul(a!, b!), [6, 70], [70, 7])
  expect(long).toMatchObject({ flops: 6 * 7 * (2 * 70 + 2), loadedBytes: 8 * 6 * 7 * 70 })
  const [folded] = total((x) => sum(x!), [4, 5])
  expect(folded).toMatchObject({ launches: 1, flops: 20, loadedBytes: 4 * 20 })
})

test('weights that the function closes over are laid out already; an input is so each time', () => {
  const [x, w] = [zeros([1, 16, 128, 128]), zeros([16, 16, 3, 3])]
  const launches = (counts: readonly { launches: number }[]) => counts.map((count) => count.launches)
  const conv = (x: Tensor, w: Tensor) => conv2d(x, w, { padding: 1 })
  expect(launches(countKernels((x, w) => conv(x!, w!), [x, w], 2 ** 15))).toEqual([2])
  const [once] = countKernels((x) => conv(x!, w), [x], 2 ** 15)
  expect(once).toMatchObject({ launches: 1, movedBytes: 4 * (2 * 16 * 128 ** 2 + 16 * 16 * 9) })
})

test('nothing is computed, and what reads through loops is a kernel of its own', () => {
  const counts = total((x, w) => conv2d(mul(x!, 2), w!, { padding: 1 }), [1, 2, 6, 6], [3, 2, 3, 3])
  expect(counts.map(({ primitive, launches }) => [primitive, launches])).toEqual([
    ['conv2d', 1],
    ['affine', 1],
  ])
})

test('what runs on which elements', () => {
  expect(supportOf('add', 'float32')).toBe('kernel')
  expect(supportOf('add', 'int32')).toBe('error')
  expect(supportOf('add', 'bool')).toBe('none')
  expect(supportOf('and', 'bool')).toBe('kernel')
  expect(supportOf('argmax', 'int32')).toBe('kernel')
  expect(supportOf('argmax', 'bool')).toBe('none')
  expect(supportOf('reshape', 'bool')).toBe('view')
})

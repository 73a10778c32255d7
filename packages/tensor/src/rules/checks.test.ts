import { expect, test } from 'vitest'
import { dispatch, max, min, ones, ShapeError, scatterAdd, sum, tensor, zeros } from '../index.ts'

// Later checks would refuse these too, in other words: here it is told which parameter is wrong.

test('an axis beyond the last is named', () => {
  const x = ones([2, 3])
  const sum = (axis: number) => dispatch('reduceSum', [x], { axes: [axis], keepDims: false })
  expect(() => sum(2)).toThrow('axis 2 is outside a tensor of rank 2')
  expect(() => sum(-1)).toThrow('axis -1 is outside a tensor of rank 2')
  expect(sum(1).shape).toEqual([2])
})

test('a size below the least is named', () => {
  const x = ones([4])
  const padded = (low: number, high: number) => dispatch('pad', [x], { low: [low], high: [high] })
  expect(() => padded(-1, 0)).toThrow('low must be a non-negative integer for each axis, got [-1]')
  expect(() => padded(0, -1)).toThrow('high must be a non-negative integer for each axis, got [-1]')
  expect(padded(0, 1).shape).toEqual([5])
  const indices = tensor([0], { dtype: 'int32' })
  expect(() => scatterAdd(ones([1]), indices, -1)).toThrow('the size must be a non-negative integer, got -1')
})

test('the extremes of nothing are an error, its sum is 0', () => {
  const nothing = zeros([2, 0])
  expect(() => max(nothing, [1])).toThrow(ShapeError)
  expect(() => min(nothing, [1])).toThrow(ShapeError)
  expect(Array.from(sum(nothing, [1]).dataSync())).toEqual([0, 0])
})

import { vjp } from '@tweedie/autograd'
import {
  fromData,
  memory,
  OptionError,
  ones,
  randomKey,
  ShapeError,
  scope,
  tensor,
  zeros,
} from '@tweedie/tensor'
import { expect, test } from 'vitest'
import type { Noise } from '../types.ts'
import { gaussianNoise } from './index.ts'

const keys = (count: number, seed = 0) => Array.from({ length: count }, (_, i) => randomKey(seed).fold(i))

const likelihoodOf = ({ likelihood }: Noise) => {
  if (likelihood === undefined) throw new Error('no likelihood')
  return likelihood
}

test('has the mean and the standard deviation it says', () => {
  const clean = fromData(new Float64Array(40_000).fill(3), [2, 20_000])
  const y = Float64Array.from(gaussianNoise(0.2).sample(keys(2), clean).dataSync())
  const mean = y.reduce((sum, value) => sum + value, 0) / y.length
  const variance = y.reduce((sum, value) => sum + (value - mean) ** 2, 0) / y.length
  expect(Math.abs(mean - 3)).toBeLessThan((5 * 0.2) / Math.sqrt(y.length))
  expect(Math.abs(variance / 0.04 - 1)).toBeLessThan(5 * Math.sqrt(2 / y.length))
})

test('a batch draws what its samples draw alone, in the dtype of the measurement', () => {
  const noise = gaussianNoise(0.5)
  const both = noise.sample(keys(2), zeros([2, 3, 2], { dtype: 'float64' }))
  expect(both.dtype).toBe('float64')
  const second = noise.sample(keys(2).slice(1), zeros([1, 3, 2], { dtype: 'float64' }))
  expect(both.dataSync().slice(6)).toEqual(second.dataSync())
  expect(both.dataSync().slice(0, 6)).not.toEqual(second.dataSync())
})

test('log-likelihood: closed form, per sample, with its gradient', () => {
  const noise = gaussianNoise(0.5)
  const y = tensor(
    [
      [1, 2],
      [0, 0],
    ],
    { dtype: 'float64' },
  )
  const clean = tensor(
    [
      [0, 0],
      [0, 0.5],
    ],
    { dtype: 'float64' },
  )
  const at = (squares: number) => -squares / (2 * 0.25) - Math.log(2 * Math.PI * 0.25)
  const { log, score } = likelihoodOf(noise)
  const [value, pullback] = vjp((c) => log(y, c), clean)
  expect(value.shape).toEqual([2])
  expect(value.dataSync()[0]).toBeCloseTo(at(5), 12)
  expect(value.dataSync()[1]).toBeCloseTo(at(0.25), 12)
  // ∇ = (y − clean)/σ².
  const gradient = pullback(ones([2], { dtype: 'float64' }))[0]!
  expect(Array.from(gradient.dataSync())).toEqual([4, 8, 0, -2])
  expect(Array.from(score(y, clean).dataSync())).toEqual([4, 8, 0, -2])
})

test('integrates to 1', () => {
  const noise = gaussianNoise(0.3)
  const grid = Float64Array.from({ length: 2001 }, (_, i) => (i - 1000) * 0.003)
  const { log } = likelihoodOf(noise)
  const density = log(fromData(grid, [2001, 1]), zeros([2001, 1], { dtype: 'float64' })).exp()
  expect(density.sum().dataSync()[0]! * 0.003).toBeCloseTo(1, 10)
})

test('σ_y = 0: samples are clean, there is no density', () => {
  const noise = gaussianNoise(0)
  const clean = ones([1, 2])
  const before = memory().tensors
  const y = noise.sample(keys(1), clean)
  expect(memory().tensors - before).toBe(1)
  expect(y).not.toBe(clean)
  expect(y.dataSync()).toEqual(clean.dataSync())
  expect(noise.sigma).toBe(0)
  expect(noise.likelihood).toBeUndefined()
})

test('wrong use is named, and nothing leaks', () => {
  for (const sigma of [-1, NaN, Infinity]) expect(() => gaussianNoise(sigma)).toThrow(OptionError)
  const noise = gaussianNoise(1)
  const clean = zeros([2, 3])
  expect(() => noise.sample(keys(1), clean)).toThrow(/1 keys for a batch of 2/)
  expect(() => noise.sample(keys(1), tensor(1))).toThrow(ShapeError)
  const { log, score } = likelihoodOf(noise)
  for (const map of [log, score]) expect(() => map(clean, zeros([2, 4]))).toThrow(ShapeError)
  const before = memory().tensors
  scope(() => {
    noise.sample(keys(2), clean)
    expect(memory().tensors - before).toBe(1)
    log(clean, clean)
    expect(memory().tensors - before).toBe(2)
    score(clean, clean)
    expect(memory().tensors - before).toBe(3)
  })
})

import { checkGrads } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { conv2d, flip, normal, OptionError, randomKey, tanh, tensor, transpose } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { vpLinear } from '../../schedules/index.ts'
import type { Prior } from '../../types.ts'
import { countCalls, gaussianPrior, networkPrior, pipelinePrior } from '../index.ts'
import type { EnsembleSize } from './self-ensemble.ts'
import { selfEnsemble } from './self-ensemble.ts'

const wide = { dtype: 'float64', device: 'reference' } as const
const kernel = normal(randomKey(7), [2, 2, 3, 3], wide).mul(0.4)
/** A network that tells left from right and up from down, by convolutions that know no size. */
const network = (x: Tensor): Tensor => tanh(conv2d(x, kernel, { padding: 1 }))
const leaning = (height: number, width: number): Prior =>
  networkPrior({ name: 'leaning', shape: [2, height, width], schedule: vpLinear(), predict: network })

const draw = (height: number, width: number) => normal(randomKey(8), [3, 2, height, width], wide)
const numbers = (x: Tensor) => Array.from(x.dataSync())
const apart = (a: Tensor, b: Tensor) => Math.max(...numbers(a.sub(b)).map(Math.abs))

const across = (x: Tensor) => transpose(x, [0, 1, 3, 2])
const moves: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  'left and right': (x) => flip(x, [3]),
  'up and down': (x) => flip(x, [2]),
  'by half a turn': (x) => flip(x, [2, 3]),
  'by a quarter turn': (x) => flip(across(x), [3]),
  'along the diagonal': across,
}
/** The moves that each number of views knows. */
const known: readonly (readonly [EnsembleSize, readonly string[]])[] = [
  [1, []],
  [2, ['left and right']],
  [4, ['left and right', 'up and down', 'by half a turn']],
  [8, Object.keys(moves)],
]

describe.each(known)('%i views', (size, of) => {
  test.each(Object.entries(moves))('a picture moved %s', (name, move) => {
    const prior = selfEnsemble(leaning(5, 5), size)
    const x = draw(5, 5)
    const off = apart(prior.denoise(move(x), 500), move(prior.denoise(x, 500)))
    if (of.includes(name)) expect(off).toBeLessThan(1e-12)
    else expect(off).toBeGreaterThan(1e-3)
  })
  test('leave a prior without directions as it is', () => {
    const even = gaussianPrior({ shape: [1, 3, 3], mean: new Array(9).fill(0.3), covariance: 0.5 })
    const x = normal(randomKey(4), [2, 1, 3, 3], wide)
    expect(apart(selfEnsemble(even, size).denoise(x, 400), even.denoise(x, 400))).toBeLessThan(1e-12)
  })
  test('are so many evaluations', () => {
    const counted = countCalls(leaning(5, 5))
    const prior = selfEnsemble(counted, size)
    prior.denoise(draw(5, 5), 500)
    expect(counted.calls.total).toBe(size)
  })
})

test('pictures that are not square take the prior of the exchanged size for the diagonal', () => {
  const [tall, long] = [leaning(6, 3), leaning(3, 6)]
  const of = (prior: Prior, exchanged: Prior) => selfEnsemble(prior, 8, { exchanged })
  const x = draw(6, 3)
  const found = of(tall, long).denoise(x, 400)
  expect(apart(of(long, tall).denoise(across(x), 400), across(found))).toBeLessThan(1e-12)
  expect(apart(selfEnsemble(tall, 4).denoise(x, 400), found)).toBeGreaterThan(1e-3)
  expect(() => selfEnsemble(tall, 8)).toThrow(OptionError)
  expect(() => selfEnsemble(tall, 8)).toThrow(
    "ensemble: of 8 views needs square pictures, or a prior of both sizes; 'leaning' is for 3×6 alone",
  )
})

test('of two pixels: what a law that leans makes of them and of their mirror image, by hand', () => {
  const prior = gaussianPrior({ shape: [1, 1, 2], mean: [1, -0.5], covariance: [[0.5, 0], [0, 0.2]] }) // biome-ignore format: a matrix
  const one = (pixels: readonly [number, number]) =>
    numbers(prior.denoise(tensor([[[[...pixels]]]], wide), 300))
  const [straight, mirrored] = [one([0.3, -1.2]), one([-1.2, 0.3])]
  const found = numbers(selfEnsemble(prior, 2).denoise(tensor([[[[0.3, -1.2]]]], wide), 300))
  expect(found[0]).toBeCloseTo((straight[0]! + mirrored[1]!) / 2, 12)
  expect(found[1]).toBeCloseTo((straight[1]! + mirrored[0]!) / 2, 12)
})

test('gradients are those of the mean', () => {
  const prior = selfEnsemble(leaning(3, 4), 8, { exchanged: leaning(4, 3) })
  checkGrads((x: Tensor) => prior.denoise(x, 300), [normal(randomKey(9), [1, 2, 3, 4], wide)])
})

test('what a network says of its variance is averaged with x̂₀ before any limit', () => {
  const grid = { spacing: 'leading', offset: 0, last: 'clean' } as const
  const says = (x: Tensor) => ({ output: network(x), v: network(x.mul(2)) })
  const prior = pipelinePrior({
    ...{ name: 'net', shape: [2, 4, 4], schedule: vpLinear(), grid, variance: 'learned-range' },
    limit: { kind: 'clip', range: 0.5 },
    predict: says,
  })
  const both = selfEnsemble(prior, 2)
  const x = draw(4, 4)
  const mirrored = (y: Tensor) => flip(y, [3])
  for (const part of ['x0hat', 'unlimited', 'v'] as const) {
    const [one, other] = [prior, prior].map(({ pipeline }) => pipeline!.estimate)
    const expected = one!(x, 200)
      [part]!.add(mirrored(other!(mirrored(x), 200)[part]!))
      .div(2)
    expect(apart(both.pipeline!.estimate(x, 200)[part]!, expected)).toBeLessThan(1e-12)
  }
  expect(apart(both.denoise(x, 200), both.pipeline!.estimate(x, 200).x0hat)).toBe(0)
  expect(both.pipeline!.variance).toBe('learned-range')
})

test('a prior on anything but pictures, and other numbers of views, are refused', () => {
  const flat = gaussianPrior({ shape: [4], mean: [0, 0, 0, 0], covariance: 1 })
  expect(() => selfEnsemble(flat, 2)).toThrow("prior: 'gaussian' is not on pictures")
  const autoencoder = { name: 'a', shape: [1, 8, 8], latentShape: [2, 4, 4] }
  const latent = { ...leaning(4, 4), autoencoder: { ...autoencoder, encode: network, decode: network } }
  expect(() => selfEnsemble(latent, 2)).toThrow(OptionError)
  expect(() => selfEnsemble(leaning(4, 4), 3 as EnsembleSize)).toThrow('ensemble: must be 1, 2, 4, 8, got 3')
  expect(selfEnsemble(flat, 1)).toBe(flat)
})

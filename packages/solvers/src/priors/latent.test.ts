import { tensor } from '@tweedie/tensor'
import { expect, it } from 'vitest'
import { priorLaws } from '../laws/index.ts'
import {
  gaussianMixturePrior,
  gaussianPrior,
  isLatent,
  linearAutoencoder,
  pictureShape,
  shiftedByClass,
} from './index.ts'

const float64 = { dtype: 'float64' } as const
const W = tensor(
  [
    [1, 0.4],
    [-0.3, 0.8],
    [0.5, 0],
  ],
  float64,
)
const oblique = linearAutoencoder(W, { offset: [0.1, -0.2, 0.3], shape: [3, 1] })
const list = (x: { dataSync(): ArrayLike<number> }) => Array.from(x.dataSync())
const near = (a: readonly number[], b: readonly number[], digits = 12) =>
  a.forEach((v, i) => expect(v).toBeCloseTo(b[i]!, digits))

it('a linear autoencoder: E is D⁻¹ on what D makes, and the nearest latent of anything else', () => {
  const z = tensor(
    [
      [0.7, -1.2],
      [0, 0],
    ],
    float64,
  )
  const x = oblique.decode(z)
  expect(x.shape).toEqual([2, 3, 1])
  near(list(x), [0.7 - 0.48 + 0.1, -0.21 - 0.96 - 0.2, 0.35 + 0.3, 0.1, -0.2, 0.3])
  near(list(oblique.encode(x)), list(z))
  const other = tensor([[[1], [2], [-1]]], float64)
  const left = other.sub(oblique.decode(oblique.encode(other))).reshape([1, 3])
  near(list(left.matmul(W)), [0, 0])
})

it('the shape of a picture is the decoder’s, for a prior on latents alone', () => {
  const latents = { ...gaussianPrior({ mean: [0, 0], covariance: 1 }), autoencoder: oblique }
  const beside = { ...gaussianPrior({ mean: [0, 0, 0], covariance: 1, shape: [3, 1] }), autoencoder: oblique }
  expect([isLatent(latents), pictureShape(latents)]).toEqual([true, [3, 1]])
  expect([isLatent(beside), pictureShape(beside)]).toEqual([false, [3, 1]])
  expect(pictureShape(gaussianPrior({ mean: [0, 0], covariance: 1 }))).toEqual([2])
})

const shift = tensor(
  [
    [1, 0.5],
    [0, -2],
  ],
  float64,
)
const classes = { seven: [1, 0], nine: [0.5, 1] }
const base = gaussianMixturePrior({ weights: [1, 2], means: [[0.5, -1], [-0.4, 0.3]], covariances: { each: [[[0.5, 0.2], [0.2, 0.6]], 0.3] } }) // biome-ignore format: two components
const told = shiftedByClass(base, { classes, shift })

it('a prior that is told a class has the law moved by M·c, and no class is none', () => {
  const { conditional } = told
  expect(conditional.classes).toEqual(['seven', 'nine'])
  const xt = tensor(
    [
      [0.3, -0.7],
      [1.2, 0.1],
    ],
    float64,
  )
  const c = conditional.embed([0, 1])
  const moves = [
    [1, 0],
    [1, -2],
  ] // M c, by hand
  for (const t of [0, 200, 700, 999]) {
    const x0hat = list(conditional.denoise(xt, t, c))
    moves.forEach((move, row) => {
      const means = base.law.components.map(({ mean }) => Array.from(mean, (v, i) => v + move[i]!))
      const moved = gaussianMixturePrior({
        weights: [1, 2],
        means,
        covariances: { each: base.law.components.map(({ covariance }) => covariance.to2DArray()) },
      })
      near(x0hat.slice(2 * row, 2 * row + 2), list(moved.denoise(xt.slice([row, row + 1]), t)), 10)
    })
    expect(list(conditional.denoise(xt, t, conditional.nothing))).toEqual(list(told.denoise(xt, t)))
  }
  expect(() => conditional.embed([2])).toThrow('must be 0 … 1, got 2')
  expect(() => shiftedByClass(base, { classes: { one: [1] }, shift })).toThrow('classes of 2 numbers')
})

const second = told.conditional.embed([1])
const seconds = { ...told, denoise: (x: typeof second, t: number) => told.conditional.denoise(x, t, second) }
for (const { name, holds } of priorLaws(seconds, { dtype: 'float64' })) it(`told a class: ${name}`, holds)

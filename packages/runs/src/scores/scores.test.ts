import { gaussianNoise, inpaint } from '@tweedie/solvers'
import { fromData, full, zeros } from '@tweedie/tensor'
import { expect, test } from 'vitest'
import { scoresOf, scoresOfMean } from './scores.ts'

// Of 16 pixels, a box of 4 is hidden; the truth is 0, the guess 0.5 everywhere.
const operator = inpaint([1, 4, 4], { box: 2 })
const truth = zeros([2, 1, 4, 4])
const problem = { operator, noise: gaussianNoise(0.1), y: operator.forward(truth) }
const guess = full([2, 1, 4, 4], 0.5)

test('the unseen part of the error is that of the hidden pixels', async () => {
  const [score] = await scoresOf(problem, guess, truth)
  expect(score?.['unseen']).toBeCloseTo(4 / 16, 5)
  expect(score?.['misfit']).toBeCloseTo(0.5 / 0.1, 4)
  expect(score?.['psnr']).toBeCloseTo(10 * Math.log10(4 / 0.25), 4)
})

test('each sample has its own scores', async () => {
  const apart = fromData([...Array(16).fill(0.2), ...Array(16).fill(-0.4)], [2, 1, 4, 4])
  const scores = await scoresOf(problem, apart, truth)
  expect(scores.map((score) => score['misfit'])).toEqual([expect.closeTo(2, 4), expect.closeTo(4, 4)])
  expect(scores.map((score) => score['psnr'])).toEqual(
    [0.2, 0.4].map((error) => expect.closeTo(-20 * Math.log10(error / 2), 4)),
  )
})

test('scores that cannot be had are left out', async () => {
  expect(await scoresOf(problem, guess, undefined)).toEqual([
    { misfit: expect.closeTo(5, 4) },
    { misfit: expect.closeTo(5, 4) },
  ])
  const silent = { ...problem, noise: gaussianNoise(0) }
  expect(Object.keys((await scoresOf(silent, guess, truth))[1] ?? {})).toEqual(['psnr', 'ssim', 'unseen'])
  const exact = await scoresOf(problem, truth, truth)
  expect(exact[0], 'no error, so no part of it').toEqual({ psnr: Infinity, ssim: 1, misfit: 0 })
})

test('the mean of the samples is scored once, against the first measurement', async () => {
  const apart = fromData([...Array(16).fill(0.2), ...Array(16).fill(-0.4)], [2, 1, 4, 4])
  const each = await scoresOf(problem, apart, truth)
  expect(each.map((score) => score['misfit'])).toEqual([expect.closeTo(2, 5), expect.closeTo(4, 5)])
  const score = await scoresOfMean(problem, apart, truth)
  expect(score['psnr']).toBeCloseTo(-10 * Math.log10(0.05 ** 2), 4)
  expect(score['misfit']).toBeCloseTo(1, 5)
})

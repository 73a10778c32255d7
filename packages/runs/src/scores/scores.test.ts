import { gaussianNoise, inpaint } from '@tweedie/solvers'
import { full, zeros } from '@tweedie/tensor'
import { expect, test } from 'vitest'
import { residuals, scoreAll } from './scores.ts'

// Of 16 pixels, a box of 4 is hidden; the truth is 0, the guess 0.5 everywhere.
const operator = inpaint([1, 4, 4], { box: 2 })
const truth = zeros([2, 1, 4, 4])
const problem = { operator, noise: gaussianNoise(0.1), y: operator.forward(truth) }
const guess = full([2, 1, 4, 4], 0.5)

test('the residual is the norm of what is not met', async () => {
  const found = await residuals(problem, guess)
  expect(found).toHaveLength(2)
  for (const norm of found) expect(norm).toBeCloseTo(0.5 * Math.sqrt(12), 5)
})

test('the unseen part of the error is that of the hidden pixels', async () => {
  const [score] = await scoreAll(problem, guess, truth)
  expect(score?.unseen).toBeCloseTo(4 / 16, 5)
  expect(score?.misfit).toBeCloseTo(0.5 / 0.1, 4)
  expect(score?.psnr).toBeCloseTo(10 * Math.log10(4 / 0.25), 4)
})

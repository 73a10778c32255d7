import { expect, test } from 'vitest'
import { colourOf, gradeOf, scores } from './scores.ts'

test('the best of a map has grade 1 and the worst 0, whichever way is better', () => {
  const all = [10, 12, 20]
  expect(all.map((value) => gradeOf(scores.psnr, value, all))).toEqual([0, 0.2, 1])
  expect(all.map((value) => gradeOf(scores.crps, value, all))).toEqual([1, 0.8, 0])
  expect(gradeOf(scores.psnr, 5, [5])).toBe(0.5)
  expect(gradeOf(scores.psnr, 12, [...all, Number.NaN])).toBeCloseTo(0.2, 9)
})

test('about a target, less and more are told apart, by factors', () => {
  const all = [0.25, 0.5, 1, 2]
  expect(all.map((value) => gradeOf(scores.spread, value, all))).toEqual([-1, -1, 0, 1])
  expect(gradeOf(scores.spread, Math.SQRT2, all)).toBeCloseTo(0.5, 9)
  expect(gradeOf(scores.coverage, 0.9, [0.9])).toBe(0)
  expect(gradeOf(scores.misfit, 0, [0])).toBe(-1)
  expect(colourOf(scores.spread, -1)).toContain('--b')
  expect(colourOf(scores.spread, 1)).toContain('--a')
  expect(colourOf(scores.sw, 1)).toBe('color-mix(in srgb, var(--exact) 86%, var(--surface))')
})

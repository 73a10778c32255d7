import { tensor } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { ddim } from '../samplers/index.ts'
import { edm, flow, respace, vpLinear } from '../schedules/index.ts'
import type { ScaleForm } from './index.ts'
import { scaleAdvice, scaleSteps, scoreWeight, stepScale, zetaOf } from './index.ts'

test('a scale found at one number of steps keeps its sum at another', () => {
  for (const steps of [10, 100, 1000, 3000]) expect(stepScale(0.3, 1000, steps) * steps).toBeCloseTo(300, 10)
  expect(stepScale(0.3, undefined, 7)).toBe(0.3)
  expect(scaleSteps.accepts(0)).toBe(false)
})

describe('advice', () => {
  const tried = { from: 300, to: 1000, by: 'somebody' }
  test('is none inside what was tried, ends included, nor for no guidance', () => {
    for (const [scale, steps] of [[0.3, 1000], [1, 1000], [3, 100], [300 / 7, 7], [0, 10]] as const) // biome-ignore format: pairs
      expect(scaleAdvice(scale, steps, tried)).toEqual([])
  })
  test('says outside of it what would be inside', () => {
    expect(scaleAdvice(0.3, 100, tried)).toEqual([
      'scale·steps = 30 is outside 300 … 1000 (somebody); scale = 3 … 10 is inside',
    ])
    expect(scaleAdvice(20, 100, tried)).toHaveLength(1)
  })
})

describe('what others call a scale', () => {
  // One residual r(x) = y − A x at x, its norm, and c times each author's gradient by central differences.
  const A = [[1, -0.5, 0.3], [0.2, 0.7, 0]] // biome-ignore format: a matrix
  const y = [0.9, -0.4]
  const norm = (x: readonly number[]) =>
    Math.hypot(...A.map((row, i) => y[i]! - row.reduce((s, a, j) => s + a * x[j]!, 0)))
  const x = [0.4, 0.2, -0.7]
  const slope = (f: (x: readonly number[]) => number) =>
    x.map((_, j) => {
      const at = (d: number) => f(x.map((v, k) => v + (k === j ? d : 0)))
      return (at(1e-5) - at(-1e-5)) / 2e-5
    })
  const at = { norm: norm(x), m: 2 }
  const terms: Readonly<Record<ScaleForm, number[]>> = {
    norm: slope(norm),
    'squared-over-norm': slope((v) => norm(v) ** 2).map((g) => g / at.norm),
    'half-squared-over-norm': slope((v) => norm(v) ** 2).map((g) => (0.5 * g) / at.norm),
    squared: slope((v) => norm(v) ** 2),
    'half-squared': slope((v) => norm(v) ** 2 / 2),
    'mean-squared': slope((v) => norm(v) ** 2 / 2),
  }
  test.each(Object.entries(terms))('%s is ζ·∇‖r‖', (form, term) => {
    const zeta = zetaOf(form as ScaleForm, 0.7, at)
    term.forEach((g, j) => expect(zeta * terms.norm[j]!).toBeCloseTo(0.7 * g, 8))
  })
  test('a mean of squares over more numbers is as much smaller', () => {
    expect(zetaOf('mean-squared', 1, { norm: 3, m: 12 })).toBe(0.5)
    expect(zetaOf('norm', 2, undefined, 0.1)).toBeCloseTo(0.2, 12)
    expect(zetaOf('squared', 1)).toBeNaN()
  })
})

test('the weight of a score is what a step of DDIM makes of it', () => {
  const one = tensor([[0.3]], { dtype: 'float64' })
  for (const schedule of [vpLinear(), edm(), flow()]) {
    for (const eta of [0, 0.4, 1]) {
      for (const { t, s } of respace(schedule, 6, 'trailing').slice(1)) {
        const at = { t, s, schedule }
        const end = (g: number) => {
          const x0 = one.add((g * schedule.sigma(t) ** 2) / schedule.alpha(t))
          return ddim(eta)(one, x0, () => one, at).dataSync()[0]!
        }
        expect(scoreWeight(at, eta) / (end(1) - end(0))).toBeCloseTo(1, 8)
      }
    }
  }
  // DDPM's β/√(1 − β) where the step is ancestral.
  const schedule = vpLinear()
  const beta = 1 - (schedule.alpha(500) / schedule.alpha(499)) ** 2
  expect(scoreWeight({ t: 500, s: 499, schedule }, 1)).toBeCloseTo(beta / Math.sqrt(1 - beta), 10)
})

import type { Tensor } from '@tweedie/tensor'
import { greater, greaterEqual, lessEqual, logicalAnd, logicalOr, maximum, where } from '@tweedie/tensor'
import { number } from '../options/index.ts'
import type { Next } from './draws.ts'
import { logGammaOf } from './log-gamma.ts'
import { poissonDraw } from './poisson-draw.ts'

/** The options that turn the data range into counts. */
export const countOptions = {
  peak: number('expected count where the clean measurement is 1, above that in the dark', {
    default: 255,
    above: 0,
  }),
  background: number('expected count in the dark, where the clean measurement is −1', { default: 0, min: 0 }),
}

/**
 * Between the data range and counts: a clean measurement x has the rate λ = peak·(x + 1)/2 + background (the
 * background below −1), and the count k is shown as y = 2·(k − background)/peak − 1, so that E[y] = x.
 */
export const counting = ({ peak, background }: { readonly peak: number; readonly background: number }) => ({
  /** λ of each clean value, and where it has the slope ∂λ/∂x, which is 0 elsewhere. */
  rates: (clean: Tensor) => {
    const above = clean.add(1).mul(peak / 2)
    const lit = greater(above, 0)
    return { rate: where(lit, above, 0).add(background), lit, slope: peak / 2 }
  },
  /** k of each measured value. */
  counts: (y: Tensor): Tensor =>
    y
      .add(1)
      .mul(peak / 2)
      .add(background),
  draw: (clean: number, next: Next): number => {
    const rate = Math.max(0, (peak / 2) * (clean + 1)) + background
    return (2 * (poissonDraw(rate, next) - background)) / peak - 1
  },
})

/** How far a count may be from an integer by rounding: float32 holds counts of up to 10⁵ to that. */
const rounding = 0.01

/** log of λᵏ·e^(−λ)/k! of each element; −∞ where k < 0, and where k > 0 = λ. */
export function logPoisson(k: Tensor, rate: Tensor): Tensor {
  const lit = greater(rate, 0)
  const known = greaterEqual(k, -rounding)
  const count = maximum(k, 0)
  const power = count.mul(where(lit, rate, 1).log())
  const log = power.sub(rate).sub(logGammaOf(count.add(1)))
  // Without light there is one possible count.
  const possible = logicalAnd(known, logicalOr(lit, lessEqual(k, rounding)))
  return where(possible, log, -Infinity)
}

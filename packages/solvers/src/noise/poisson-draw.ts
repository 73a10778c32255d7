import type { Next } from './draws.ts'
import { logGamma } from './log-gamma.ts'

/** By inversion: the smallest k whose distribution function reaches a uniform number. */
function byInversion(rate: number, next: Next): number {
  const u = next()
  let [k, mass] = [0, Math.exp(-rate)]
  let below = mass
  while (u > below && mass > 0) {
    k++
    mass *= rate / k
    below += mass
  }
  return k
}

/**
 * By transformed rejection with squeeze, the algorithm PTRS of Hörmann 1993 (doi 10.1016/0167-6687(93)90997-4), for
 * rates of at least 10. A quotient of uniforms is turned into an integer, and kept with the probability that makes
 * the law exact; most of them are kept by the first test.
 */
function byRejection(rate: number, next: Next): number {
  const b = 0.931 + 2.53 * Math.sqrt(rate)
  const a = -0.059 + 0.02483 * b
  const inverseAlpha = 1.1239 + 1.1328 / (b - 3.4)
  const quick = 0.9277 - 3.6224 / (b - 2)
  for (;;) {
    const u = next() - 0.5
    const v = next()
    const edge = 0.5 - Math.abs(u)
    const k = Math.floor(((2 * a) / edge + b) * u + rate + 0.43)
    if (edge >= 0.07 && v <= quick) return k
    if (k < 0 || (edge < 0.013 && v > edge)) continue
    const bound = Math.log((v * inverseAlpha) / (a / edge ** 2 + b))
    if (bound <= k * Math.log(rate) - rate - logGamma(k + 1)) return k
  }
}

/** A Poisson number of a rate from 0 on, exact up to the rounding of doubles. */
export const poissonDraw = (rate: number, next: Next): number =>
  rate < 10 ? byInversion(rate, next) : byRejection(rate, next)

import type { Component, Law, Point } from './law.ts'
import { given, momentsOf } from './law.ts'

/** What a method puts in place of p(x₀ | x_t): a Gaussian, of no extent for a point. */
export interface StandIn {
  readonly words: string
  readonly gaussian: Omit<Component, 'weight'>
}

/** What a stand-in is made of. */
interface Seen {
  readonly law: Law
  readonly at: Point
  readonly alpha: number
  readonly sigma: number
  /** Settings of the method, as texts. */
  readonly settings: Readonly<Record<string, string>>
}

const circle = ({ x, y }: Omit<Component, 'weight'>, variance: number) => ({
  ...{ x, y, xx: variance, xy: 0, yy: variance },
})

type Moments = Omit<Component, 'weight'>

/** r_t² = s²σ²/(α²s² + σ²) with s² = variance, as ΠGDM has it. */
const pseudoInverse = ({ alpha, sigma, settings }: Seen): number => {
  const variance = Number(settings['variance'] ?? 1)
  return (variance * sigma ** 2) / (alpha ** 2 * variance + sigma ** 2)
}

/** By method. Tweedie's second moment C_t = (σ²/α)·∂x̂₀/∂x_t is the covariance of p(x₀ | x_t) itself for an exact prior. */
const makers: Readonly<Record<string, (moments: Moments, seen: Seen) => StandIn>> = {
  dps: (moments) => ({ words: 'DPS takes the point x̂₀ for all of it', gaussian: circle(moments, 0) }),
  mcg: (moments) => ({ words: 'MCG takes the point x̂₀ for all of it', gaussian: circle(moments, 0) }),
  mpgd: (moments) => ({ words: 'MPGD takes the point x̂₀ for all of it', gaussian: circle(moments, 0) }),
  dsg: (moments) => ({ words: 'DSG takes the point x̂₀ for all of it', gaussian: circle(moments, 0) }),
  pigdm: (moments, seen) => ({
    words: 'ΠGDM takes a circle of variance rₜ², the same everywhere',
    gaussian: circle(moments, pseudoInverse(seen)),
  }),
  tmpd: (moments) => ({ words: 'TMPD takes an ellipse, Tweedie’s second moment', gaussian: moments }),
  mmps: (moments) => ({ words: 'MMPS takes an ellipse, Tweedie’s second moment', gaussian: moments }),
  daps: (moments, { alpha, sigma }) => ({
    words: 'DAPS takes a circle of variance σₜ²/αₜ²',
    gaussian: circle(moments, (sigma / alpha) ** 2),
  }),
  dmps: (_, { at: [x, y], alpha, sigma }) => ({
    words: 'DMPS leaves the prior out: a circle about xₜ/αₜ',
    gaussian: circle({ x: x / alpha, y: y / alpha, xx: 0, xy: 0, yy: 0 }, (sigma / alpha) ** 2),
  }),
}

/** What a method takes p(x₀ | x_t) for; undefined where it is no Gaussian of x_t. */
export const standInOf = (method: string, seen: Seen): StandIn | undefined =>
  makers[method]?.(momentsOf(given(seen.law, seen.at, seen.alpha, seen.sigma)), seen)

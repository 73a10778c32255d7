import type { Law, Point } from './law.ts'
import { densityOf, noised } from './law.ts'

/** What the exact guidance at a level of noise depends on. */
export interface Level {
  readonly law: Law
  /** Of x₀ given y. */
  readonly posterior: Law
  readonly alpha: number
  readonly sigma: number
}

/** ∇log p(y | x_t) = ∇log p(x_t | y) − ∇log p(x_t), in closed form. */
export function exactGuidance({ law, posterior, alpha, sigma }: Level): (at: Point) => Point {
  const [after, before] = [densityOf(noised(posterior, alpha, sigma)), densityOf(noised(law, alpha, sigma))]
  return ([x, y]) => {
    const [ax, ay] = after.score(x, y)
    const [bx, by] = before.score(x, y)
    return [ax - bx, ay - by]
  }
}

/** ∇log p(x_t). */
export function priorScore({ law, alpha, sigma }: Omit<Level, 'posterior'>): (at: Point) => Point {
  const { score } = densityOf(noised(law, alpha, sigma))
  return ([x, y]) => score(x, y)
}

/** A score as what it moves x̂₀ by, in units of the plane: (σ²/α)·g. Of the same size at all times, as a score is not. */
export const asMove = ({ alpha, sigma }: Pick<Level, 'alpha' | 'sigma'>, [x, y]: Point): Point => {
  const factor = sigma ** 2 / alpha
  return [factor * x, factor * y]
}

/** How far one arrow is from another. */
export interface Difference {
  /** In degrees, 0 … 180; undefined where one of them has no length. */
  readonly angle: number | undefined
  /** Length over length. */
  readonly ratio: number
  /** ‖g − g*‖/(‖g‖ + ‖g*‖), 0 … 1. */
  readonly relative: number
}

export function differenceOf([gx, gy]: Point, [ex, ey]: Point): Difference {
  const [own, exact] = [Math.hypot(gx, gy), Math.hypot(ex, ey)]
  const turned = Math.atan2(gy * ex - gx * ey, gx * ex + gy * ey)
  return {
    angle: own > 0 && exact > 0 ? (Math.abs(turned) * 180) / Math.PI : undefined,
    ratio: own / exact,
    relative: own + exact > 0 ? Math.hypot(gx - ex, gy - ey) / (own + exact) : 0,
  }
}

/** Points [N, 2] of a square grid that keeps from the rim. */
export function latticeOf(side: number, reach: number): Float32Array {
  const points = new Float32Array(2 * side * side)
  for (let i = 0; i < side * side; i++) {
    points[2 * i] = reach * ((2 * ((i % side) + 0.5)) / side - 1)
    points[2 * i + 1] = reach * ((2 * (Math.floor(i / side) + 0.5)) / side - 1)
  }
  return points
}

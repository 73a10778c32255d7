import type { Law, Point, Stripe } from './law.ts'
import { normalOf } from './law.ts'

/** Where the plane lies in a picture: x to the right, y up, the origin in the middle. */
export interface View {
  readonly width: number
  readonly height: number
  /** Pixels of one unit. */
  readonly scale: number
}

/** A view that shows −reach … reach in the shorter direction. */
export const viewOf = (width: number, height: number, reach: number): View => ({
  width,
  height,
  scale: Math.min(width, height) / (2 * reach),
})

export const toPixel = ({ width, height, scale }: View, [x, y]: Point): Point => [
  width / 2 + x * scale,
  height / 2 - y * scale,
]

export const toPlane = ({ width, height, scale }: View, [px, py]: Point): Point => [
  (px - width / 2) / scale,
  (height / 2 - py) / scale,
]

/** What can be dragged of a stripe: its middle, a grip along it that turns it, one at its edge that widens it. */
export interface StripeGrips {
  readonly middle: Point
  readonly turn: Point
  readonly widen: Point
}

/** The point of the line aᵀx = y that is nearest to the origin, and others along and beside it. */
export function gripsOf(stripe: Stripe, reach: number): StripeGrips {
  const [a, b] = normalOf(stripe)
  const middle: Point = [a * stripe.offset, b * stripe.offset]
  const along = 0.72 * Math.sqrt(Math.max(reach ** 2 - stripe.offset ** 2, 0.2 * reach ** 2))
  const place = 0.34 * reach
  return {
    middle,
    turn: [middle[0] - b * along, middle[1] + a * along],
    widen: [middle[0] + b * place + a * stripe.sigma, middle[1] - a * place + b * stripe.sigma],
  }
}

/** In −180 … 180. */
const wrapped = (angle: number): number => ((((angle + 180) % 360) + 360) % 360) - 180

/** The stripe whose grip was dragged to a point. */
export const draggedStripe: Readonly<
  Record<keyof StripeGrips, (stripe: Stripe, to: Point, reach: number) => Stripe>
> = {
  middle: (stripe, [x, y], reach) => {
    const [a, b] = normalOf(stripe)
    return { ...stripe, offset: Math.min(reach, Math.max(-reach, a * x + b * y)) }
  },
  // The line goes on through the point of its middle, which keeps its distance from the origin.
  turn: (stripe, [x, y]) => {
    const far = Math.hypot(x, y)
    if (far < 0.05 + Math.abs(stripe.offset)) return stripe
    // a·x + b·y = offset with (a, b) at the angle: the grip lies at +90° from the normal where the offset is 0.
    const angle = Math.atan2(y, x) - Math.acos(stripe.offset / far)
    return { ...stripe, angle: wrapped((angle * 180) / Math.PI) }
  },
  widen: (stripe, [x, y]) => {
    const [a, b] = normalOf(stripe)
    return { ...stripe, sigma: Math.min(1.5, Math.max(0.03, Math.abs(a * x + b * y - stripe.offset))) }
  },
}

/** The ellipse of a Gaussian at `k` standard deviations: half axes and the angle of the longer one. */
export function ellipseOf(
  { xx, xy, yy }: Pick<Law[number], 'xx' | 'xy' | 'yy'>,
  k: number,
): { readonly long: number; readonly wide: number; readonly turn: number } {
  const [mid, off] = [(xx + yy) / 2, Math.hypot((xx - yy) / 2, xy)]
  return {
    long: k * Math.sqrt(Math.max(mid + off, 0)),
    wide: k * Math.sqrt(Math.max(mid - off, 0)),
    turn: Math.atan2(2 * xy, xx - yy) / 2,
  }
}

import { reach } from './fields.ts'
import type { Law, Point } from './law.ts'
import { momentsOf } from './law.ts'
import { differenceOf } from './lens.ts'
import type { Arrows, Field } from './look.ts'
import { paintArrow, paintEllipse } from './paint.ts'
import type { StandIn } from './stand-in.ts'
import type { View } from './view.ts'
import { toPixel } from './view.ts'

type Context = CanvasRenderingContext2D

/** The colours of arrows and clouds. */
export interface LookColours {
  readonly prior: string
  readonly exact: string
  readonly own: string
  readonly ink: string
  readonly bad: string
}

const inPixels = ({ scale }: View, [x, y]: Point): Point => [x * scale, -y * scale]

const shortened = ([x, y]: Point, most: number): Point => {
  const length = Math.hypot(x, y)
  return length > most ? [(x * most) / length, (y * most) / length] : [x, y]
}

/** Both fields of arrows: what each moves x̂₀ by, made smaller together until they fit. */
export function paintArrows(context: Context, view: View, field: Field, colours: LookColours): void {
  const cell = (2 * reach * view.scale) / field.side
  const lengths = field.exact.map(([x, y]) => Math.hypot(x, y) * view.scale).toSorted((a, b) => a - b)
  const usual = lengths[Math.floor(0.85 * lengths.length)] ?? 0
  const factor = Math.min(1, (0.95 * cell) / Math.max(usual, 1e-9))
  field.exact.forEach((exact, i) => {
    const from = toPixel(view, [field.points[2 * i] ?? 0, field.points[2 * i + 1] ?? 0])
    const sized = (move: Point): Point => {
      const [x, y] = inPixels(view, move)
      return shortened([factor * x, factor * y], 1.5 * cell)
    }
    paintArrow(context, from, sized(exact), colours.exact, 1.8)
    paintArrow(context, from, sized(field.own[i] ?? [0, 0]), colours.own, 1.3)
  })
}

/** Where the guidance is wrong: the relative error, the redder the larger, and fainter where no particles come. */
export function paintErrors(context: Context, view: View, field: Field, colours: LookColours): void {
  const { side } = field
  const picture = document.createElement('canvas')
  picture.width = side
  picture.height = side
  const small = picture.getContext('2d')
  if (!small) return
  small.fillStyle = colours.bad
  field.exact.forEach((exact, i) => {
    const { relative } = differenceOf(field.own[i] ?? [0, 0], exact)
    small.globalAlpha = 0.75 * relative * (field.presence[i] ?? 0)
    small.fillRect(i % side, side - 1 - Math.floor(i / side), 1, 1)
  })
  const [left, top] = toPixel(view, [-reach, reach])
  context.imageSmoothingEnabled = true
  context.imageSmoothingQuality = 'high'
  context.drawImage(picture, left, top, 2 * reach * view.scale, 2 * reach * view.scale)
}

/** The three arrows under the lens. */
export function paintLens(
  context: Context,
  view: View,
  { at, prior, exact, own }: Arrows,
  colours: LookColours,
): void {
  const from = toPixel(view, at)
  const sized = (move: Point) => shortened(inPixels(view, move), 1.6 * view.scale)
  paintArrow(context, from, sized(prior), colours.prior, 2.2)
  paintArrow(context, from, sized(exact), colours.exact, 3)
  if (own !== undefined) paintArrow(context, from, sized(own), colours.own, 2.2)
  context.strokeStyle = colours.ink
  context.lineWidth = 1.5
  context.beginPath()
  context.arc(...from, 5, 0, 2 * Math.PI)
  context.stroke()
}

/** What a method takes p(x₀ | x_t) for, and x̂₀, its mean. */
export function paintCloud(
  context: Context,
  view: View,
  before: Law,
  standIn: StandIn | undefined,
  colours: LookColours,
): void {
  if (standIn !== undefined) paintEllipse(context, view, standIn.gaussian, colours.own)
  const { x, y } = momentsOf(before)
  paintCross(context, toPixel(view, [x, y]), colours.ink)
}

/** x̂₀. */
export function paintCross(context: Context, [x, y]: Point, colour: string): void {
  context.strokeStyle = colour
  context.lineWidth = 2.2
  context.beginPath()
  context.moveTo(x - 5, y - 5)
  context.lineTo(x + 5, y + 5)
  context.moveTo(x + 5, y - 5)
  context.lineTo(x - 5, y + 5)
  context.stroke()
}

/** The way of a particle, and where it is. */
export function paintWay(context: Context, view: View, way: readonly Point[], colour: string): void {
  context.strokeStyle = colour
  context.lineWidth = 1.2
  context.lineJoin = 'round'
  context.globalAlpha = 0.4
  context.beginPath()
  way.forEach((at, i) => {
    if (i === 0) context.moveTo(...toPixel(view, at))
    else context.lineTo(...toPixel(view, at))
  })
  context.stroke()
  context.globalAlpha = 1
  const last = way.at(-1)
  if (last === undefined) return
  context.lineWidth = 2.5
  context.beginPath()
  context.arc(...toPixel(view, last), 6, 0, 2 * Math.PI)
  context.stroke()
}

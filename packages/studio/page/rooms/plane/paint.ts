import { partsOf } from '../../parts/colour.ts'
import type { Grid } from './contours.ts'
import { contourOf, gridOf, massLevels } from './contours.ts'
import { stamp } from './dots.ts'
import type { Frame } from './engine/frames.ts'
import type { Law, Point, Stripe } from './law.ts'
import { densityOf, noised, normalOf } from './law.ts'
import type { View } from './view.ts'
import { ellipseOf, toPixel } from './view.ts'

type Context = CanvasRenderingContext2D

/** Points of a grid of densities along a side, by the noise that is on it: what is smooth needs few. */
const sideOf = (sigma: number): number => (sigma > 0.5 ? 48 : sigma > 0.2 ? 72 : 108)

/** A grid with the level of noise that it is of. */
type Known = { readonly alpha: number; readonly sigma: number; readonly grid: Grid }
const grids = new WeakMap<Law, Known>()

/** The density of the law of α·x₀ + σ·ε on a grid; the last of each law is kept, for two stages look at the same. */
export function densityGrid(law: Law, reach: number, alpha = 1, sigma = 0): Grid {
  const known = grids.get(law)
  if (known?.alpha === alpha && known.sigma === sigma) return known.grid
  const { log } = densityOf(noised(law, alpha, sigma))
  const grid = gridOf(sideOf(sigma), reach, (x, y) => Math.exp(log(x, y)))
  grids.set(law, { alpha, sigma, grid })
  return grid
}

/** A canvas that is drawn again and again, and what it shows. */
interface Scratch {
  readonly context: CanvasRenderingContext2D
  readonly image: ImageData
  of?: unknown
}
const scratches = new Map<string, Scratch>()

/** The canvas of a use and a size, empty when it is new: making one takes longer than drawing it. */
function scratchOf(use: string, width: number, height: number): Scratch | undefined {
  const key = `${use} ${width} ${height}`
  const known = scratches.get(key)
  if (known !== undefined) return known
  const context = Object.assign(document.createElement('canvas'), { width, height }).getContext('2d')
  if (!context) return undefined
  const made = { context, image: context.createImageData(width, height) }
  if (scratches.size > 20) scratches.clear()
  scratches.set(key, made)
  return made
}

/** A grid as a picture of one colour, the denser the less transparent. */
function pictureOf(grid: Grid, colour: string): HTMLCanvasElement | undefined {
  const { side, values } = grid
  const scratch = scratchOf(`grid ${colour}`, side, side)
  if (scratch === undefined || scratch.of === grid) return scratch?.context.canvas
  const { context, image } = scratch
  const parts = partsOf(colour)
  const top = values.reduce((a, b) => Math.max(a, b), 1e-300)
  for (let row = 0; row < side; row++)
    for (let column = 0; column < side; column++) {
      const at = 4 * (row * side + column)
      image.data.set(parts, at)
      image.data[at + 3] = 150 * Math.sqrt((values[(side - 1 - row) * side + column] ?? 0) / top)
    }
  context.putImageData(image, 0, 0)
  scratch.of = grid
  return context.canvas
}

/** Shades a density. */
export function paintShade(context: Context, view: View, grid: Grid, colour: string): void {
  const [left, top] = toPixel(view, [-grid.reach, grid.reach])
  const size = 2 * grid.reach * view.scale
  // Points lie in the middle of pixels: the picture is half a cell larger on every side.
  const cell = size / (grid.side - 1)
  context.imageSmoothingEnabled = true
  context.imageSmoothingQuality = grid.side > 100 ? 'high' : 'low' // of what is smooth anyway
  const picture = pictureOf(grid, colour)
  if (picture) context.drawImage(picture, left - cell / 2, top - cell / 2, size + cell, size + cell)
}

/** Lines about the half and nine tenths of a density's mass. */
export function paintContours(context: Context, view: View, grid: Grid, colour: string): void {
  const [half = 0, most = 0] = massLevels(grid, [0.5, 0.9])
  context.strokeStyle = colour
  context.lineJoin = 'round'
  for (const [level, width] of [
    [most, 1.3],
    [half, 2.2],
  ] as const) {
    context.lineWidth = width
    context.beginPath()
    for (const [from, to] of contourOf(grid, level)) {
      context.moveTo(...toPixel(view, from))
      context.lineTo(...toPixel(view, to))
    }
    context.stroke()
  }
}

/** The measurement: the band aᵀx = y ± σ, fainter out to 2σ, and its middle. */
export function paintStripe(context: Context, view: View, stripe: Stripe, colour: string): void {
  const [a, b] = normalOf(stripe)
  const far = view.width + view.height
  const [cx, cy] = toPixel(view, [a * stripe.offset, b * stripe.offset])
  context.save()
  context.translate(cx, cy)
  context.rotate((-stripe.angle * Math.PI) / 180) // the normal to the right
  context.fillStyle = colour
  for (const k of [2, 1]) {
    context.globalAlpha = 0.13
    const half = k * stripe.sigma * view.scale
    context.fillRect(-half, -far, 2 * half, 2 * far)
  }
  context.globalAlpha = 0.9
  context.fillRect(-0.75, -far, 1.5, 2 * far)
  context.restore()
}

/** The particles of a frame; weighted ones by the size of their dots. */
export function paintParticles(
  context: Context,
  view: View,
  { x, population }: Frame,
  colour: string,
  faint: boolean,
): void {
  const count = x.length / 2
  const ratio = devicePixelRatio
  const scratch = scratchOf('dots', Math.round(view.width * ratio), Math.round(view.height * ratio))
  if (scratch === undefined) return
  const size = Math.max(1.3, Math.min(2.2, view.scale / 33)) * (count > 1200 ? 0.85 : 1)
  const opacity = faint ? 0.28 : count > 1200 ? 0.45 : 0.55
  const weights = population?.weights
  const radius = (i: number) =>
    weights === undefined ? size : Math.min(9, size * Math.sqrt((weights[i] ?? 0) * count))
  scratch.image.data.fill(0)
  stamp(scratch.image, view, { x, radius, colour: partsOf(colour), opacity }, ratio)
  scratch.context.putImageData(scratch.image, 0, 0)
  context.drawImage(scratch.context.canvas, 0, 0, view.width, view.height)
}

/** An arrow from a point, in pixels. */
export function paintArrow(
  context: Context,
  [x, y]: Point,
  [dx, dy]: Point,
  colour: string,
  width = 1.6,
): void {
  const length = Math.hypot(dx, dy)
  if (!(length > 1)) return
  const head = Math.min(7, 0.45 * length)
  const [ux, uy] = [dx / length, dy / length]
  context.strokeStyle = colour
  context.fillStyle = colour
  context.lineWidth = width
  context.beginPath()
  context.moveTo(x, y)
  context.lineTo(x + dx - ux * head, y + dy - uy * head)
  context.stroke()
  context.beginPath()
  context.moveTo(x + dx, y + dy)
  context.lineTo(x + dx - head * ux - 0.45 * head * uy, y + dy - head * uy + 0.45 * head * ux)
  context.lineTo(x + dx - head * ux + 0.45 * head * uy, y + dy - head * uy - 0.45 * head * ux)
  context.fill()
}

/** An ellipse about a Gaussian at `k` standard deviations. */
export function paintEllipse(
  context: Context,
  view: View,
  gaussian: Pick<Law[number], 'x' | 'y' | 'xx' | 'xy' | 'yy'>,
  colour: string,
  k = 2,
): void {
  const { long, wide, turn } = ellipseOf(gaussian, k)
  const [x, y] = toPixel(view, [gaussian.x, gaussian.y])
  context.strokeStyle = colour
  context.lineWidth = 2
  context.beginPath()
  context.ellipse(x, y, Math.max(3, long * view.scale), Math.max(3, wide * view.scale), -turn, 0, 2 * Math.PI)
  context.stroke()
}

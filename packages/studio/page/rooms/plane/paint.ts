import type { Grid } from './contours.ts'
import { contourOf, gridOf, massLevels } from './contours.ts'
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

const pictures = new WeakMap<Grid, Map<string, HTMLCanvasElement>>()

/** A grid as a picture of one colour, the denser the less transparent; drawn once for each colour. */
function pictureOf(grid: Grid, colour: string): HTMLCanvasElement {
  const known = pictures.get(grid) ?? new Map<string, HTMLCanvasElement>()
  pictures.set(grid, known)
  const before = known.get(colour)
  if (before !== undefined) return before
  const picture = document.createElement('canvas')
  picture.width = grid.side
  picture.height = grid.side
  const context = picture.getContext('2d')
  if (context) {
    context.fillStyle = colour
    context.fillRect(0, 0, grid.side, grid.side)
    const image = context.getImageData(0, 0, grid.side, grid.side)
    const top = grid.values.reduce((a, b) => Math.max(a, b), 1e-300)
    for (let row = 0; row < grid.side; row++)
      for (let column = 0; column < grid.side; column++) {
        const value = (grid.values[(grid.side - 1 - row) * grid.side + column] ?? 0) / top
        image.data[4 * (row * grid.side + column) + 3] = 150 * Math.sqrt(value)
      }
    context.putImageData(image, 0, 0)
  }
  known.set(colour, picture)
  return picture
}

/** Shades a density. */
export function paintShade(context: Context, view: View, grid: Grid, colour: string): void {
  const [left, top] = toPixel(view, [-grid.reach, grid.reach])
  const size = 2 * grid.reach * view.scale
  // Points lie in the middle of pixels: the picture is half a cell larger on every side.
  const cell = size / (grid.side - 1)
  context.imageSmoothingEnabled = true
  context.imageSmoothingQuality = 'high'
  context.drawImage(pictureOf(grid, colour), left - cell / 2, top - cell / 2, size + cell, size + cell)
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

const dots = new Map<string, HTMLCanvasElement>()

/** A dot of a colour, in device pixels: a thousand pictures are drawn sooner than a path of a thousand circles. */
function dotOf(colour: string, diameter: number): HTMLCanvasElement {
  const key = `${colour} ${diameter}`
  const known = dots.get(key)
  if (known !== undefined) return known
  const dot = document.createElement('canvas')
  const side = Math.ceil(diameter) + 2
  dot.width = side
  dot.height = side
  const context = dot.getContext('2d')
  if (context) {
    context.fillStyle = colour
    context.arc(side / 2, side / 2, diameter / 2, 0, 2 * Math.PI)
    context.fill()
  }
  if (dots.size > 200) dots.clear()
  dots.set(key, dot)
  return dot
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
  const size = Math.max(1.3, Math.min(2.2, view.scale / 33)) * (count > 1200 ? 0.85 : 1)
  context.globalAlpha = faint ? 0.28 : count > 1200 ? 0.45 : 0.55
  for (let i = 0; i < count; i++) {
    const weight = population?.weights[i]
    const radius = weight === undefined ? size : Math.min(9, size * Math.sqrt(weight * count))
    if (radius < 0.25) continue
    const dot = dotOf(colour, Math.round(4 * radius * ratio) / 2) // to half a pixel
    const side = dot.width / ratio
    const px = view.width / 2 + (x[2 * i] as number) * view.scale
    const py = view.height / 2 - (x[2 * i + 1] as number) * view.scale
    context.drawImage(dot, px - side / 2, py - side / 2, side, side)
  }
  context.globalAlpha = 1
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

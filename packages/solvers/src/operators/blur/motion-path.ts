import type { Key } from '@tweedie/tensor'
import { randomUnits } from '@tweedie/tensor'

/** Uniform numbers on (0, 1], one after another. */
type Next = () => number

/** The numbers of a key's stream. */
function stream(key: Key): Next {
  let units = randomUnits(key, 0)
  let [at, block] = [0, 0]
  return () => {
    if (at === units.length) [units, at] = [randomUnits(key.fold(block++), 64), 0]
    return 1 - units[at++]!
  }
}

/** Beta(1, 30) times `scale`, given that it is below `most`: by inversion of 1 − (1 − x)³⁰. */
export function stepLength(next: Next, scale: number, most: number): number {
  const below = -Math.expm1(30 * Math.log1p(-Math.min(1, most / scale)))
  return -scale * Math.expm1(Math.log1p(-next() * below) / 30)
}

/** Beta(2, 20): the second smallest of 21 uniform numbers. */
export const jitterOf = (next: Next): number => Array.from({ length: 21 }, next).toSorted((a, b) => a - b)[1]!

/** Triangular on [0, end] with its peak at `mode`, by inversion. */
export function triangular(next: Next, mode: number, end: number): number {
  const u = next()
  return u * end < mode ? Math.sqrt(u * end * mode) : end - Math.sqrt((1 - u) * end * (end - mode))
}

/** What the paths of the published model add to intensities, so that steps and angles do not vanish. */
const least = 0.1

/** The lengths of steps: until they add up to the length of the path. */
function stepsOf(next: Next, intensity: number, diagonal: number): number[] {
  const length = 0.75 * diagonal * (next() + intensity ** 2 * next())
  const steps: number[] = []
  for (let walked = 0; walked < length; walked += steps.at(-1)!) {
    steps.push(stepLength(next, (1 - intensity + least) * diagonal, length))
  }
  return steps
}

/** The directions of `count` steps: angles of one sign, which changes now and then. */
export function directionsOf(next: Next, intensity: number, count: number): number[] {
  const widest = intensity * Math.PI * next()
  const jitter = jitterOf(next)
  const angles = [widest * (2 * next() - 1)]
  while (angles.length < count) {
    const size = triangular(next, intensity * widest, widest + least)
    const turned = next() < jitter ? -1 : 1
    angles.push(turned * size * Math.sign(angles.at(-1)!))
  }
  return angles
}

/** A point of a path: (x, y), from the middle of the kernel. */
export type Point = readonly [x: number, y: number]

/**
 * The path of a camera that shakes, after Borodenko's `motionblur` (github.com/LeviBorodenko/motionblur), which DPS
 * (arXiv 2209.14687) uses, in the spirit of Boracchi & Foi (IEEE Trans. Image Process. 21(8), 2012). For an intensity
 * I and a frame of diagonal D: its length is ¾D(U + I²U′), its steps are (1.1 − I)·D·Beta(1, 30), its directions
 * ±Triangular(0, I·θ, θ + 0.1) with θ = I·π·U, whose sign changes with a probability of Beta(2, 20); it is then turned
 * by an angle up to π, with its mean point in the middle. I = 0 is a straight line.
 */
export function motionPath(key: Key, intensity: number, diagonal: number): Point[] {
  const next = stream(key)
  const steps = stepsOf(next, intensity, diagonal)
  const angles = directionsOf(next, intensity, steps.length)
  const turn = Math.PI * next()
  let [x, y] = [0, 0]
  const points = steps.map((step, i): Point => {
    x += step * Math.cos(angles[i]! + turn)
    y += step * Math.sin(angles[i]! + turn)
    return [x, y]
  })
  const mean = (axis: 0 | 1) => points.reduce((sum, point) => sum + point[axis], 0) / points.length
  const [mx, my] = [mean(0), mean(1)]
  return points.map(([px, py]) => [px - mx, py - my])
}

import { OptionError, randomIntegers, randomKey, randomUnits } from '@tweedie/tensor'
import type { Filled } from '../../options/index.ts'
import { choice, integer, number } from '../../options/index.ts'

/** Options of which frequencies are measured, for every operator of magnetic resonance. */
export const maskOptions = {
  pattern: choice('columns at random, columns at a distance, or spokes', ['random', 'equispaced', 'radial']),
  acceleration: number('how many times fewer frequencies than pixels are measured', { default: 4, min: 1 }),
  centre: number('part of the columns that is measured in the middle', {
    min: 0,
    max: 1,
    otherwise: '0.08 up to acceleration 6, 0.04 above',
  }),
  decay: number('p of the density (1 − |k|)^p of random columns, k in 0 … 1', { otherwise: '0', min: 0 }),
  seed: integer('which random columns, first column or first spoke', { default: 0, min: 0 }),
}

type MaskOptions = Filled<typeof maskOptions>

/**
 * The measured frequencies of a height×width spectrum, frequency 0 in the middle: sorted places in row-major order. A
 * function of its options alone.
 *
 * - `random`: round(centre·W) columns in the middle, at least one, and others without replacement until there are
 *   round(W/acceleration), with probabilities in proportion to (1 − |k|)^decay (Lustig, Donoho & Pauly 2007). At
 *   decay 0 it is the random mask of fastMRI (arXiv 1811.08839), whose number of columns is right on average only.
 * - `equispaced`: the same middle, and columns at the distance that makes the number right on average, from a random first one
 *   (after fastMRI's `EquispacedMaskFractionFunc`, which leaves the last column out).
 * - `radial`: spokes through frequency 0, each turned by the golden angle of 111.25° against the last (Winkelmann et al.
 *   2007), each pixel taken that a spoke is nearest to; as many spokes as come closest to the acceleration.
 *
 * @throws {OptionError} for a middle of more columns than the acceleration allows, or options of another pattern.
 */
export function sampledPlaces(height: number, width: number, options: MaskOptions): Int32Array {
  const { pattern, centre, decay } = options
  if (pattern === 'radial' && centre !== undefined)
    throw new OptionError('centre', 'goes with random and equispaced; spokes meet in the middle anyway')
  if (pattern !== 'random' && decay !== undefined) throw new OptionError('decay', 'goes with random only')
  if (pattern === 'radial') return spokes(height, width, options)
  const columns = sampledColumns(width, options)
  return Int32Array.from(
    { length: height * columns.length },
    (_, i) => Math.floor(i / columns.length) * width + columns[i % columns.length]!,
  )
}

function sampledColumns(width: number, options: MaskOptions): number[] {
  const { pattern, acceleration, seed, decay = 0 } = options
  const { centre = acceleration <= 6 ? 0.08 : 0.04 } = options
  const low = Math.max(1, Math.round(centre * width))
  const count = Math.max(1, Math.round(width / acceleration))
  if (low > count) {
    const fits = `at most ${count} of ${width} columns fit acceleration ${acceleration}`
    throw new OptionError('centre', `${centre} is ${low} columns; ${fits}`)
  }
  const first = (width - low + 1) >> 1
  const middle = Array.from({ length: low }, (_, i) => first + i)
  const others = pattern === 'random' ? drawn : spaced
  const columns = new Set([...middle, ...others({ width, low, first, count, seed, decay })])
  return [...columns].sort((a, b) => a - b)
}

interface Columns {
  readonly width: number
  /** How many columns the middle has, and the first of them. */
  readonly low: number
  readonly first: number
  /** How many there are to be. */
  readonly count: number
  readonly seed: number
  readonly decay: number
}

/** Weighted draws without replacement are the greatest of u^(1/weight) (Efraimidis & Spirakis 2006). */
function drawn({ width, low, first, count, seed, decay }: Columns): number[] {
  const units = randomUnits(randomKey(seed).fold('mri/random'), width)
  const reach = Math.floor(width / 2) + 1
  const outside = Array.from({ length: width }, (_, i) => i).filter((i) => i < first || i >= first + low)
  const order = outside.map((i) => {
    const weight = (1 - Math.abs(i - Math.floor(width / 2)) / reach) ** decay
    return { i, score: Math.log(units[i]!) / weight }
  })
  return order
    .sort((a, b) => b.score - a.score)
    .slice(0, count - low)
    .map(({ i }) => i)
}

function spaced({ width, low, count, seed }: Columns): number[] {
  if (count === low) return []
  const distance = (width - low) / (count - low)
  const key = randomKey(seed).fold('mri/equispaced')
  const from = randomIntegers(key, Math.max(1, Math.round(distance)), 1)[0]!
  const steps = Math.ceil((width - 0.5 - from) / distance)
  return Array.from({ length: steps }, (_, j) => Math.round(from + j * distance))
}

const goldenAngle = Math.PI * (Math.sqrt(5) - 1) * 0.5

function spokes(height: number, width: number, { acceleration, seed }: MaskOptions): Int32Array {
  const [all, wanted] = [height * width, (height * width) / acceleration]
  if (acceleration === 1) return Int32Array.from({ length: all }, (_, i) => i)
  const start = Math.PI * randomUnits(randomKey(seed).fold('mri/radial'), 1)[0]!
  const places = new Set<number>()
  // Four times as many spokes as would lie a pixel apart at the border take every pixel.
  for (let spoke = 0; spoke < 16 * Math.max(height, width); spoke++) {
    const next = spokeOf(height, width, start + spoke * goldenAngle).filter((at) => !places.has(at))
    // One spoke more may miss by more than one fewer does.
    if (spoke > 0 && places.size + next.length - wanted > wanted - places.size) break
    for (const at of next) places.add(at)
  }
  return Int32Array.from(places).sort()
}

/** The pixels along a line through the middle one, from border to border, one for every step of the longer component. */
function spokeOf(height: number, width: number, angle: number): number[] {
  const [dy, dx] = [Math.sin(angle), Math.cos(angle)]
  const longer = Math.max(Math.abs(dy), Math.abs(dx))
  const reach = Math.max(height, width)
  const places = new Set<number>()
  for (let step = -reach; step <= reach; step++) {
    const p = Math.floor(height / 2) + Math.round((step * dy) / longer)
    const q = Math.floor(width / 2) + Math.round((step * dx) / longer)
    if (p >= 0 && p < height && q >= 0 && q < width) places.add(p * width + q)
  }
  return [...places]
}

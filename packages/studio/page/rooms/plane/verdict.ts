import type { Numbers } from './engine/numbers.ts'

/** ½Σ|a − b|, the part of the particles that is in the wrong place. */
export const misplaced = ({ occupancy, exactOccupancy }: Numbers): number =>
  occupancy.reduce((sum, part, k) => sum + Math.abs(part - (exactOccupancy[k] ?? 0)), 0) / 2

/** A coverage up to which particles are off the lines, whatever their distance. */
const onTheLines = 0.83

const percent = (part: number): string => `${Math.round(100 * part)} %`

/** What the numbers say, in a sentence. Distances up to one and a half times the floor are those that exact draws have as well. */
export function verdictOf(numbers: Numbers): string {
  const { sw, floor, spread, coverage } = numbers
  if (sw <= 1.5 * floor && coverage > onTheLines) return 'Not to be told from exact draws.'
  if (spread < 0.85) return `Too narrow: ${percent(spread)} of the exact variance.`
  if (spread > 1.18) return `Too wide: ${percent(spread)} of the exact variance.`
  if (coverage <= onTheLines) return `Off the lines: ${percent(coverage)} where there should be 90 %.`
  if (misplaced(numbers) > 0.1) return `Wrong weights: ${percent(misplaced(numbers))} are in the wrong place.`
  return `Near: ${(sw / floor).toFixed(1)} times the distance of exact draws.`
}

import { OptionError } from '@tweedie/tensor'

/** A stretch [from, to) of an axis, and what stands there: a weighted mean of the windows that reach it. */
export interface Segment {
  readonly from: number
  readonly to: number
  readonly parts: readonly SegmentPart[]
}

/** What a window adds to a segment. */
export interface SegmentPart {
  /** Number of the window. */
  readonly window: number
  /** Where the segment starts within it. */
  readonly at: number
  /** The weight of each place of the segment; absent where all are 1. */
  readonly weights?: Float64Array
}

/** Windows of one length that cover an axis. */
export interface Windows {
  readonly starts: readonly number[]
  /** All of the axis, in order. */
  readonly segments: readonly Segment[]
}

/** The part of an overlap at each end of a window where its values do not count: there it misses what lies beyond it most. */
const unused = 1 / 4

/** 0 … 1 ↦ 0 … 1, level at both ends; ramp(u) + ramp(1 − u) = 1. */
const ramp = (u: number): number => (u <= 0 ? 0 : u >= 1 ? 1 : Math.sin((Math.PI / 2) * u) ** 2)

/**
 * Windows of `tile` places that cover `extent` of them, the next starting tile − overlap after the one before, the last
 * where it ends with the axis; and how they are blended. Weights are not negative and sum to 1 at each place. Of an
 * overlap o, ⌊o/4⌋ places at the very end of each window have the weight 0, so that a value that depends on no more than
 * ⌊o/4⌋ places to either side is the same as that of one window over all.
 * @throws {OptionError} unless 1 ≤ tile ≤ extent and 0 ≤ overlap < tile.
 * @example
 * ```ts
 * import { windowsAlong } from '@tweedie/solvers'
 * windowsAlong(10, 6, 2).starts // => [0, 4]
 * windowsAlong(10, 6, 2).segments.map(({ from, to }) => [from, to]) // => [[0, 4], [4, 6], [6, 10]]
 * ```
 */
export function windowsAlong(extent: number, tile: number, overlap: number): Windows {
  if (!(Number.isInteger(tile) && tile >= 1 && tile <= extent))
    throw new OptionError('tile', `must be a whole number from 1 to ${extent}, got ${tile}`)
  if (!(Number.isInteger(overlap) && overlap >= 0 && overlap < tile))
    throw new OptionError('overlap', `must be a whole number from 0 to ${tile - 1}, got ${overlap}`)
  const count = Math.ceil((extent - tile) / (tile - overlap)) + 1
  const starts = Array.from({ length: count }, (_, k) => Math.min(k * (tile - overlap), extent - tile))
  const margin = Math.floor(overlap * unused)
  const rise = (distance: number) => (overlap === 0 ? 1 : ramp((distance - margin) / (overlap - 2 * margin)))
  /** Of window k at a place of the axis, before the sum is made 1; the border of the axis is no border. */
  const raw = (k: number, place: number): number => {
    const within = place - starts[k]! + 0.5
    return (k === 0 ? 1 : rise(within)) * (k === count - 1 ? 1 : rise(tile - within))
  }
  const kept = starts.map((start, k) => ({
    from: k === 0 ? start : start + margin,
    to: k === count - 1 ? extent : start + tile - margin,
  }))
  const cuts = [...new Set(kept.flatMap(({ from, to }) => [from, to]))].sort((a, b) => a - b)
  const segments = cuts.slice(1).map((to, i): Segment => {
    const from = cuts[i]!
    const here = starts.flatMap((_, k) => (kept[k]!.from <= from && kept[k]!.to >= to ? [k] : []))
    const sums = Float64Array.from({ length: to - from }, (_, j) =>
      here.reduce((sum, k) => sum + raw(k, from + j), 0),
    )
    return {
      from,
      to,
      parts: here.map((k) => ({
        window: k,
        at: from - starts[k]!,
        ...(here.length > 1 && { weights: sums.map((sum, j) => raw(k, from + j) / sum) }),
      })),
    }
  })
  return { starts, segments }
}

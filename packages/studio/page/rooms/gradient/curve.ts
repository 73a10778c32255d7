import type { ChainRun, Evaluation } from './engine/chain.ts'
import type { Live } from './engine/live.ts'

/** A point of a curve, both from 0 to 1 of what is shown. */
export type Point = readonly [x: number, y: number]

/** Live bytes over time: of each part of the time the least and the most, so that no peak is lost. */
export function memoryCurve({ at, bytes }: Live, end: number, top: number, parts = 400): Point[] {
  const points: Point[] = []
  let last = 0
  for (let part = 0, k = 0; part < parts && k < at.length; part++) {
    const until = ((part + 1) / parts) * end
    let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
    const from = k
    for (; k < at.length && ((at[k] ?? 0) <= until || part === parts - 1); k++) {
      least = Math.min(least, bytes[k] ?? 0)
      most = Math.max(most, bytes[k] ?? 0)
    }
    if (from === k) continue
    // What was before goes on until the first of these.
    const x = (at[from] ?? 0) / end
    points.push([x, last / top], [x, most / top], [x, least / top])
    last = bytes[k - 1] ?? 0
    points.push([Math.min(1, (at[k - 1] ?? 0) / end), last / top])
  }
  return points
}

/** What is kept before each evaluation, as steps of a stair: in the logarithm of the bytes between `least` and `most`. */
export function keptCurve(
  evaluations: readonly Evaluation[],
  count: number,
  [least, most]: readonly [least: number, most: number],
): Point[] {
  const height = (bytes: number) =>
    (Math.log(Math.max(least, bytes)) - Math.log(least)) / (Math.log(most) - Math.log(least))
  return evaluations.flatMap(({ kept }, k): Point[] => [
    [k / count, height(kept)],
    [(k + 1) / count, height(kept)],
  ])
}

/** A bar of the schedule: an evaluation, or the way back through one that was taped. */
export interface Bar {
  readonly kind: 'plain' | 'taped' | 'back'
  readonly step: number
  /** Parts of the whole time. */
  readonly from: number
  readonly to: number
}

/** When each step of the sampler was evaluated, with a tape or without, and when its way back was gone. */
export const scheduleOf = ({
  evaluations,
  back,
  milliseconds,
}: Pick<ChainRun, 'evaluations' | 'back' | 'milliseconds'>): Bar[] =>
  [
    ...evaluations.map((one) => ({ ...one, kind: one.taped ? ('taped' as const) : ('plain' as const) })),
    ...back.map((one) => ({ ...one, kind: 'back' as const })),
  ].map(({ kind, step, from, to }) => ({ kind, step, from: from / milliseconds, to: to / milliseconds }))

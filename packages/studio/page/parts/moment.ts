/** A moment of a run, by the steps that are done. */
export interface Moment {
  readonly index: number
  /** Steps of the run. */
  readonly steps: number
}

/** The moment nearest to a place 0 … 1000 of a run, or the last that has come. */
export function frameAt<F extends Moment>(frames: readonly F[], at: number): F | undefined {
  const wanted = (at / 1000) * (frames[0]?.steps ?? 0)
  return frames.reduce<F | undefined>(
    (best, frame) =>
      best === undefined || Math.abs(frame.index - wanted) < Math.abs(best.index - wanted) ? frame : best,
    undefined,
  )
}

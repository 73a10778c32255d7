/** When MGPS fits how long. */
export interface MgpsUpdates {
  readonly fitSteps: number
  readonly longSteps: number
  readonly longFirst: number
  readonly longEvery: number
  readonly quietLast: number
}

/** Updates of the fits of step i of so many. */
export function fitsOf(i: number, steps: number, plan: MgpsUpdates): number {
  const left = steps - 1 - i
  const long = left > plan.quietLast && (i < plan.longFirst || left % plan.longEvery === 0)
  return long ? plan.longSteps : plan.fitSteps
}

/** Steps that have a second fit: a part of those before the last two, so that there is a time below theirs. */
export const warmSteps = (steps: number, part: number): number => Math.max(0, Math.ceil(part * (steps - 2)))

/** Two for each guided step beside its fits, one for the start and one for the end. */
export const mgpsEvaluations = (
  steps: number,
  options: MgpsUpdates & { readonly fit: string; readonly warm: number },
): number =>
  Array.from({ length: steps - 1 }, (_, i) => {
    const updates = fitsOf(i, steps, options)
    return 2 + (options.fit === 'exact' ? 1 : updates) + (i < warmSteps(steps, options.warm) ? updates : 0)
  }).reduce((sum, each) => sum + each, 2)

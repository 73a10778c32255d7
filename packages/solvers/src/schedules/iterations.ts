import type { Schedule } from '../types.ts'
import type { TimePair } from './levels.ts'

/** The grid of a run whose steps are iterations of one objective: each from the noisiest time to the clean end. */
export const iterations = ({ noisiest, clean }: Schedule, steps: number): readonly TimePair[] =>
  new Array<TimePair>(steps).fill({ t: noisiest, s: clean })

import type { SampleMetric } from '../types.ts'
import { slicedWasserstein } from './sliced.ts'

/** All scores of samples of a posterior that is known, by the name that results have. */
export const sampleMetrics: readonly SampleMetric[] = [slicedWasserstein]

import type { SampleMetric } from '../types.ts'
import { sampleMean, sampleStd, zStd } from './columns.ts'
import { gaussianW2 } from './gaussian-w2.ts'
import { sampleRmse } from './rmse.ts'
import { slicedWasserstein } from './sliced.ts'

/** All scores of samples of a posterior that is known, by the name that results have. */
export const sampleMetrics: readonly SampleMetric[] = [
  slicedWasserstein,
  sampleRmse,
  gaussianW2,
  sampleMean,
  sampleStd,
  zStd,
]

import type { SampleMetric } from '../types.ts'
import { centralMoments } from './cmd.ts'
import { sampleMean, sampleStd, zStd } from './columns.ts'
import { hpdCoverage, hpdCoverageSoftmax, marginalCoverage } from './coverage.ts'
import { crps, energyScore } from './crps.ts'
import { energyDistance, maximumMeanDiscrepancy } from './energy.ts'
import { evidenceBias, logEvidenceError } from './evidence.ts'
import { gap, pooledGap } from './gap.ts'
import { gaussianW2 } from './gaussian-w2.ts'
import { kernelStein } from './ksd.ts'
import { meanError, relativeMeanError, relativeVarianceError, varianceError } from './mean-variance.ts'
import { observableDistance } from './observable.ts'
import { occupancy, weightsError } from './occupancy.ts'
import { sampleRmse } from './rmse.ts'
import { rankCalibration, rankSpread } from './sbc.ts'
import { maxSlicedWasserstein, slicedWasserstein } from './sliced.ts'
import {
  varianceRatio,
  varianceRatioMeasured,
  varianceRatioUnmeasured,
  whitened,
  whitenedMeasured,
  whitenedUnmeasured,
} from './spread.ts'

/** All scores of samples of a posterior that is known, by the name that results have. */
export const sampleMetrics: readonly SampleMetric[] = [
  slicedWasserstein,
  sampleRmse,
  gaussianW2,
  sampleMean,
  sampleStd,
  zStd,
  maxSlicedWasserstein,
  observableDistance,
  energyDistance,
  maximumMeanDiscrepancy,
  centralMoments,
  kernelStein,
  meanError,
  relativeMeanError,
  varianceError,
  relativeVarianceError,
  varianceRatio,
  varianceRatioMeasured,
  varianceRatioUnmeasured,
  whitened,
  whitenedMeasured,
  whitenedUnmeasured,
  occupancy,
  weightsError,
  hpdCoverage,
  hpdCoverageSoftmax,
  marginalCoverage,
  rankCalibration,
  rankSpread,
  crps,
  energyScore,
  gap,
  pooledGap,
  evidenceBias,
  logEvidenceError,
]

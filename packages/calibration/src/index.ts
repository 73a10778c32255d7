export { sampleMetrics } from './metrics/catalog.ts'
export { centralMoments } from './metrics/cmd.ts'
export { hpdCoverage, hpdCoverageSoftmax, marginalCoverage } from './metrics/coverage.ts'
export { crps, energyScore } from './metrics/crps.ts'
export type { SampleMetricDefinition, SampleNeed } from './metrics/define.ts'
export { average, defineSampleMetric, meanOver } from './metrics/define.ts'
export { energyDistance, maximumMeanDiscrepancy } from './metrics/energy.ts'
export { evidenceBias, logEvidenceError } from './metrics/evidence.ts'
export { gap, pooledGap } from './metrics/gap.ts'
export { kernelStein } from './metrics/ksd.ts'
export {
  meanError,
  relativeMeanError,
  relativeVarianceError,
  varianceError,
} from './metrics/mean-variance.ts'
export { occupancy, weightsError } from './metrics/occupancy.ts'
export type { MetricPower, PowerSize } from './metrics/power.ts'
export { metricPower } from './metrics/power.ts'
export { rankCalibration, rankSpread, uniformRanks } from './metrics/sbc.ts'
export { maxSlicedWasserstein, slicedWasserstein } from './metrics/sliced.ts'
export {
  varianceRatio,
  varianceRatioMeasured,
  varianceRatioUnmeasured,
  whitened,
  whitenedMeasured,
  whitenedUnmeasured,
} from './metrics/spread.ts'
export type { PairedDifference } from './metrics/statistics.ts'
export {
  chiSquareTail,
  pairedDifference,
  studentQuantile,
  studentTails,
  wilson,
} from './metrics/statistics.ts'
export type { Change, TrialProblem } from './metrics/trials.ts'
export { trial } from './metrics/trials.ts'
export type { Points } from './points.ts'
export { pointAt, pointsOf, pointsOfTensor } from './points.ts'
export { mixturePosterior } from './posteriors/mixture.ts'
export { countOperator } from './rows/count-operator.ts'
export { methodRow } from './rows/method.ts'
export type { Integration } from './rows/references.ts'
export { drawKeys, exactDraws, exactScore, priorAlone } from './rows/references.ts'
export { suites } from './suites/catalog.ts'
export type {
  Case,
  Cost,
  Draw,
  Drawn,
  Extent,
  Judged,
  PosedProblem,
  Posterior,
  Provenance,
  Published,
  Row,
  SampleMetric,
  SampleMetricInfo,
  Suite,
  Summary,
} from './types.ts'

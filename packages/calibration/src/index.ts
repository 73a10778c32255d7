export { decodeLaw, encodeLaw } from './digits/law-file.ts'
export type { DigitsSource } from './digits/source.ts'
export type { FactorFitStep } from './em/factor-em.ts'
export { fitFactorMixture, meanLogLikelihood } from './em/factor-em.ts'
export type { FactorFit, FactorModel } from './em/model.ts'
export type { GibbsPriorOptions } from './levy/gibbs-prior.ts'
export { gibbsPrior } from './levy/gibbs-prior.ts'
export type { Increments } from './levy/increments.ts'
export { increments } from './levy/increments.ts'
export type { LevyPosteriorOptions } from './levy/posterior.ts'
export { levyPosterior } from './levy/posterior.ts'
export type { Cell, CellId, CellOptions, Measured, PosedCase, Refused } from './measure/cell.ts'
export { measureCell, poseOnce } from './measure/cell.ts'
export type { Comparison, Difference } from './measure/compare.ts'
export { compareResults } from './measure/compare.ts'
export { columnsOf, notesOf, short, tableMarkdown, told } from './measure/markdown.ts'
export type { Asked, FindMethod, Plan, Task } from './measure/plan.ts'
export { findSuite, planSuite, tasksOf } from './measure/plan.ts'
export type { AskedSuites } from './measure/registry-plans.ts'
export { plans } from './measure/registry-plans.ts'
export type { Results, RowResults, RunFacts, SuiteResults } from './measure/results.ts'
export { cellLookup, formatResults, parseCell, parseResults, resultsOf, rounded } from './measure/results.ts'
export type { CellWorker, MeasureOptions } from './measure/run.ts'
export { localWorker, measure } from './measure/run.ts'
export type { ProblemTable, TableRow, Told } from './measure/table.ts'
export { tablesOf } from './measure/table.ts'
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
export type { MethodRowOptions, SamplesAre } from './rows/method.ts'
export { hasPopulation, methodRow } from './rows/method.ts'
export { rowsOfMethod } from './rows/of-method.ts'
export type { Integration } from './rows/references.ts'
export { drawKeys, exactDraws, exactScore, priorAlone } from './rows/references.ts'
export type { SmallSettings } from './rows/small-settings.ts'
export { smallSettings } from './rows/small-settings.ts'
export { suites } from './suites/catalog.ts'
export { digitsGmm } from './suites/digits-gmm.ts'
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

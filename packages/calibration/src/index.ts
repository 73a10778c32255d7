export type { CheckAsked } from './check/check.ts'
export { checkCalibration } from './check/check.ts'
export type { Check, Finding } from './check/verdict.ts'
export { checkMetrics, checkOf } from './check/verdict.ts'
export { decodeLaw, encodeLaw } from './digits/law-file.ts'
export { digitSettings } from './digits/settings.ts'
export type { DigitsSource } from './digits/source.ts'
export type { FactorFitStep } from './em/factor-em.ts'
export { fitFactorMixture, meanLogLikelihood } from './em/factor-em.ts'
export type { FactorFit, FactorModel } from './em/model.ts'
export type { ImageCell, ImageCellId, ImageRun, ImageTask } from './images/cell.ts'
export { measureImages, measurementOf } from './images/cell.ts'
export type { ImageColumn } from './images/columns.ts'
export { imageColumns, imageHeading, imageNotes } from './images/columns.ts'
export type { ImageResults } from './images/results.ts'
export { formatImageResults, imageCellKey, parseImageCell, parseImageResults } from './images/results.ts'
export type { ImageRow, ImageTable } from './images/table.ts'
export { imageTables, pictureDifference } from './images/table.ts'
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
export { columnsOf, notesOf, tableMarkdown, told } from './measure/markdown.ts'
export type { PairOfRows } from './measure/pairs.ts'
export { pairsOf } from './measure/pairs.ts'
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
export {
  hpdCoverage,
  hpdCoverageSoftmax,
  inCentral,
  inHighest,
  marginalCoverage,
} from './metrics/coverage.ts'
export { crps, energyScore } from './metrics/crps.ts'
export type { SampleMetricDefinition, SampleNeed } from './metrics/define.ts'
export { average, defineSampleMetric, meanOver } from './metrics/define.ts'
export { energyDistance, maximumMeanDiscrepancy } from './metrics/energy.ts'
export { evidenceBias, logEvidenceError } from './metrics/evidence.ts'
export { gap, pooledGap } from './metrics/gap.ts'
export { gaussianDistance } from './metrics/gaussian-w2.ts'
export { kernelStein } from './metrics/ksd.ts'
export {
  meanError,
  relativeMeanError,
  relativeVarianceError,
  varianceError,
} from './metrics/mean-variance.ts'
export { observableDistance } from './metrics/observable.ts'
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
export { chance, short } from './numbers.ts'
export type { Points } from './points.ts'
export { pointAt, pointsOf, pointsOfTensor } from './points.ts'
export type { ChainOptions, ChainPosterior, ChainPosteriorParts, Chains } from './posteriors/chain.ts'
export { chainPosterior, importance, runChains } from './posteriors/chain.ts'
export type { Convergence } from './posteriors/convergence.ts'
export { convergence, worstConvergence } from './posteriors/convergence.ts'
export { laplaceMixture } from './posteriors/laplace.ts'
export type { GaussianLaw, MidpointProblem } from './posteriors/midpoint-law.ts'
export { midpointLaw } from './posteriors/midpoint-law.ts'
export { mixturePosterior } from './posteriors/mixture.ts'
export type { Ridges } from './posteriors/ridge.ts'
export { ridgeTarget } from './posteriors/ridge.ts'
export { ridgePosterior } from './posteriors/ridge-posterior.ts'
export type { Stream } from './posteriors/stream.ts'
export { streamOf } from './posteriors/stream.ts'
export type { CurvedTarget, Drawable, Target } from './posteriors/target.ts'
export { mixtureTarget } from './posteriors/target.ts'
export type { HostArray, ReadArray } from './problem/array.ts'
export type { BatchedDraw } from './problem/draw.ts'
export { batchFor, drawByMethod, drawExactly } from './problem/draw.ts'
export type { ExactPosterior } from './problem/exact.ts'
export { exactPosteriorOf, whyNotExact } from './problem/exact.ts'
export { parseDescription } from './problem/json.ts'
export type { OwnProblem } from './problem/problem.ts'
export { problemOfDescription } from './problem/problem.ts'
export type { Distance, Moments, Occupancy, SampleSummary } from './problem/summary.ts'
export { momentsOf, summariseSamples } from './problem/summary.ts'
export { countOperator } from './rows/count-operator.ts'
export type { MethodRowOptions, SamplesAre } from './rows/method.ts'
export { hasPopulation, methodRow } from './rows/method.ts'
export { rowsOfMethod } from './rows/of-method.ts'
export type { Integration } from './rows/references.ts'
export { drawKeys, exactDraws, exactScore, priorAlone } from './rows/references.ts'
export type { SmallSettings } from './rows/small-settings.ts'
export { smallSettings } from './rows/small-settings.ts'
export { parseRunFile } from './run-file/parse.ts'
export type { Performed, Performing } from './run-file/perform.ts'
export { performRun } from './run-file/perform.ts'
export type { PictureBytes, PictureRun, PointsRun, RunFile } from './run-file/run-file.ts'
export { bytesOfHex, formatRunFile, hexOf, pictureBytes } from './run-file/run-file.ts'
export { suites } from './suites/catalog.ts'
export { digitsGmm } from './suites/digits-gmm.ts'
export type { Rung, Standing } from './tune/halving.ts'
export { halve, ranksOf, rungsOf } from './tune/halving.ts'
export type { PresetFile } from './tune/preset-file.ts'
export { formatPreset, parsePreset } from './tune/preset-file.ts'
export type { AskedSpace, Range, Space } from './tune/space.ts'
export { drawSettings, rangeOf, spaceOf } from './tune/space.ts'
export type { TestScore, TuneAsked, TuneControl, Tuned } from './tune/tune.ts'
export { tune, validationSeed } from './tune/tune.ts'
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
  Variant,
} from './types.ts'

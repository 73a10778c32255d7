export type { MethodFacts } from './facts/methods.ts'
export { methodFacts, methodsThatFit, suggesting } from './facts/methods.ts'
export type { OperatorFacts } from './facts/operators.ts'
export { exampleOperator, operatorFacts, operatorsThatFit, operatorWords } from './facts/operators.ts'
export type { Picture } from './pictures/picture.ts'
export {
  centreOf,
  enlarge,
  isPicture,
  reduced,
  toColor,
  toGrey,
  toPictures,
  toTensor,
} from './pictures/picture.ts'
export type { Panel, PanelRow, SheetPlan } from './pictures/sheet.ts'
export { drawGrid, drawSheet, pictureOnSheet } from './pictures/sheet.ts'
export { autoencoderOf } from './priors/autoencoder.ts'
export type { AskedClass } from './priors/classified.ts'
export { checkClassifier, classifiedPrior } from './priors/classified.ts'
export { fetchLatentPrior } from './priors/fetch-latent.ts'
export { checkMemory, checkNetwork, priorOf, shapeAt } from './priors/network.ts'
export { scheduleOf } from './priors/schedule.ts'
export type { Layout, LayoutRequest, OpenPrior, PriorSizes, Size } from './priors/sizes.ts'
export { laidOver, layoutOf, withChannels } from './priors/sizes.ts'
export { limitOf, trainedPrior } from './priors/trained.ts'
export { asPictures, operatorFor } from './problem/latent.ts'
export type { Measured, ProblemSpec } from './problem/problem.ts'
export { drawsOf, measure, measurementKey, problemFromSpec, repeatSample } from './problem/problem.ts'
export type { ClassifierChoice, LaidOver, Restoration } from './problem/restoration.ts'
export type { FinishedRun } from './record/finish.ts'
export { describeDevice, priorRecord, recordRun } from './record/finish.ts'
export type { FolderRecord, FolderResult, FolderRow } from './record/folder.ts'
export { commandLine, formatRecord, meanScore } from './record/format.ts'
export type {
  InputRecord,
  Machine,
  MethodRecord,
  ResidualCheck,
  RunRecord,
  Score,
  TaskRecord,
  TracePoint,
} from './record/record.ts'
export type { Chart, Curve } from './report/curves.ts'
export { drawChart } from './report/curves.ts'
export type { ShownRow, Thumb } from './report/folder-page.ts'
export { drawFolderReport, failedOf, meanOfRows, metricsOfRows } from './report/folder-page.ts'
export { fixed } from './report/numbers.ts'
export type { PictureAddress } from './report/page.ts'
export { drawReport } from './report/page.ts'
export type { TaskPictures } from './report/pictures.ts'
export type { Remark, SummaryRow, TaskSummary } from './report/summary.ts'
export { mebibytes, metricsShown, noiseInWords, summarise } from './report/summary.ts'
export type { Verdict } from './report/verdict.ts'
export { verdict } from './report/verdict.ts'
export type { Watch } from './run/drive.ts'
export { drive } from './run/drive.ts'
export { InterruptedError } from './run/interrupted.ts'
export type { Glimpse, MethodRequest, Outcome, PartialRun } from './run/run-method.ts'
export { runMethod } from './run/run-method.ts'
export type { TaskResult } from './run/run-task.ts'
export { runTask } from './run/run-task.ts'
export type { Assignment, Task, TaskControl } from './run/task.ts'
export { chiSquaredRange, residualCheck, residualInWords } from './scores/chi-squared.ts'
export type { ShownMetric } from './scores/scores.ts'
export { recordedMetrics, scoresOf, scoresOfMean, shownMetrics } from './scores/scores.ts'
export { meanAndSpread } from './scores/spread.ts'

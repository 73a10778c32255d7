export { MissingPackageError } from './benny.ts'
export type { BenchCase } from './cases/case.ts'
export { kernelCases } from './cases/kernels.ts'
export { networkCases } from './cases/networks.ts'
export { operatorCases } from './cases/operators.ts'
export { stepCases } from './cases/steps.ts'
export type { ComparedCase, Comparison } from './compare.ts'
export { compareReports, comparisonMarkdown } from './compare.ts'
export type { Clock } from './engine.ts'
export { machine } from './machine.ts'
export { reportMarkdown } from './markdown.ts'
export type { MethodProfile, ProfileOptions } from './methods.ts'
export { methodsMarkdown, profileMethod, restBar } from './methods.ts'
export { peerNames } from './peers/index.ts'
export type { PrimitiveShare } from './profile.ts'
export { profileCase, profileMarkdown } from './profile.ts'
export type {
  Bandwidth,
  Machine,
  Measured,
  NotMeasured,
  PeakFlops,
  Report,
  Roofline,
} from './report.ts'
export { isMeasured, parseReport } from './report.ts'
export type { RooflineOptions } from './roofline.ts'
export { bandwidthAt, measureRoofline } from './roofline.ts'
export type { BenchOptions, SuiteName } from './run.ts'
export { runBench } from './run.ts'

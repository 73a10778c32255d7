export { fitFactorMixture } from './em/factor-em.ts'
export type { FactorFitStep } from './em/factor-em.ts'
export type { FactorFit, FactorModel } from './em/model.ts'
export { sampleMetrics } from './metrics/catalog.ts'
export type { SampleMetricDefinition, SampleNeed } from './metrics/define.ts'
export { defineSampleMetric, meanOver } from './metrics/define.ts'
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

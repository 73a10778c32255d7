export type {
  ConjugateGradientOptions,
  ConjugateGradientResult,
  ConjugateGradientStatus,
} from './conjugate-gradient.ts'
export { conjugateGradient } from './conjugate-gradient.ts'
export type { DenoiserCovariance } from './denoiser-jacobian.ts'
export { denoiserCovariance, denoiserJvp } from './denoiser-jacobian.ts'
export { denseSolve } from './dense-solve.ts'
export type { FirstEstimate } from './first-estimate.ts'
export { firstEstimate, firstEstimates } from './first-estimate.ts'
export type { HostMatrix } from './host-matrix.ts'
export { hostMatrix } from './host-matrix.ts'
export type { HutchinsonOptions, TraceEstimate } from './hutchinson.ts'
export { hutchinsonDiagonal, hutchinsonTrace, rademacher } from './hutchinson.ts'
export type { MatrixSvd } from './matrix-svd.ts'
export { matrixSvd } from './matrix-svd.ts'
export { rankCut, ridge } from './ridge.ts'
export { denseMatrix, operatorNorm, pinvFromSvd, powerIteration } from './spectral.ts'

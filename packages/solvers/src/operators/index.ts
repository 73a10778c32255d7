export { blindBlur } from './blind/blind-blur.ts'
export { unknownGain } from './blind/unknown-gain.ts'
export { blur } from './blur/blur.ts'
export type { BlurBoundary } from './blur/convolution.ts'
export { kernelBlur } from './blur/kernel-blur.ts'
export { motionBlur } from './blur/motion-blur.ts'
export { separable } from './blur/separable.ts'
export { uniformBlur } from './blur/uniform-blur.ts'
export type { Boundary } from './boundary.ts'
export { operatorFromSpec, operators } from './catalog.ts'
export { compose } from './compose.ts'
export type { OperatorDefinition, OperatorEntry, OperatorInfo, OperatorKind } from './define.ts'
export { defineLinear, defineOperator } from './define.ts'
export { mri } from './fourier/mri.ts'
export { multicoilMri } from './fourier/multicoil-mri.ts'
export { matrixOperator } from './matrix.ts'
export type {
  Invertible,
  LinearOf,
  LinearParts,
  Parts,
  ShownOperator,
  SpectralOperator,
} from './parts.ts'
export { linearOperator, shownOperator } from './parts.ts'
export { luma601 } from './pixels/channel-weights.ts'
export { denoise } from './pixels/denoise.ts'
export { grey } from './pixels/grey.ts'
export type { Mask } from './pixels/hidden.ts'
export { inpaint } from './pixels/inpaint.ts'
export { sr } from './sampling/sr.ts'
export { besselZero } from './scattering/bessel.ts'
export { inverseScattering } from './scattering/inverse-scattering.ts'
export type { Spectrum, TensorMap } from './spectrum.ts'
export { stack } from './stack.ts'
export type { RampFilter } from './tomography/filter.ts'
export { filteredBackProjection } from './tomography/filtered-back-projection.ts'
export { tomography } from './tomography/tomography.ts'

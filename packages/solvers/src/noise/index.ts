export { noiseFromSpec, noises } from './catalog.ts'
export type {
  LikelihoodNoise,
  NoiseDefinition,
  NoiseEntry,
  NoiseInfo,
  NoiseKind,
  NoiseOf,
  NoiseParts,
} from './define.ts'
export { defineNoise } from './define.ts'
export { gaussianNoise } from './gaussian.ts'
export { laplaceNoise } from './laplace.ts'
export { noNoise } from './none.ts'
export { poissonNoise } from './poisson.ts'
export { poissonGaussNoise } from './poisson-gauss.ts'
export { quantisationNoise } from './quantisation.ts'
export { speckleNoise } from './speckle.ts'

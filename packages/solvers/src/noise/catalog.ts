import { catalog, readText } from '../options/index.ts'
import type { Noise } from '../types.ts'
import { gaussianNoise } from './gaussian.ts'
import { laplaceNoise } from './laplace.ts'
import { noNoise } from './none.ts'
import { poissonNoise } from './poisson.ts'
import { poissonGaussNoise } from './poisson-gauss.ts'
import { quantisationNoise } from './quantisation.ts'
import { speckleNoise } from './speckle.ts'

/**
 * The laws of noise that go by a name. A method asks for what a noise has (`sigma`, `likelihood`), never for a name,
 * so that a law of one's own, `noises.with(mine)`, is as good.
 * @example
 * ```ts
 * import { noises } from '@tweedie/solvers'
 * const { entry, settings } = noises.parse('poisson:peak=30')
 * entry.make(settings).name // => 'poisson'
 * ```
 */
export const noises = catalog('noise', [
  gaussianNoise,
  poissonNoise,
  poissonGaussNoise,
  laplaceNoise,
  speckleNoise,
  quantisationNoise,
  noNoise,
])

/**
 * The noise of a text such as `gaussian:0.05`, `poisson:peak=255`, `quantisation:bits=3,sigma=0.05` or `none`; a bare
 * number is the σ_y of Gaussian noise.
 * @throws {OptionError} for a text that is wrong.
 * @example
 * ```ts
 * import { noiseFromSpec } from '@tweedie/solvers'
 * noiseFromSpec('0.05').sigma // => 0.05
 * noiseFromSpec('speckle:looks=2').name // => 'speckle'
 * ```
 */
export function noiseFromSpec(text: string): Noise {
  const bare = readText(gaussianNoise.info.options.sigma, text)
  if (typeof bare === 'number') return gaussianNoise(bare)
  const { entry, settings } = noises.parse(text)
  return entry.make(settings)
}

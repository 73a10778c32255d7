import type { Noise } from '@tweedie/solvers'
import { gaussianNoise } from '@tweedie/solvers'
import { OptionError } from '@tweedie/tensor'

/**
 * The noise of a text: a number is σ_y of Gaussian noise.
 * @throws {OptionError} naming the option `noise`, where it is none.
 */
export function noiseOf(given: string | number): Noise {
  const sigma = typeof given === 'number' ? given : given.trim() === '' ? Number.NaN : Number(given)
  if (sigma >= 0 && Number.isFinite(sigma)) return gaussianNoise(sigma)
  throw new OptionError('noise', `must be a number of at least 0, got '${given}'`)
}

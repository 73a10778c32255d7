import type { Tensor } from '@tweedie/tensor'
import { concat, cos, fromData, OptionError, reshape, sin, zeros } from '@tweedie/tensor'
import type { Params } from '../params.ts'
import { linear } from './affine.ts'

/** How sines and cosines are laid out; the names are those of diffusers' configurations. */
export interface TimeEmbeddingOptions {
  /** Cosines before sines. */
  readonly flipSinToCos: boolean
  /** Frequencies are 10000^(−k/(d/2 − freqShift)) for k = 0 … d/2 − 1, d/2 rounded down. */
  readonly freqShift: number
}

/**
 * Sinusoidal embedding (arXiv 1706.03762 §3.5) of times t [N] as [N, dim]; the last number of an odd `dim` is 0.
 * @throws {OptionError} where `dim` is no whole number from 2 up.
 * @example
 * ```ts
 * import { tensor } from '@tweedie/tensor'
 * import { layers } from '@tweedie/unet'
 * const e = layers.timeEmbedding(tensor([0, 1]), 4, { flipSinToCos: true, freqShift: 0 })
 * e.shape // => [2, 4]
 * Array.from(e.slice(0).dataSync()) // => [1, 1, 0, 0]
 * ```
 */
export function timeEmbedding(t: Tensor, dim: number, options: TimeEmbeddingOptions): Tensor {
  const half = Math.floor(dim / 2)
  if (!Number.isInteger(dim) || half < 1) {
    throw new OptionError('timeEmbedding', `needs a whole number of channels from 2 up, got ${dim}`)
  }
  const table = Array.from({ length: half }, (_, k) => 10000 ** (-k / (half - options.freqShift)))
  const frequencies = fromData(table, [1, half], { dtype: t.dtype, device: t.device })
  const angle = reshape(t, [-1, 1]).mul(frequencies)
  const waves = options.flipSinToCos ? [cos(angle), sin(angle)] : [sin(angle), cos(angle)]
  return concat(dim % 2 === 0 ? waves : [...waves, zeros([t.size, 1], t)], 1)
}

/**
 * The two-layer perceptron `NAME.linear_1`, SiLU, `NAME.linear_2` that follows the sinusoidal embedding.
 */
export const timeMlp = (params: Params, name: string, embedding: Tensor): Tensor =>
  linear(params, `${name}.linear_2`, linear(params, `${name}.linear_1`, embedding, 'silu'))

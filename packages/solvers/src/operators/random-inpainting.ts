import type { Shape } from '@tweedie/tensor'
import { OptionError, randomKey, randomPermutation } from '@tweedie/tensor'
import { keepOnly } from './mask.ts'
import type { ImageOperator } from './spectral-operator.ts'
import { imageExtents } from './spectral-operator.ts'

/**
 * Inpainting of pixels hidden at random, the same ones in all channels: exactly round(fraction·H·W) of them,
 * drawn without replacement (METHODS §2.1). y [N, C, count] holds the others in row-major order; `display(y)`
 * is the masked image. All non-zero singular values are 1.
 *
 * @param options.shape - [C, H, W].
 * @param options.fraction - Part of the pixels that is hidden, 0 to 1; at least one pixel must remain.
 * @param options.seed - The mask is a function of seed, H, W and fraction alone. 0 where left out.
 * @throws {OptionError} for a fraction or seed out of range.
 * @example
 * ```ts
 * import { randomInpainting } from '@tweedie/solvers'
 * randomInpainting({ shape: [3, 10, 10], fraction: 0.7, seed: 1 }).outShape // => [3, 30]
 * ```
 */
export function randomInpainting(options: { shape: Shape; fraction: number; seed?: number }): ImageOperator {
  const { shape, fraction, seed = 0 } = options
  const [, height, width] = imageExtents('randomInpainting', shape)
  if (!(fraction >= 0 && fraction <= 1)) {
    throw new OptionError('fraction', `the hidden part must be from 0 to 1, got ${fraction}`)
  }
  const pixels = height * width
  const hidden = Math.round(fraction * pixels)
  if (hidden === pixels) {
    throw new OptionError('fraction', `${fraction} hides all ${pixels} pixels; at least one must remain`)
  }
  const order = randomPermutation(randomKey(seed).fold('randomInpainting'), pixels)
  return keepOnly('randomInpainting', shape, order.slice(hidden).sort(), true)
}

import { randomKey } from '@tweedie/tensor'
import { integer, number } from '../../options/index.ts'
import { imageExtents } from '../checks.ts'
import { defineLinear } from '../define.ts'
import { kernelOptions, kernelParts } from './kernel-parts.ts'
import { motionKernel } from './motion-kernel.ts'

/**
 * Motion blur by the shake of a camera: a size×size kernel of sum 1 along a random path ({@link motionKernel}), a
 * function of seed, size and intensity, the same for each channel. A convolution as {@link kernelBlur}, with the
 * decomposition where the border is circular.
 *
 * DPS (arXiv 2209.14687) and PnP-DM (arXiv 2405.18782) have size 61 and intensity 0.5, DPS with 'reflect' and a new kernel
 * in every run, PnP-DM with 'circular'; BlindDPS (arXiv 2211.10656) has size 64.
 *
 * @throws {OptionError} where 'valid' would leave nothing.
 * @example
 * ```ts
 * import { motionBlur } from '@tweedie/solvers'
 * import { ones } from '@tweedie/tensor'
 * const operator = motionBlur([3, 32, 32], { size: 9, seed: 4, boundary: 'reflect' })
 * operator.forward(ones([1, 3, 32, 32])).mean().dataSync() // ≈ [1]
 * ```
 */
export const motionBlur = defineLinear({
  name: 'motion-blur',
  summary: 'motion blur along a random path of the camera',
  example: 'motion-blur:size=61,intensity=0.5,seed=1',
  options: {
    size: integer('side of the kernel in pixels', { default: 61, min: 1 }),
    intensity: number('of the shake: 0 is a straight line', { default: 0.5, min: 0, max: 1 }),
    seed: integer('which path', { default: 0, min: 0 }),
    ...kernelOptions,
  },
  build: (shape, { size, intensity, seed, boundary, rcond }) => {
    const extents = imageExtents('motion-blur', shape)
    return kernelParts(
      motionKernel(randomKey(seed).fold('motionBlur'), size, intensity),
      extents,
      boundary,
      rcond,
    )
  },
})

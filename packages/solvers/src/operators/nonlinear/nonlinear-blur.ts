import type { Tensor } from '@tweedie/tensor'
import { randomKey } from '@tweedie/tensor'
import { constant } from '../../linalg/constant.ts'
import { choice, integer, number } from '../../options/index.ts'
import { kernelParts } from '../blur/kernel-parts.ts'
import { motionKernel } from '../blur/motion-kernel.ts'
import { imageExtents } from '../checks.ts'
import { defineOperator } from '../define.ts'
import { fromLight, toLight } from './nonlinear-blur-curve.ts'

/** How much each of the four corners counts at each pixel: products of ramps, of sum 1. */
function cornerWeights(height: number, width: number): Float64Array[] {
  const ramp = (at: number, extent: number) => (extent === 1 ? 0.5 : at / (extent - 1))
  return [0, 1, 2, 3].map((corner) =>
    Float64Array.from({ length: height * width }, (_, i) => {
      const [down, right] = [ramp(Math.floor(i / width), height), ramp(i % width, width)]
      return (corner < 2 ? 1 - down : down) * (corner % 2 === 0 ? 1 - right : right)
    }),
  )
}

/**
 * Blur by the shake of a camera, in linear light:
 *
 *     y = 2·g(min(exposure·Σ_c w_c ⊙ (k_c ∗ g⁻¹((x + 1)/2)), 1)) − 1
 *
 * with the tone curve g of sRGB, four motion kernels k_c ({@link motionKernel}), one for each corner, and weights w_c that
 * blend them over the image. It is differentiable, keeps constant images where exposure is 1, and cuts off what is
 * brighter than white or darker than black.
 *
 * This is the model by which the pairs of GOPRO were made (Nah et al., arXiv 1612.02177: sharp frames averaged in linear
 * light), with a path of our own. It stands where DPS (arXiv 2209.14687) has a network that was trained on such pairs
 * (Tran et al., arXiv 2104.00317), which is not this operator: its weights are not ours to ship. Both blur differently from
 * place to place by a random code on a 2×2 grid; DPS draws a new code at every call, so that its guidance knows another
 * operator than y was made by, while here a seed fixes it.
 *
 * @example
 * ```ts
 * import { nonlinearBlur } from '@tweedie/solvers'
 * import { full } from '@tweedie/tensor'
 * const operator = nonlinearBlur([3, 16, 16], { size: 7, seed: 2 })
 * operator.forward(full([1, 3, 16, 16], 0.25)).mean().dataSync() // ≈ [0.25]
 * ```
 */
export const nonlinearBlur = defineOperator({
  name: 'nonlinear-blur',
  summary: 'motion blur that varies over the image, in linear light, behind a tone curve',
  example: 'nonlinear-blur:size=21,seed=1',
  options: {
    size: integer('side of the kernels in pixels', { default: 21, min: 1 }),
    intensity: number('of the shake: 0 is a straight line', { default: 0.5, min: 0, max: 1 }),
    seed: integer('which paths', { default: 0, min: 0 }),
    exposure: number('factor on the light; beyond 1 what is bright saturates', { default: 1, above: 0 }),
    boundary: choice('what lies beyond the border', ['reflect', 'symmetric', 'circular']),
  },
  build: (shape, { size, intensity, seed, exposure, boundary }) => {
    const extents = imageExtents('nonlinear-blur', shape)
    const [, height, width] = extents
    const key = randomKey(seed).fold('nonlinearBlur')
    const corners = cornerWeights(height, width).map((weights, corner) => ({
      weight: constant(weights, [height, width]),
      blurred: kernelParts(motionKernel(key.fold(corner), size, intensity), extents, boundary).forward,
    }))
    const inLight = (light: Tensor): Tensor =>
      corners
        .map(({ weight, blurred }) => blurred(light).mul(weight(light)))
        .reduce((sum, part) => sum.add(part))
    return {
      inShape: extents,
      outShape: extents,
      forward: (x) => {
        const light = inLight(toLight(x.add(1).div(2)))
        return fromLight(light.mul(exposure).clamp(0, 1)).mul(2).sub(1)
      },
    }
  },
})

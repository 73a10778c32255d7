import type { Tensor } from '@tweedie/tensor'
import { concat, fromData, matmul, ShapeError, scope, transpose } from '@tweedie/tensor'
import type { Params } from '../../params.ts'
import type { AdmConfig } from './config.ts'
import { admForward } from './forward.ts'

/** Each of `large` places as a mean of the two of `small` around it, [large, small]: PyTorch's 'bilinear', corners not aligned. */
function stretching(small: number, large: number, { dtype, device }: Tensor): Tensor {
  const weights = new Float64Array(large * small)
  for (let i = 0; i < large; i++) {
    const at = Math.max(0, ((i + 0.5) * small) / large - 0.5)
    const low = Math.min(Math.floor(at), small - 1)
    const high = Math.min(low + 1, small - 1)
    weights[i * small + low]! += 1 - (at - low)
    weights[i * small + high]! += at - low
  }
  return fromData(weights, [large, small], { dtype, device })
}

/** Pictures [N, C, h, w] at another size, by bilinear interpolation. */
function stretched(x: Tensor, height: number, width: number): Tensor {
  const [, , h = 0, w = 0] = x.shape
  return matmul(stretching(h, height, x), matmul(x, transpose(stretching(w, width, x))))
}

/**
 * guided-diffusion's `SuperResModel`: an `adm` network of 2C channels that is shown, beside noisy pictures x [N, C, H, W] at time t,
 * small ones `lowRes` [N, C, h, w] of any size, made as large by bilinear interpolation. All else is as `admForward`.
 * Differentiable in `params`, `x` and `lowRes`.
 * @throws {ShapeError} where `lowRes` are no pictures like x, or x has not half of the channels of the configuration.
 * @throws {OptionError} as `admForward`.
 * @example
 * ```ts
 * import { randomKey, zeros } from '@tweedie/tensor'
 * import { admConfig, admSuperRes, initAdm } from '@tweedie/unet'
 * const config = admConfig({ imageSize: 8, modelChannels: 32, channelMult: [1, 1], inChannels: 6, outChannels: 6 })
 * const params = initAdm(config, randomKey(0))
 * admSuperRes(params, config, zeros([1, 3, 8, 8]), 500, zeros([1, 3, 2, 2])).shape // => [1, 6, 8, 8]
 * ```
 */
export function admSuperRes(
  params: Params,
  config: AdmConfig,
  x: Tensor,
  t: number | Tensor,
  lowRes: Tensor,
  y?: number | Tensor,
): Tensor {
  const [n, channels, height = 0, width = 0] = x.shape
  if (x.rank !== 4 || 2 * (channels ?? 0) !== config.inChannels)
    throw new ShapeError('admSuperRes', `x must be [N, ${config.inChannels / 2}, H, W]`, [x.shape])
  if (lowRes.rank !== 4 || lowRes.shape[0] !== n || lowRes.shape[1] !== channels || lowRes.size === 0)
    throw new ShapeError('admSuperRes', `lowRes must be [${n}, ${channels}, h, w]`, [lowRes.shape])
  return scope(() => admForward(params, config, concat([x, stretched(lowRes, height, width)], 1), t, y))
}

import type { Tensor } from '@tweedie/tensor'
import { reshape, slice, groupNorm as tensorGroupNorm } from '@tweedie/tensor'
import type { Params } from '../params.ts'
import { param } from '../params.ts'

/**
 * norm(h)·(1 + scale) + shift of h [N, C, H, W], where `time` [N or 1, 2C] holds scale and shift of each sample (arXiv
 * 2105.05233 §3 "AdaGN"); SiLU follows where `silu` is set. With the norm's own weight w and bias b that is again a group
 * norm, of weight w(1 + scale) and bias b(1 + scale) + shift; the samples go side by side into the channels, where each
 * has its own.
 */
export function scaleShiftNorm(
  params: Params,
  name: string,
  h: Tensor,
  time: Tensor,
  options: { groups: number; eps?: number; silu?: boolean },
): Tensor {
  const [n, channels, height, width] = h.shape as readonly [number, number, number, number]
  const scale = slice(time, null, [0, channels]).add(1)
  const shift = slice(time, null, [channels])
  const weight = scale.mul(param(params, `${name}.weight`))
  const bias = scale.mul(param(params, `${name}.bias`)).add(shift)
  if (time.shape[0] === 1) {
    const [w, b] = [reshape(weight, [channels]), reshape(bias, [channels])]
    return tensorGroupNorm(h, w, b, options)
  }
  const flat = [n * channels]
  const side = reshape(h, [1, n * channels, height, width])
  const normal = tensorGroupNorm(side, reshape(weight, flat), reshape(bias, flat), {
    ...options,
    groups: n * options.groups,
  })
  return reshape(normal, h.shape)
}

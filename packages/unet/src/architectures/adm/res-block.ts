import type { Tensor } from '@tweedie/tensor'
import { reshape, scope, slice, groupNorm as tensorGroupNorm } from '@tweedie/tensor'
import { averagePool, conv2d, groupNorm, linear, perChannel, upsampleNearest } from '../../layers/index.ts'
import type { Params } from '../../params.ts'
import { param } from '../../params.ts'
import type { AdmConfig } from './config.ts'
import { normGroups } from './config.ts'
import type { ResBlockPlan } from './plan.ts'

const resamplers = { down: averagePool, up: upsampleNearest } as const

/**
 * norm, SiLU, (resample,) conv, time, norm, SiLU, conv, + shortcut (arXiv 2105.05233 §3, after BigGAN's
 * blocks). `embedding` is silu of the embedding of time and class. Vectors that end up added to the same
 * image are added to each other first.
 */
export function resBlock(
  params: Params,
  x: Tensor,
  embedding: Tensor,
  block: ResBlockPlan,
  config: AdmConfig,
): Tensor {
  const { name, inChannels, outChannels } = block
  const resample = block.resample === undefined ? (h: Tensor) => h : resamplers[block.resample]
  const norm = { groups: normGroups, silu: true }
  const padded = { padding: 1 }
  return scope(() => {
    const time = linear(params, `${name}.emb_layers.1`, embedding)
    const start = resample(groupNorm(params, `${name}.in_layers.0`, x, norm))
    const convolve = (bias?: false | Tensor) =>
      conv2d(params, `${name}.in_layers.2`, start, bias === undefined ? padded : { ...padded, bias })
    const shifted = () => {
      const shift = time.add(param(params, `${name}.in_layers.2.bias`))
      return shift.shape[0] === 1 ? convolve(reshape(shift, [-1])) : convolve(false).add(perChannel(shift))
    }
    const second = config.useScaleShiftNorm
      ? scaleShiftNorm(params, `${name}.out_layers.0`, convolve(), time)
      : groupNorm(params, `${name}.out_layers.0`, shifted(), norm)
    const shortcut = resample(x)
    const last = `${name}.out_layers.3`
    if (inChannels === outChannels) return conv2d(params, last, second, { ...padded, residual: shortcut })
    const bias = param(params, `${last}.bias`).add(param(params, `${name}.skip_connection.bias`))
    const residual = conv2d(params, `${name}.skip_connection`, shortcut, { bias: false })
    return conv2d(params, last, second, { ...padded, bias, residual })
  })
}

/**
 * silu(norm(h)·(1 + scale) + shift) of h [N, C, H, W], where `time` [N or 1, 2C] holds scale and shift of
 * each sample (arXiv 2105.05233 §3 "AdaGN"). With the norm's own weight w and bias b that is again a group
 * norm, of weight w(1 + scale) and bias b(1 + scale) + shift; the samples go side by side into the channels,
 * where each has its own.
 */
function scaleShiftNorm(params: Params, name: string, h: Tensor, time: Tensor): Tensor {
  const [n, channels, height, width] = h.shape as readonly [number, number, number, number]
  const scale = slice(time, null, [0, channels]).add(1)
  const shift = slice(time, null, [channels])
  const weight = scale.mul(param(params, `${name}.weight`))
  const bias = scale.mul(param(params, `${name}.bias`)).add(shift)
  if (time.shape[0] === 1) {
    const [w, b] = [reshape(weight, [channels]), reshape(bias, [channels])]
    return tensorGroupNorm(h, w, b, { groups: normGroups, silu: true })
  }
  const flat = [n * channels]
  const side = reshape(h, [1, n * channels, height, width])
  const normal = tensorGroupNorm(side, reshape(weight, flat), reshape(bias, flat), {
    groups: n * normGroups,
    silu: true,
  })
  return reshape(normal, h.shape)
}

import type { Tensor } from '@tweedie/tensor'
import { reshape, scope } from '@tweedie/tensor'
import {
  averagePool,
  conv2d,
  groupNorm,
  linear,
  perChannel,
  scaleShiftNorm,
  upsampleNearest,
} from '../../layers/index.ts'
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
      ? scaleShiftNorm(params, `${name}.out_layers.0`, convolve(), time, norm)
      : groupNorm(params, `${name}.out_layers.0`, shifted(), norm)
    const shortcut = resample(x)
    const last = `${name}.out_layers.3`
    if (inChannels === outChannels) return conv2d(params, last, second, { ...padded, residual: shortcut })
    const bias = param(params, `${last}.bias`).add(param(params, `${name}.skip_connection.bias`))
    const residual = conv2d(params, `${name}.skip_connection`, shortcut, { bias: false })
    return conv2d(params, last, second, { ...padded, bias, residual })
  })
}

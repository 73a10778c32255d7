import type { Tensor } from '@tweedie/tensor'
import { concat, fromData, reshape, ShapeError, scope, silu } from '@tweedie/tensor'
import {
  attention,
  conv2d,
  downsample,
  groupNorm,
  linear,
  perChannel,
  timeEmbedding,
  timeMlp,
  upsample,
} from '../../layers/index.ts'
import type { Params } from '../../params.ts'
import { param } from '../../params.ts'
import type { DdpmConfig } from './config.ts'
import type { ResnetPlan } from './plan.ts'
import { ddpmPlan } from './plan.ts'

/**
 * The network's output (for the usual objective: the predicted noise ε) for noisy images x [N, C, H, W]
 * at time t, one DDPM index 0 … T−1 for all or one per image [N]; [N, outChannels, H, W]. Differentiable
 * in `params` and `x`. Source: arXiv 2006.11239; numerically diffusers' `UNet2DModel`.
 * @throws {ShapeError} where x does not fit the configuration.
 * @example
 * ```ts
 * import { randomKey, zeros } from '@tweedie/tensor'
 * import { ddpmConfig, ddpmForward, initDdpm } from '@tweedie/unet'
 * const config = ddpmConfig({ sampleSize: 8, blockOutChannels: [8, 16] })
 * const params = initDdpm(config, randomKey(0))
 * ddpmForward(params, config, zeros([2, 1, 8, 8]), 500).shape // => [2, 1, 8, 8]
 * ```
 */
export function ddpmForward(params: Params, config: DdpmConfig, x: Tensor, t: number | Tensor): Tensor {
  checkInput(config, x, t)
  return scope(() => {
    const plan = ddpmPlan(config)
    const time = embedTime(params, config, x, t)
    const resnet = (h: Tensor, block: ResnetPlan) => resnetBlock(params, config, h, time, block)
    let h = conv2d(params, 'conv_in', x, { padding: 1 })
    const skips = [h]
    for (const { resnets, resample } of plan.down) {
      for (const block of resnets) skips.push((h = resnet(h, block)))
      if (resample !== undefined) skips.push((h = downsample(params, resample, h, config.downsamplePadding)))
    }
    h = resnet(resnet(h, plan.mid.first), plan.mid.second)
    for (const { resnets, resample } of plan.up) {
      for (const block of resnets) h = resnet(concat([h, skips.pop()!], 1), block)
      if (resample !== undefined) h = upsample(params, resample, h)
    }
    const normal = groupNorm(params, 'conv_norm_out', h, {
      groups: config.normGroups,
      eps: config.normEps,
      silu: true,
    })
    return conv2d(params, 'conv_out', normal, { padding: 1 })
  })
}

/**
 * silu(time embedding), [N, D], or [1, D] where all images share one time. Every residual block uses it
 * through this SiLU, so it is taken once.
 */
function embedTime(params: Params, config: DdpmConfig, x: Tensor, t: number | Tensor): Tensor {
  return scope(() => {
    const times =
      typeof t === 'number' ? fromData([t], [1], { dtype: x.dtype, device: x.device }) : t.cast(x.dtype)
    return silu(timeMlp(params, 'time_embedding', timeEmbedding(times, config.blockOutChannels[0]!, config)))
  })
}

/**
 * norm, SiLU, conv, + time, norm, SiLU, conv, + shortcut; then attention where the plan has it. Vectors
 * that end up added to the same image (biases, time) are added to each other first.
 */
function resnetBlock(params: Params, config: DdpmConfig, x: Tensor, time: Tensor, block: ResnetPlan): Tensor {
  const { name } = block
  const norm = { groups: config.normGroups, eps: config.normEps, silu: true }
  const out = scope(() => {
    const shift = linear(params, `${name}.time_emb_proj`, time).add(param(params, `${name}.conv1.bias`))
    const first = groupNorm(params, `${name}.norm1`, x, norm)
    const h =
      shift.shape[0] === 1
        ? conv2d(params, `${name}.conv1`, first, { padding: 1, bias: reshape(shift, [-1]) })
        : conv2d(params, `${name}.conv1`, first, { padding: 1, bias: false }).add(perChannel(shift))
    const second = groupNorm(params, `${name}.norm2`, h, norm)
    if (block.inChannels === block.outChannels) {
      return conv2d(params, `${name}.conv2`, second, { padding: 1, residual: x })
    }
    const residual = conv2d(params, `${name}.conv_shortcut`, x, { bias: false })
    const bias = param(params, `${name}.conv2.bias`).add(param(params, `${name}.conv_shortcut.bias`))
    return conv2d(params, `${name}.conv2`, second, { padding: 1, bias, residual })
  })
  if (block.attention === undefined) return out
  const attended = block.attention
  return scope(() =>
    attention(params, attended, out, {
      headDim: config.attentionHeadDim ?? block.outChannels,
      groups: config.normGroups,
      eps: config.normEps,
    }),
  )
}

function checkInput(config: DdpmConfig, x: Tensor, t: number | Tensor): void {
  const [n, channels, height, width] = x.shape
  if (x.rank !== 4 || channels !== config.inChannels) {
    throw new ShapeError('ddpmForward', `x must be [N, ${config.inChannels}, H, W]`, [x.shape])
  }
  const factor = 2 ** (config.blockOutChannels.length - 1)
  if (height! % factor !== 0 || width! % factor !== 0 || height === 0 || width === 0) {
    throw new ShapeError('ddpmForward', `height and width must be multiples of ${factor}`, [x.shape])
  }
  if (typeof t !== 'number' && (t.rank !== 1 || (t.shape[0] !== n && t.shape[0] !== 1))) {
    throw new ShapeError('ddpmForward', `t must be a number or one time per image, [${n}]`, [t.shape])
  }
}

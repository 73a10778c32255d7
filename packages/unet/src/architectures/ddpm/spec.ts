import type { Shape } from '@tweedie/tensor'
import type { ParamSpec } from '../../params.ts'
import type { DdpmConfig } from './config.ts'
import type { LevelPlan, ResnetPlan } from './plan.ts'
import { ddpmPlan } from './plan.ts'

/**
 * Names and shapes of all parameters of a configuration, as in the state dict of diffusers' `UNet2DModel`.
 * @example
 * ```ts
 * import { ddpmConfig, ddpmSpec } from '@tweedie/unet'
 * const spec = ddpmSpec(ddpmConfig({ sampleSize: 28, blockOutChannels: [16, 32, 64] }))
 * spec['conv_in.weight'] // => [16, 1, 3, 3]
 * ```
 */
export function ddpmSpec(config: DdpmConfig): ParamSpec {
  const spec: Record<string, Shape> = {}
  const plan = ddpmPlan(config)
  const affine = (name: string, out: number, ...rest: number[]) => {
    spec[`${name}.weight`] = [out, ...rest]
    spec[`${name}.bias`] = [out]
  }
  const resnet = ({ name, inChannels, outChannels, attention }: ResnetPlan) => {
    affine(`${name}.norm1`, inChannels)
    affine(`${name}.conv1`, outChannels, inChannels, 3, 3)
    affine(`${name}.time_emb_proj`, outChannels, plan.timeDim)
    affine(`${name}.norm2`, outChannels)
    affine(`${name}.conv2`, outChannels, outChannels, 3, 3)
    if (inChannels !== outChannels) affine(`${name}.conv_shortcut`, outChannels, inChannels, 1, 1)
    if (attention === undefined) return
    affine(`${attention}.group_norm`, outChannels)
    for (const part of ['to_q', 'to_k', 'to_v', 'to_out.0'])
      affine(`${attention}.${part}`, outChannels, outChannels)
  }
  const level = ({ channels, resnets, resample }: LevelPlan) => {
    for (const block of resnets) resnet(block)
    if (resample !== undefined) affine(`${resample}.conv`, channels, channels, 3, 3)
  }
  const base = config.blockOutChannels[0]!
  affine('conv_in', base, config.inChannels, 3, 3)
  affine('time_embedding.linear_1', plan.timeDim, base)
  affine('time_embedding.linear_2', plan.timeDim, plan.timeDim)
  for (const entry of plan.down) level(entry)
  resnet(plan.mid.first)
  resnet(plan.mid.second)
  for (const entry of plan.up) level(entry)
  affine('conv_norm_out', base)
  affine('conv_out', config.outChannels, base, 3, 3)
  return spec
}

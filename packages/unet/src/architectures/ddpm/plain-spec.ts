import type { Shape } from '@tweedie/tensor'
import type { ParamSpec } from '../../params.ts'
import type { DdpmPlan, LevelPlan, ResnetPlan } from './plan.ts'
import { ddpmPlan } from './plan.ts'
import type { DdpmConfig } from './types.ts'

/** Names and shapes of all parameters of a configuration without a variant. */
export const plainSpec = (config: DdpmConfig): ParamSpec => specOf(config, ddpmPlan(config))

/** Names and shapes of the parameters of a plan, in the order of its state dict. */
export function specOf(config: DdpmConfig, plan: DdpmPlan): ParamSpec {
  const spec: Record<string, Shape> = {}
  const affine = (name: string, out: number, ...rest: number[]) => {
    spec[`${name}.weight`] = [out, ...rest]
    spec[`${name}.bias`] = [out]
  }
  const resnet = (block: ResnetPlan) => {
    const { name, inChannels, outChannels, attention, shortcut = inChannels !== outChannels } = block
    affine(`${name}.norm1`, inChannels)
    affine(`${name}.conv1`, outChannels, inChannels, 3, 3)
    affine(`${name}.time_emb_proj`, outChannels, plan.timeDim)
    affine(`${name}.norm2`, outChannels)
    affine(`${name}.conv2`, outChannels, outChannels, 3, 3)
    if (shortcut) affine(`${name}.conv_shortcut`, outChannels, inChannels, 1, 1)
    if (attention === undefined) return
    const headDim = config.attentionHeadDim ?? outChannels
    const inner = outChannels - (outChannels % headDim) // as many heads as fit
    affine(`${attention}.group_norm`, outChannels)
    for (const part of ['to_q', 'to_k', 'to_v']) affine(`${attention}.${part}`, inner, outChannels)
    affine(`${attention}.to_out.0`, outChannels, inner)
  }
  const level = ({ channels, resnets, resample, ending }: LevelPlan) => {
    for (const block of resnets) resnet(block)
    if (ending !== undefined) resnet(ending)
    else if (resample !== undefined) affine(`${resample}.conv`, channels, channels, 3, 3)
  }
  const base = config.blockOutChannels[0]!
  affine('conv_in', base, config.inChannels, 3, 3)
  affine('time_embedding.linear_1', plan.timeDim, base)
  affine('time_embedding.linear_2', plan.timeDim, plan.timeDim)
  for (const entry of plan.down) level(entry)
  for (const block of plan.mid) resnet(block)
  for (const entry of plan.up) level(entry)
  affine('conv_norm_out', base)
  affine('conv_out', config.outChannels, base, 3, 3)
  return spec
}

import type { Tensor } from '@tweedie/tensor'
import { scope } from '@tweedie/tensor'
import {
  attention,
  averagePool,
  conv2d,
  firDownsample,
  firUpsample,
  groupNorm,
  linear,
  scaleShiftNorm,
  shiftedConv2d,
  upsampleNearest,
} from '../../../layers/index.ts'
import type { Params } from '../../../params.ts'
import { joined } from '../resnet.ts'
import type { DdpmConfig, DdpmVariant } from '../types.ts'
import { activate } from './activation.ts'
import type { Change, VariedResnet } from './plan.ts'

const changes: { readonly [C in Change]: (x: Tensor) => Tensor } = {
  mean: averagePool,
  repeat: upsampleNearest,
  'fir-down': firDownsample,
  'fir-up': firUpsample,
}

/**
 * norm, activation, (change of resolution,) conv, time, norm, activation, conv, + shortcut, over the scale; then attention
 * where the plan has it, over the scale again. Time is added before the second norm, or scales and shifts after it.
 * @param time - activation(time embedding), [N, D] or [1, D].
 */
export function variedResnet(
  params: Params,
  { normEps: eps, attentionHeadDim }: DdpmConfig,
  { activation, scaleShift }: DdpmVariant,
  x: Tensor,
  time: Tensor,
  block: VariedResnet,
): Tensor {
  const { name, groups, scale, attentionGroups } = block
  const silu = activation === 'silu'
  const act = silu ? (h: Tensor) => h : activate[activation]
  const change = block.change === undefined ? (h: Tensor) => h : changes[block.change]
  const [first, second] = groups.map((count) => ({ groups: count, eps, silu })) as [Norm, Norm]
  const scaled = (h: Tensor) => (scale === 1 ? h : h.div(scale))
  const out = scope(() => {
    const told = linear(params, `${name}.time_emb_proj`, time)
    const start = change(act(groupNorm(params, `${name}.norm1`, x, first)))
    const h = scaleShift
      ? scaleShiftNorm(
          params,
          `${name}.norm2`,
          conv2d(params, `${name}.conv1`, start, { padding: 1 }),
          told,
          second,
        )
      : groupNorm(params, `${name}.norm2`, shiftedConv2d(params, `${name}.conv1`, start, told), second)
    return scaled(joined(params, name, act(h), change(x), block.shortcut))
  })
  if (block.attention === undefined) return out
  const attended = block.attention
  const headDim = attentionHeadDim ?? block.outChannels
  return scope(() => scaled(attention(params, attended, out, { headDim, groups: attentionGroups, eps })))
}

interface Norm {
  readonly groups: number
  readonly eps: number
  readonly silu: boolean
}

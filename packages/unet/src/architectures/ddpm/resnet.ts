import type { Tensor } from '@tweedie/tensor'
import { scope } from '@tweedie/tensor'
import { attention, conv2d, groupNorm, linear, shiftedConv2d } from '../../layers/index.ts'
import type { Params } from '../../params.ts'
import { param } from '../../params.ts'
import type { ResnetPlan } from './plan.ts'
import type { PlainDdpmConfig } from './types.ts'

/**
 * norm, SiLU, conv, + time, norm, SiLU, conv, + shortcut; then attention where the plan has it.
 * @param time - silu(time embedding), [N, D] or [1, D].
 */
export function resnetBlock(
  params: Params,
  config: PlainDdpmConfig,
  x: Tensor,
  time: Tensor,
  block: ResnetPlan,
): Tensor {
  const { name } = block
  const norm = { groups: config.normGroups, eps: config.normEps, silu: true }
  const out = scope(() => {
    const first = groupNorm(params, `${name}.norm1`, x, norm)
    const shift = linear(params, `${name}.time_emb_proj`, time)
    const second = groupNorm(
      params,
      `${name}.norm2`,
      shiftedConv2d(params, `${name}.conv1`, first, shift),
      norm,
    )
    return joined(params, name, second, x, block.inChannels !== block.outChannels)
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

/**
 * `NAME.conv2` of h, + x, which goes through `NAME.conv_shortcut` where there is one. Biases that end up added to the same
 * image are added to each other first.
 */
export function joined(params: Params, name: string, h: Tensor, x: Tensor, shortcut: boolean): Tensor {
  if (!shortcut) return conv2d(params, `${name}.conv2`, h, { padding: 1, residual: x })
  const residual = conv2d(params, `${name}.conv_shortcut`, x, { bias: false })
  const bias = param(params, `${name}.conv2.bias`).add(param(params, `${name}.conv_shortcut.bias`))
  return conv2d(params, `${name}.conv2`, h, { padding: 1, bias, residual })
}

import type { Shape } from '@tweedie/tensor'
import type { ParamSpec } from '../../params.ts'
import type { DrunetConfig } from './config.ts'
import { gainWidth } from './config.ts'
import type { DrunetLayer } from './plan.ts'
import { drunetPlan } from './plan.ts'

/** Names and shapes of all parameters of a configuration, in the order of execution. */
export function drunetSpec(config: DrunetConfig): ParamSpec {
  const { inChannels, outChannels, widths, bias, conditioning } = config
  const spec: Record<string, Shape> = {}
  const conv = (name: string, out: number, shape: Shape) => {
    spec[`${name}.weight`] = shape
    if (bias) spec[`${name}.bias`] = [out]
  }
  const linear = (name: string, out: number, from: number) => {
    spec[`${name}.weight`] = [out, from]
    spec[`${name}.bias`] = [out]
  }
  const rows: { readonly [K in DrunetLayer['kind']]: (layer: DrunetLayer) => void } = {
    block: ({ name, inChannels: width }) => {
      for (const i of [0, 2]) conv(`${name}.res.${i}`, width, [width, width, 3, 3])
      if (conditioning === 'gain') linear(`${name}.gain`, width, gainWidth)
    },
    down: ({ name, inChannels: from, outChannels: to }) => conv(name, to, [to, from, 2, 2]),
    // The transpose of a convolution: its inputs are the first axis.
    up: ({ name, inChannels: from, outChannels: to }) => conv(name, to, [from, to, 2, 2]),
  }
  const first = widths[0] ?? 0
  if (conditioning === 'gain') {
    linear('level.0', gainWidth, 1)
    linear('level.2', gainWidth, gainWidth)
  }
  conv('m_head', first, [first, inChannels + (conditioning === 'map' ? 1 : 0), 3, 3])
  const { down, body, up } = drunetPlan(config)
  for (const layer of [...down.flat(), ...body, ...up.flat()]) rows[layer.kind](layer)
  conv('m_tail', outChannels, [outChannels, first, 3, 3])
  return spec
}

import type { Shape } from '@tweedie/tensor'
import { sizeOf } from '@tweedie/tensor'
import type { ParamSpec } from '../../params.ts'
import type { AutoencoderConfig } from './config.ts'
import { latentShape } from './config.ts'
import type { LayerPlan } from './plan.ts'
import { autoencoderPlan } from './plan.ts'

/** Names and shapes of all parameters of a configuration, encoder first. */
export function autoencoderSpec(config: AutoencoderConfig): ParamSpec {
  const spec: Record<string, Shape> = {}
  const affine = (name: string, out: number, ...rest: number[]) => {
    spec[`${name}.weight`] = [out, ...rest]
    spec[`${name}.bias`] = [out]
  }
  const rows: { readonly [K in LayerPlan['kind']]: (layer: LayerPlan) => void } = {
    conv: ({ name, inChannels, outChannels }) => affine(name, outChannels, inChannels, 3, 3),
    project: ({ name, inChannels, outChannels }) => affine(name, outChannels, inChannels, 1, 1),
    down: ({ name, inChannels, outChannels }) => affine(`${name}.conv`, outChannels, inChannels, 3, 3),
    up: ({ name, inChannels, outChannels }) => affine(`${name}.conv`, outChannels, inChannels, 3, 3),
    norm: ({ name, inChannels }) => affine(name, inChannels),
    block: ({ name, inChannels }) => {
      for (const i of [1, 2]) {
        affine(`${name}.norm${i}`, inChannels)
        affine(`${name}.conv${i}`, inChannels, inChannels, 3, 3)
      }
    },
  }
  const { encoder, decoder } = autoencoderPlan(config)
  for (const layer of [...encoder, ...decoder]) rows[layer.kind](layer)
  if (config.numClasses !== null) affine('classifier', config.numClasses, sizeOf(latentShape(config)))
  return spec
}

import type { Shape } from '@tweedie/tensor'
import type { ParamSpec } from '../../params.ts'
import type { AdmConfig } from './config.ts'
import type { BlockPlan, LayerPlan } from './plan.ts'
import { admPlan } from './plan.ts'

type Add = (name: string, out: number, ...rest: number[]) => void
type Rows = { readonly [K in LayerPlan['kind']]: (layer: Extract<LayerPlan, { kind: K }>) => void }

/**
 * Names and shapes of all parameters of a configuration, as in the state dict of guided-diffusion's
 * `UNetModel`.
 * @example
 * ```ts
 * import { admConfig, admSpec } from '@tweedie/unet'
 * const spec = admSpec(admConfig({ imageSize: 32, modelChannels: 64, channelMult: [1, 2, 2] }))
 * spec['middle_block.1.qkv.weight'] // => [384, 128, 1]
 * ```
 */
export function admSpec(config: AdmConfig): ParamSpec {
  const { input, middle, output, last } = admPlan(config)
  const { spec, affine } = layerSpec(config, [...input, middle, ...output])
  affine('out.0', last)
  affine('out.2', config.outChannels, last, 3, 3)
  return spec
}

/** Names and shapes of the embeddings and of some blocks, and what adds an affine layer to them. */
export function layerSpec(
  config: AdmConfig,
  blocks: readonly BlockPlan[],
): { readonly spec: Record<string, Shape>; readonly affine: Add } {
  const spec: Record<string, Shape> = {}
  const { embedding } = admPlan(config)
  const affine: Add = (name, out, ...rest) => {
    spec[`${name}.weight`] = [out, ...rest]
    spec[`${name}.bias`] = [out]
  }
  const rows = layerRows(config, embedding, affine)
  affine('time_embed.0', embedding, config.modelChannels)
  affine('time_embed.2', embedding, embedding)
  if (config.numClasses !== null) spec['label_emb.weight'] = [config.numClasses, embedding]
  for (const layer of blocks.flat()) (rows[layer.kind] as (layer: LayerPlan) => void)(layer)
  return { spec, affine }
}

const layerRows = (config: AdmConfig, embedding: number, affine: Add): Rows => ({
  conv: ({ name, inChannels, outChannels }) => affine(name, outChannels, inChannels, 3, 3),
  resBlock: ({ name, inChannels, outChannels }) => {
    affine(`${name}.in_layers.0`, inChannels)
    affine(`${name}.in_layers.2`, outChannels, inChannels, 3, 3)
    affine(`${name}.emb_layers.1`, config.useScaleShiftNorm ? 2 * outChannels : outChannels, embedding)
    affine(`${name}.out_layers.0`, outChannels)
    affine(`${name}.out_layers.3`, outChannels, outChannels, 3, 3)
    if (inChannels !== outChannels) affine(`${name}.skip_connection`, outChannels, inChannels, 1, 1)
  },
  attention: ({ name, channels }) => {
    affine(`${name}.norm`, channels)
    affine(`${name}.qkv`, 3 * channels, channels, 1)
    affine(`${name}.proj_out`, channels, channels, 1)
  },
  down: ({ name, channels }) => {
    if (config.convResample) affine(`${name}.op`, channels, channels, 3, 3)
  },
  up: ({ name, channels }) => {
    if (config.convResample) affine(`${name}.conv`, channels, channels, 3, 3)
  },
})

import type { Shape } from '@tweedie/tensor'
import type { ParamSpec } from '../../params.ts'
import type { LayerPlan } from './plan.ts'
import { edmPlan } from './plan.ts'
import type { EdmConfig } from './types.ts'
import { noiseChannels } from './types.ts'

type Affine = (name: string, out: number, ...rest: number[]) => void
type Rows = { readonly [K in LayerPlan['kind']]: (layer: Extract<LayerPlan, { kind: K }>) => void }

/**
 * Names and shapes of all parameters of a configuration, as in the state dict of EDM's network (that of a denoiser has
 * `model.` before them). The filters of resampling, which its file has too, follow from the configuration.
 * @example
 * ```ts
 * import { edmConfig, edmSpec } from '@tweedie/unet'
 * const spec = edmSpec(edmConfig({ imageSize: 32, modelChannels: 32, channelMult: [1, 2], numBlocks: 1 }))
 * spec['enc.16x16_block0.qkv.weight'] // => [192, 64, 1, 1]
 * ```
 */
export function edmSpec(config: EdmConfig): ParamSpec {
  const spec: Record<string, Shape> = {}
  const song = config.network === 'SongUNet'
  const plan = edmPlan(config)
  const noise = noiseChannels(config)
  const affine: Affine = (name, out, ...rest) => {
    spec[`${name}.weight`] = [out, ...rest]
    spec[`${name}.bias`] = [out]
  }
  const { labelDim, augmentDim } = config
  const augment = () => {
    if (augmentDim > 0) spec['map_augment.weight'] = [noise, augmentDim]
  }
  if (config.embeddingType === 'fourier') spec['map_noise.freqs'] = [noise / 2]
  // In the order of the constructors.
  if (song && labelDim > 0) affine('map_label', noise, labelDim)
  augment()
  affine('map_layer0', plan.embedding, noise)
  affine('map_layer1', plan.embedding, plan.embedding)
  if (!song && labelDim > 0) spec['map_label.weight'] = [plan.embedding, labelDim]
  const rows = layerRows(song, plan.embedding, affine)
  for (const layer of plan.layers) (rows[layer.kind] as (layer: LayerPlan) => void)(layer)
  return spec
}

const layerRows = (song: boolean, embedding: number, affine: Affine): Rows => ({
  conv: ({ name, inChannels, outChannels }) => affine(name, outChannels, inChannels, 3, 3),
  block: ({ name, inChannels, outChannels, skip, heads }) => {
    affine(`${name}.norm0`, inChannels)
    affine(`${name}.conv0`, outChannels, inChannels, 3, 3)
    affine(`${name}.affine`, song ? outChannels : 2 * outChannels, embedding)
    affine(`${name}.norm1`, outChannels)
    affine(`${name}.conv1`, outChannels, outChannels, 3, 3)
    if (skip === 'conv') affine(`${name}.skip`, outChannels, inChannels, 1, 1)
    if (heads === 0) return
    affine(`${name}.norm2`, outChannels)
    affine(`${name}.qkv`, 3 * outChannels, outChannels, 1, 1)
    affine(`${name}.proj`, outChannels, outChannels, 1, 1)
  },
  auxDown: () => {},
  auxUp: () => {},
  auxSkip: ({ name, inChannels, outChannels }) => affine(name, outChannels, inChannels, 1, 1),
  auxResidual: ({ name, inChannels, outChannels }) => affine(name, outChannels, inChannels, 3, 3),
  auxOut: ({ name, inChannels, outChannels }) => {
    affine(`${name}_norm`, inChannels)
    affine(`${name}_conv`, outChannels, inChannels, 3, 3)
  },
})

/**
 * The filters of resampling that a file of EDM's has beside its parameters, [1, 1, k, k] each, by their names.
 */
export function resampleFilters(config: EdmConfig): readonly string[] {
  const names = edmPlan(config).layers.flatMap((layer): readonly string[] => {
    switch (layer.kind) {
      case 'block':
        if (layer.resample === undefined) return []
        return layer.skip === 'none' ? [`${layer.name}.conv0`] : [`${layer.name}.conv0`, `${layer.name}.skip`]
      case 'auxDown':
      case 'auxUp':
      case 'auxResidual':
        return [layer.name]
      default:
        return []
    }
  })
  return names.map((name) => `${name}.resample_filter`)
}

import type { AutoencoderConfig } from './config.ts'

/** One layer, with its name in the state dict. */
export interface LayerPlan {
  readonly kind: 'conv' | 'project' | 'block' | 'down' | 'up' | 'norm'
  readonly name: string
  readonly inChannels: number
  readonly outChannels: number
}

/** The layers of the two ways, in order of execution. A `project` is a convolution of 1×1. */
export interface AutoencoderPlan {
  readonly encoder: readonly LayerPlan[]
  readonly decoder: readonly LayerPlan[]
}

/** The layers that a configuration stands for. */
export function autoencoderPlan(config: AutoencoderConfig): AutoencoderPlan {
  const { blockOutChannels: channels, layersPerBlock, latentChannels, inChannels, outChannels } = config
  const first = channels[0] ?? 0
  const last = channels.at(-1) ?? 0
  const layer = (kind: LayerPlan['kind'], name: string, from: number, to = from): LayerPlan => ({
    kind,
    name,
    inChannels: from,
    outChannels: to,
  })
  const blocks = (way: string, level: number, width: number) =>
    Array.from({ length: layersPerBlock }, (_, j) =>
      layer('block', `${way}.level.${level}.block.${j}`, width),
    )
  return {
    encoder: [
      layer('conv', 'encoder.conv_in', inChannels, first),
      ...channels.flatMap((width, i) => [
        ...(i === 0 ? [] : [layer('down', `encoder.level.${i}.down`, channels[i - 1] ?? 0, width)]),
        ...blocks('encoder', i, width),
      ]),
      layer('norm', 'encoder.norm_out', last),
      layer('project', 'encoder.conv_out', last, latentChannels),
    ],
    decoder: [
      layer('project', 'decoder.conv_in', latentChannels, last),
      ...channels
        .map((width, i) => [
          ...blocks('decoder', i, width),
          ...(i === 0 ? [] : [layer('up', `decoder.level.${i}.up`, width, channels[i - 1] ?? 0)]),
        ])
        .reverse()
        .flat(),
      layer('norm', 'decoder.norm_out', first),
      layer('conv', 'decoder.conv_out', first, outChannels),
    ],
  }
}

import type { EdmConfig } from './types.ts'
import { embeddingChannels, networkOutputs } from './types.ts'

/** norm, SiLU, (resample,) conv, embedding, norm, SiLU, conv, beside a shortcut; then attention where it has heads. */
export interface BlockPlan {
  readonly kind: 'block'
  readonly name: string
  readonly inChannels: number
  readonly outChannels: number
  readonly resample?: 'down' | 'up'
  /** The shortcut: a 1×1 convolution, without one resampled alone, or x itself. */
  readonly skip: 'conv' | 'resample' | 'none'
  /** 0 for no attention. */
  readonly heads: number
  /** Whether a kept image of the way down is joined to its input. */
  readonly joins: boolean
}

/** One layer, with its name in the state dict; `aux` is the second path, of images, beside the U-Net. */
export type LayerPlan =
  | {
      readonly kind: 'conv'
      readonly name: string
      readonly inChannels: number
      readonly outChannels: number
    }
  | BlockPlan
  /** The second path is halved, or doubled. */
  | { readonly kind: 'auxDown' | 'auxUp'; readonly name: string; readonly channels: number }
  /** The second path is added through a 1×1 convolution. */
  | {
      readonly kind: 'auxSkip'
      readonly name: string
      readonly inChannels: number
      readonly outChannels: number
    }
  /** Both are joined by a 3×3 convolution that halves the second, and go on as one. */
  | {
      readonly kind: 'auxResidual'
      readonly name: string
      readonly inChannels: number
      readonly outChannels: number
    }
  /** `NAME_norm`, SiLU, `NAME_conv`: what a level adds to the output. */
  | {
      readonly kind: 'auxOut'
      readonly name: string
      readonly inChannels: number
      readonly outChannels: number
    }

/** Everything between the embedding and the output, in order of execution. */
export interface EdmPlan {
  /** The output of each convolution and block is kept for the way up. */
  readonly encoder: readonly LayerPlan[]
  readonly decoder: readonly LayerPlan[]
  /** Both. */
  readonly layers: readonly LayerPlan[]
  readonly embedding: number
}

/** Channels of a head in DhariwalUNet; SongUNet has one head. */
const headChannels = 64

/** The layers that a configuration stands for (NVlabs/edm, training/networks.py: SongUNet, DhariwalUNet). */
export function edmPlan(config: EdmConfig): EdmPlan {
  const { channelMult, modelChannels, numBlocks, inChannels, encoderType, decoderType, imageSize } = config
  const song = config.network === 'SongUNet'
  const outputs = networkOutputs(config)
  const last = channelMult.length - 1
  const side = (level: number) => Math.floor(imageSize / 2 ** level)
  const nameAt = (part: string, level: number) => `${part}.${side(level)}x${side(level)}`
  const attends = (level: number) => config.attnResolutions.includes(side(level))
  const block = (
    name: string,
    channels: readonly [number, number],
    {
      attention = false,
      resample,
      joins = false,
    }: { attention?: boolean; resample?: 'down' | 'up'; joins?: boolean } = {},
  ): BlockPlan => {
    const [from, to] = channels
    // A SongUNet projects every shortcut that is not x itself.
    const skip =
      from !== to || (song && resample !== undefined) ? 'conv' : resample === undefined ? 'none' : 'resample'
    const heads = !attention ? 0 : song ? 1 : Math.floor(to / headChannels)
    return {
      ...{ kind: 'block', name, inChannels: from, outChannels: to, skip, heads, joins },
      ...(resample === undefined ? {} : { resample }),
    }
  }

  const encoder: LayerPlan[] = []
  const kept: number[] = []
  let current = 0
  let aux = inChannels
  const keep = (layer: LayerPlan, channels: number) => {
    encoder.push(layer)
    kept.push(channels)
    current = channels
  }
  channelMult.forEach((mult, level) => {
    const at = nameAt('enc', level)
    if (level === 0) {
      const outChannels = song ? modelChannels : modelChannels * mult
      keep({ kind: 'conv', name: `${at}_conv`, inChannels, outChannels }, outChannels)
    } else {
      keep(block(`${at}_down`, [current, current], { resample: 'down' }), current)
      if (encoderType === 'skip') {
        encoder.push({ kind: 'auxDown', name: `${at}_aux_down`, channels: aux })
        encoder.push({ kind: 'auxSkip', name: `${at}_aux_skip`, inChannels: aux, outChannels: current })
      }
      if (encoderType === 'residual') {
        encoder.push({
          kind: 'auxResidual',
          name: `${at}_aux_residual`,
          inChannels: aux,
          outChannels: current,
        })
        aux = current
      }
    }
    for (let i = 0; i < numBlocks; i++) {
      const to = modelChannels * mult
      keep(block(`${at}_block${i}`, [current, to], { attention: attends(level) }), to)
    }
  })

  const decoder: LayerPlan[] = []
  for (let level = last; level >= 0; level--) {
    const at = nameAt('dec', level)
    if (level === last) {
      decoder.push(block(`${at}_in0`, [current, current], { attention: true }))
      decoder.push(block(`${at}_in1`, [current, current]))
    } else decoder.push(block(`${at}_up`, [current, current], { resample: 'up' }))
    for (let i = 0; i <= numBlocks; i++) {
      const to = modelChannels * channelMult[level]!
      const attention = attends(level) && (!song || i === numBlocks)
      decoder.push(block(`${at}_block${i}`, [current + kept.pop()!, to], { attention, joins: true }))
      current = to
    }
    if (!song || (decoderType !== 'skip' && level > 0)) continue
    if (decoderType === 'skip' && level < last)
      decoder.push({ kind: 'auxUp', name: `${at}_aux_up`, channels: outputs })
    decoder.push({ kind: 'auxOut', name: `${at}_aux`, inChannels: current, outChannels: outputs })
  }
  if (!song) decoder.push({ kind: 'auxOut', name: 'out', inChannels: current, outChannels: outputs })
  return { encoder, decoder, layers: [...encoder, ...decoder], embedding: embeddingChannels(config) }
}

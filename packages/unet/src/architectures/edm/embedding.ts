import { stopGradient } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import {
  concat,
  cos,
  fromData,
  gather,
  matmul,
  OptionError,
  reshape,
  scope,
  silu,
  sin,
  transpose,
  zeros,
} from '@tweedie/tensor'
import { linear, timeEmbedding } from '../../layers/index.ts'
import type { Params } from '../../params.ts'
import { param } from '../../params.ts'
import type { EdmConfig } from './types.ts'
import { noiseChannels } from './types.ts'

/**
 * The embeddings of labels [N]: of c the row of class c, of `labelDim`, which stands for no class, that of a label of
 * zeros. [N, d], d the width that SongUNet adds it at (of the time's vector) or DhariwalUNet (of the embedding).
 * Differentiable in `params`.
 * @throws {OptionError} for a label that is neither, or a network that is told no class.
 */
export function edmEmbed(params: Params, config: EdmConfig, labels: Tensor): Tensor {
  const { labelDim, network } = config
  if (labelDim === 0) throw new OptionError('labels', 'the network has no classes (labelDim is 0)')
  const values = labels.dataSync()
  const wrong = values.findIndex((label) => !(Number.isInteger(label) && label >= 0 && label <= labelDim))
  if (wrong >= 0)
    throw new OptionError(
      'labels',
      `must be classes 0 … ${labelDim - 1}, or ${labelDim} for none, got ${values[wrong]} at index ${wrong}`,
    )
  return scope(() => {
    const weight = param(params, 'map_label.weight')
    const none = zeros([1, weight.shape[0] ?? 0], { dtype: weight.dtype, device: weight.device })
    const rows = gather(concat([transpose(weight), none], 0), labels.cast('int32'))
    // A label is √labelDim in its place and 0 elsewhere for SongUNet, 1 and 0 for DhariwalUNet.
    return network === 'SongUNet' ? rows.mul(Math.sqrt(labelDim)).add(param(params, 'map_label.bias')) : rows
  })
}

/**
 * silu(embedding of time, class c and augmentation), [N, D] or [1, D]: what every block is told.
 * @param times - c_noise, [N] or [1].
 */
export function edmEmbedding(
  params: Params,
  config: EdmConfig,
  times: Tensor,
  c: Tensor | undefined,
  augment: Tensor | undefined,
): Tensor {
  return scope(() => {
    const song = config.network === 'SongUNet'
    const time = timeVector(params, config, times)
    const told =
      augment === undefined ? time : time.add(matmul(augment, transpose(param(params, 'map_augment.weight'))))
    const add = (h: Tensor) => (c === undefined ? h : h.add(c))
    const first = silu(linear(params, 'map_layer0', song ? add(told) : told))
    const second = linear(params, 'map_layer1', first)
    return silu(song ? second : add(second))
  })
}

/** Sines before cosines for SongUNet, the other way round for DhariwalUNet. */
function timeVector(params: Params, config: EdmConfig, times: Tensor): Tensor {
  const song = config.network === 'SongUNet'
  if (config.embeddingType === 'positional')
    return timeEmbedding(times, noiseChannels(config), { flipSinToCos: !song, freqShift: song ? 1 : 0 })
  // Drawn once and never trained.
  const frequencies = stopGradient(param(params, 'map_noise.freqs')).mul(2 * Math.PI)
  const angle = reshape(times, [-1, 1]).mul(reshape(frequencies, [1, -1]))
  return concat([sin(angle), cos(angle)], 1)
}

/** A number, or one a sample [N] or [1], as a tensor like x. */
export const perSample = (values: readonly number[], x: Tensor): Tensor =>
  fromData(values, [values.length], { dtype: x.dtype, device: x.device })

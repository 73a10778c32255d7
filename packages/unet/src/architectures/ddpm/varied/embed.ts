import { stopGradient } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { concat, cos, gather, log, OptionError, reshape, ShapeError, sin } from '@tweedie/tensor'
import { timeEmbedding, timeMlp } from '../../../layers/index.ts'
import { classLabels } from '../../../layers/labels.ts'
import type { Params } from '../../../params.ts'
import { param } from '../../../params.ts'
import { timesOf } from '../forward.ts'
import type { DdpmConfig, DdpmVariant } from '../types.ts'
import { variantOf } from './variant.ts'

/**
 * The embedding [N, D] or [1, D] of the time, and of what the network is told besides where there is anything.
 * @param c - The embedding of that, [N, D] or [1, D].
 */
export function embedding(
  params: Params,
  config: DdpmConfig,
  x: Tensor,
  t: number | Tensor,
  c: Tensor | undefined,
): Tensor {
  const time = timeMlp(params, 'time_embedding', numbersOf(params, config, timesOf(x, t), 't'))
  return c === undefined ? time : time.add(c)
}

/** Times [N] as numbers for the perceptron that follows. @param option - Whose fault a wrong one would be. */
function numbersOf(params: Params, config: DdpmConfig, times: Tensor, option: string): Tensor {
  const { timeEmbedding: kind } = variantOf(config)
  if (kind === 'positional') return timeEmbedding(times, config.blockOutChannels[0]!, config)
  const table = param(params, 'time_proj.weight')
  const values = times.dataSync()
  const wrong = values.findIndex((t) => timeRefused(config, t) !== undefined)
  if (wrong >= 0)
    throw new OptionError(
      option,
      `${timeRefused(config, values[wrong]!)}, got ${values[wrong]} at index ${wrong}`,
    )
  if (kind === 'learned') return gather(table, times.cast('int32'))
  // The multiples of the logarithm are random, and stay as they are in a training.
  const waves = reshape(log(times), [-1, 1]).mul(stopGradient(table)).mul(2).mul(Math.PI)
  return concat([sin(waves), cos(waves)], 1)
}

/** Why a network cannot be told a time, as a sentence on it; undefined where it can. */
export function timeRefused(config: DdpmConfig, t: number): string | undefined {
  const { timeEmbedding: kind, timesteps } = variantOf(config)
  if (kind === 'fourier' && !(t > 0))
    return "the timeEmbedding 'fourier' takes the logarithm of its time, which must be above 0"
  if (kind === 'learned' && !(Number.isInteger(t) && t >= 0 && t < (timesteps ?? 0)))
    return `the timeEmbedding 'learned' has a table of the times 0 … ${(timesteps ?? 0) - 1}`
  return undefined
}

/**
 * The embeddings [N, D] of what a network is told: of labels [N] the rows of `class_embedding`, of other times [N] what that
 * makes of them; embeddings [N, D] as they are.
 * @throws {OptionError} for a network that is told nothing, or a label that is none of its classes.
 * @throws {ShapeError} where the labels are of another shape.
 */
export function ddpmEmbed(params: Params, config: DdpmConfig, labels: Tensor): Tensor {
  const { numClasses, classEmbedding } = variantOf(config)
  if (classEmbedding === 'identity') {
    requireShape('labels', labels, labels.shape[0], widthOf(config))
    return labels
  }
  if (labels.rank !== 1) throw new ShapeError('ddpmEmbed', 'labels must be [N]', [labels.shape])
  if (classEmbedding === 'timestep') {
    const { dtype } = param(params, 'conv_in.weight')
    return timeMlp(params, 'class_embedding', numbersOf(params, config, labels.cast(dtype), 'labels'))
  }
  if (numClasses === null) throw new OptionError('labels', toldNothing)
  return gather(param(params, 'class_embedding.weight'), classLabels(labels, numClasses, 'labels'))
}

export const toldNothing =
  'the network is told no classes (variant.numClasses and variant.classEmbedding are null)'

/** Whether a network has to be told something besides the time. */
export const isTold = ({ numClasses, classEmbedding }: DdpmVariant): boolean =>
  numClasses !== null || classEmbedding !== null

/** @throws {ShapeError} where an embedding is not one for each of n images, or for all. */
export function requireShape(name: string, c: Tensor, n: number | undefined, width: number): void {
  if (c.rank !== 2 || c.shape[1] !== width || (c.shape[0] !== n && c.shape[0] !== 1))
    throw new ShapeError('ddpmForward', `${name} must be [${n}, ${width}] or [1, ${width}]`, [c.shape])
}

/** Width of the time embedding. */
export const widthOf = ({ timeEmbeddingDim, blockOutChannels }: DdpmConfig): number =>
  timeEmbeddingDim ?? 4 * blockOutChannels[0]!

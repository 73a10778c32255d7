import { timeLabel } from '@tweedie/solvers'
import type { Key } from '@tweedie/tensor'
import { normal, OptionError, randomKey, randomPermutation, scope, uniform } from '@tweedie/tensor'
import type { NetworkConfig } from '../architectures/catalog.ts'
import { architectureOf } from '../architectures/catalog.ts'
import type { Samples } from '../data/pictures.ts'
import { drawSample, isPictureSet } from '../data/pictures.ts'
import type { TrainConfig } from './config.ts'
import type { NoiseTable } from './schedule.ts'
import { corrupt, makeGrey } from './target.ts'
import { checkTimes } from './told-times.ts'

/** Noisy images, the noise in them, what a network should predict of them, and their times, on the host. */
export interface NoisyBatch {
  readonly count: number
  readonly xt: Float32Array
  readonly noise: Float32Array
  readonly target: Float32Array
  readonly t: Float32Array
  /** Weights of the samples' squared errors. */
  readonly weights: Float32Array
  /** What each sample's further draws come from. */
  readonly keys: readonly Key[]
  /** What the network is told, or should tell, of each image; undefined for one that knows no classes. */
  readonly labels: Int32Array | undefined
}

/**
 * Draws the parts of batches. What sample i of step k sees (which image, which time, which noise) depends
 * on the seed, k and i alone: each epoch goes through all images in an order of its own.
 */
export class BatchSampler {
  private readonly key: Key
  private readonly order = new Map<number, Int32Array>()
  private readonly config: TrainConfig
  private readonly images: Samples
  private readonly table: NoiseTable

  constructor(config: TrainConfig, images: Samples, table: NoiseTable) {
    if (!sizeFits(images, config.model))
      throw new OptionError(
        'images',
        `are [${images.shape.join(', ')}], the model takes [${architectureOf(config.model).sampleShape(config.model).join(', ')}]`,
      )
    if (images.count < 1) throw new OptionError('images', 'there are none')
    checkLabels(config, images)
    checkTimes(config, table)
    this.config = config
    this.images = images
    this.table = table
    this.key = randomKey(config.seed).fold('train')
  }

  /** Shard `shard` of the batch of step `step`. */
  draw(step: number, shard: number): NoisyBatch {
    const { batch, shards, timesteps, stratified } = this.config
    const count = batch / shards
    const stepKey = this.key.fold('step').fold(step)
    const keys = Array.from({ length: count }, (_, j) => stepKey.fold(shard * count + j))
    const times = keys.map((key, j) => {
      const u = scope(() => uniform(key.fold('time'), [1], host).dataSync()[0]!)
      const place = stratified ? (shard * count + j + u) / batch : u
      return Math.min(timesteps - 1, Math.floor(place * timesteps))
    })
    const images = keys.map((_, j) => this.imageAt(step * batch + shard * count + j))
    return noisyBatch(this.images, images, times, keys, this.table, this.config)
  }

  private imageAt(position: number): number {
    const { count } = this.images
    const epoch = Math.floor(position / count)
    let order = this.order.get(epoch)
    if (order === undefined) {
      this.order.delete(epoch - 2)
      this.order.set(epoch, (order = randomPermutation(this.key.fold('epoch').fold(epoch), count)))
    }
    return order[position % count]!
  }
}

/** Whether a network can be shown samples of their size: its own, or crops of another that it can halve. */
export function sizeFits(images: Samples, model: NetworkConfig): boolean {
  const { sampleShape, divisor, coder } = architectureOf(model)
  const shape = sampleShape(model)
  if (images.shape.join() === shape.join()) return true
  const [channels, ...sides] = images.shape
  const isCrop = isPictureSet(images) && channels === shape[0] && coder === undefined
  return isCrop && sides.every((side) => side % divisor(model) === 0)
}

const host = { device: 'reference' }

/**
 * x_t = α_t·x₀ + σ_t·ε as the network sees it, what it is told of the time, and the target, for chosen images and times,
 * with noise from the stream 'noise' of each key, and crops of pictures from its stream 'crop'.
 */
export function noisyBatch(
  images: Samples,
  places: readonly number[],
  times: readonly number[],
  keys: readonly Key[],
  table: NoiseTable,
  config: Pick<TrainConfig, 'model' | 'predicts' | 'weighting' | 'greyPart' | 'labelDrop'>,
): NoisyBatch {
  const { predicts, greyPart = 0 } = config
  const [c, h, w] = images.shape
  const size = c * h * w
  const xt = new Float32Array(places.length * size)
  const wanted = new Float32Array(places.length * size)
  const t = new Float32Array(places.length)
  const weights = new Float32Array(places.length)
  const grey = greyPart === 0 ? undefined : drawsOf(keys, 'grey')
  const noise = scope(() =>
    normal(
      keys.map((key) => key.fold('noise')),
      [size],
      host,
    ).dataSync(),
  ) as Float32Array
  places.forEach((place, j) => {
    drawSample(images, place, keys[j]!, xt, j * size)
    const time = times[j]!
    const at = { alpha: table.alpha[time]!, sigma: table.sigma[time]! }
    t[j] = timeLabel(predicts, at.alpha, at.sigma, table.time?.[time] ?? time)
    const [x, own, target] = [xt, noise, wanted].map((all) => all.subarray(j * size, (j + 1) * size)) as [
      Float32Array,
      Float32Array,
      Float32Array,
    ]
    if (grey !== undefined && grey[j]! < greyPart) makeGrey(x, own)
    weights[j] = corrupt(config, at, x, own, target)
  })
  return {
    count: places.length,
    xt,
    noise,
    target: wanted,
    t,
    weights,
    keys,
    labels: labelsOf(images, places, keys, config),
  }
}

/** A number from 0 to 1 of each key, from the stream of a name. */
const drawsOf = (keys: readonly Key[], stream: string): ArrayLike<number> =>
  scope(() =>
    uniform(
      keys.map((key) => key.fold(stream)),
      [1],
      host,
    ).dataSync(),
  )

/** The classes that a network is told or tells; 0 for none. */
export const classesOf = (model: NetworkConfig): number => architectureOf(model).classes?.(model) ?? 0

/** Labels of images, each replaced by the last class with the probability `labelDrop`, drawn from the stream 'label'. */
function labelsOf(
  images: Samples,
  places: readonly number[],
  keys: readonly Key[],
  { model, labelDrop = 0 }: Pick<TrainConfig, 'model' | 'labelDrop'>,
): Int32Array | undefined {
  const classes = classesOf(model)
  const { labels } = images
  if (classes === 0 || labels === undefined) return undefined
  const given = Int32Array.from(places, (place) => labels[place]!)
  if (labelDrop === 0) return given
  const drawn = drawsOf(keys, 'label')
  return given.map((label, j) => (drawn[j]! < labelDrop ? classes - 1 : label))
}

/**
 * Makes sure that images have the labels that a network wants.
 * @throws {OptionError} where they have none, or one beyond its classes.
 */
export function checkLabels(
  { model, labelDrop }: Pick<TrainConfig, 'model' | 'labelDrop'>,
  images: Samples,
): void {
  const classes = classesOf(model)
  if (classes === 0) return
  if (images.labels === undefined)
    throw new OptionError('images', `have no labels, the model has ${classes} classes`)
  const told = labelDrop === undefined ? classes : classes - 1
  const wrong = images.labels.findIndex((label) => label >= told)
  if (wrong >= 0)
    throw new OptionError(
      'images',
      `have the label ${images.labels[wrong]} at ${wrong}; the model has the classes 0 … ${told - 1}${labelDrop === undefined ? '' : ' and one for none'}`,
    )
}

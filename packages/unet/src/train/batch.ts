import { parameterisations, timeLabel } from '@tweedie/solvers'
import type { Key } from '@tweedie/tensor'
import { normal, OptionError, randomKey, randomPermutation, scope, uniform } from '@tweedie/tensor'
import { architectureOf } from '../architectures/catalog.ts'
import type { Predicts } from '../architectures/trained-on.ts'
import type { ImageSet } from '../data/images.ts'
import { readImage } from '../data/images.ts'
import type { TrainConfig } from './config.ts'
import type { NoiseTable } from './schedule.ts'

/** Noisy images, the noise in them, what a network should predict of them, and their times, on the host. */
export interface NoisyBatch {
  readonly count: number
  readonly xt: Float32Array
  readonly noise: Float32Array
  readonly target: Float32Array
  readonly t: Float32Array
}

/**
 * Draws the parts of batches. What sample i of step k sees (which image, which time, which noise) depends
 * on the seed, k and i alone: each epoch goes through all images in an order of its own.
 */
export class BatchSampler {
  private readonly key: Key
  private readonly order = new Map<number, Int32Array>()
  private readonly config: TrainConfig
  private readonly images: ImageSet
  private readonly table: NoiseTable

  constructor(config: TrainConfig, images: ImageSet, table: NoiseTable) {
    const shape = architectureOf(config.model).sampleShape(config.model)
    if (images.shape.join() !== shape.join())
      throw new OptionError(
        'images',
        `are [${images.shape.join(', ')}], the model takes [${shape.join(', ')}]`,
      )
    if (images.count < 1) throw new OptionError('images', 'there are none')
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
    return noisyBatch(this.images, images, times, keys, this.table, this.config.predicts)
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

const host = { device: 'reference' }

/**
 * x_t = α_t·x₀ + σ_t·ε as the network sees it, what it is told of the time, and the target, for chosen images and times,
 * with noise from the stream 'noise' of each key.
 */
export function noisyBatch(
  images: ImageSet,
  places: readonly number[],
  times: readonly number[],
  keys: readonly Key[],
  table: NoiseTable,
  predicts: Predicts,
): NoisyBatch {
  const [c, h, w] = images.shape
  const size = c * h * w
  const xt = new Float32Array(places.length * size)
  const wanted = new Float32Array(places.length * size)
  const t = new Float32Array(places.length)
  const noise = scope(() =>
    normal(
      keys.map((key) => key.fold('noise')),
      [size],
      host,
    ).dataSync(),
  ) as Float32Array
  places.forEach((place, j) => {
    readImage(images, place, xt, j * size)
    const [alpha, sigma] = [table.alpha[times[j]!]!, table.sigma[times[j]!]!]
    const { target, input } = parameterisations[predicts](alpha, sigma)
    t[j] = timeLabel(predicts, alpha, sigma, times[j]!)
    for (let i = j * size; i < (j + 1) * size; i++) {
      wanted[i] = target.x0 * xt[i]! + target.noise * noise[i]!
      xt[i] = input * (alpha * xt[i]! + sigma * noise[i]!)
    }
  })
  return { count: places.length, xt, noise, target: wanted, t }
}

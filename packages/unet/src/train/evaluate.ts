import {
  argmax,
  OptionError,
  randomKey,
  randomPermutation,
  scope,
  square,
  sub,
  sum,
  uniform,
} from '@tweedie/tensor'
import type { NetworkConfig } from '../architectures/catalog.ts'
import { architectureOf } from '../architectures/catalog.ts'
import type { Predicts } from '../architectures/trained-on.ts'
import type { Samples } from '../data/pictures.ts'
import type { Params } from '../params.ts'
import { checkLabels, classesOf, noisyBatch } from './batch.ts'
import { batchTensors } from './objective.ts'
import type { NoiseSchedule } from './schedule.ts'
import { linearNoise, noiseTable } from './schedule.ts'

export interface EvaluateOptions {
  /** Images used, the first of the set; default all. */
  readonly count?: number
  readonly batch?: number
  readonly seed?: number
  readonly timesteps?: number
  /** What the network predicts; default ε. */
  readonly predicts?: Predicts
  /** Default: the linear schedule of DDPM. */
  readonly schedule?: NoiseSchedule
  readonly onProgress?: (done: number, count: number) => void
}

export interface Evaluation {
  /** Mean over images and pixels of the squared error of the prediction, (ε − ε_θ)² where it is the noise. */
  readonly mse: number
  /** The same over the images whose time fell in each quarter of 0 … T−1, from clean to noisy; null where none did. */
  readonly byQuarter: readonly (number | null)[]
  readonly count: number
  /** Of an autoencoder that tells classes: how often the most probable one is the label. */
  readonly accuracy?: number
}

/**
 * The mean squared error of what a network predicts on images, one noise each at times spread evenly over 0 …
 * T−1 (image i of n gets a random one of n equal parts), seeded.
 * @throws {OptionError} for a count that the set does not have, or a batch below 1.
 */
export function evaluate(
  params: Params,
  model: NetworkConfig,
  images: Samples,
  options: EvaluateOptions = {},
): Evaluation {
  const batches = evaluateInBatches(params, model, images, options)
  for (;;) {
    const { done, value } = batches.next()
    if (done === true) return value
    options.onProgress?.(value, options.count ?? images.count)
  }
}

/**
 * {@link evaluate}, stopping after each batch: yields the number of images done. The result does not depend on the
 * size of the batches.
 */
export function* evaluateInBatches(
  params: Params,
  model: NetworkConfig,
  images: Samples,
  options: Omit<EvaluateOptions, 'onProgress'> = {},
): Generator<number, Evaluation> {
  const { count = images.count, batch = 100, seed = 0, timesteps = 1000 } = options
  if (!Number.isInteger(count) || count < 1 || count > images.count) {
    throw new OptionError('count', `must be 1 … ${images.count}, got ${count}`)
  }
  if (!Number.isInteger(batch) || batch < 1)
    throw new OptionError('batch', `must be a positive integer, got ${batch}`)
  const { forward, coder } = architectureOf(model)
  let hits = 0
  checkLabels({ model }, images)
  const table = noiseTable(options.schedule ?? linearNoise(timesteps), timesteps)
  const key = randomKey(seed).fold('evaluate')
  const parts = randomPermutation(key.fold('order'), count)
  const within = scope(() => uniform(key.fold('time'), [count], { device: 'reference' }).dataSync())
  const totals = [0, 0, 0, 0]
  const counts = [0, 0, 0, 0]
  const size = images.shape[0] * images.shape[1] * images.shape[2]
  for (let from = 0; from < count; from += batch) {
    const places = Array.from({ length: Math.min(batch, count - from) }, (_, j) => from + j)
    const times = places.map((i) => Math.floor(((parts[i]! + within[i]!) / count) * timesteps))
    const errors = scope(() => {
      const drawn = noisyBatch(
        images,
        places,
        times,
        places.map((i) => key.fold(i)),
        table,
        { model, predicts: options.predicts ?? 'epsilon' },
      )
      const { x, t, target, labels } = batchTensors(drawn, images.shape)
      if (coder !== undefined && labels !== undefined) {
        const logits = coder.logits(params, model, coder.encode(params, model, x))
        const told = argmax(logits, 1).dataSync()
        labels.dataSync().forEach((label, n) => void (hits += told[n] === label ? 1 : 0))
      }
      return sum(square(sub(forward(params, model, x, t, labels), target)), [1, 2, 3]).dataSync()
    })
    times.forEach((t, j) => {
      const quarter = quarterOf(t, timesteps)
      totals[quarter]! += errors[j]! / size
      counts[quarter]!++
    })
    yield from + places.length
  }
  return {
    mse: totals.reduce((a, b) => a + b) / count,
    byQuarter: totals.map((total, i) => (counts[i] === 0 ? null : total / counts[i]!)),
    count,
    ...(coder !== undefined && images.labels !== undefined && classesOf(model) > 0
      ? { accuracy: hits / count }
      : {}),
  }
}

/** The quarter 0 … 3 of 0 … T−1 that a time lies in: the largest q with q·T/4 ≤ t. */
const quarterOf = (t: number, timesteps: number): number => Math.floor((4 * t) / timesteps)

import { fromData, randomKey, scope, treeMap } from '@tweedie/tensor'
import { architectureOf } from '../architectures/catalog.ts'
import type { Samples } from '../data/pictures.ts'
import { drawSample } from '../data/pictures.ts'
import type { Params } from '../params.ts'
import type { TrainConfig } from './config.ts'

/** Mean and standard deviation of each channel of the latents, before they were made 0 and 1. */
export interface LatentMoments {
  readonly mean: readonly number[]
  readonly std: readonly number[]
  /** Images they were taken over, the first of the training. */
  readonly images: number
}

/** Images that the moments are taken over at most. */
const most = 10_000

/**
 * Parameters of an autoencoder whose latents of the training images have mean 0 and standard deviation 1 in each channel,
 * and what they were; the pictures stay the same. Takes the parameters over. Yields the number of images done.
 */
export function* standardise(
  params: Params,
  { model, batch }: TrainConfig,
  images: Samples,
): Generator<number, { params: Params; moments: LatentMoments }> {
  const { coder } = architectureOf(model)
  if (coder === undefined) throw new TypeError('standardise: the model is no autoencoder')
  const [channels = 0, ...sides] = coder.latentShape(model)
  const area = sides.reduce((a, b) => a * b, 1)
  const count = Math.min(most, images.count)
  const [sums, squares] = [new Float64Array(channels), new Float64Array(channels)]
  for (let from = 0; from < count; from += batch) {
    const n = Math.min(batch, count - from)
    const z = encodeBatch(params, model, images, from, n)
    z.forEach((value, i) => {
      const channel = Math.floor(i / area) % channels
      sums[channel]! += value
      squares[channel]! += value * value
    })
    yield from + n
  }
  const total = count * area
  const mean = Array.from(sums, (sum) => sum / total)
  const std = mean.map((m, c) => Math.sqrt(squares[c]! / total - m * m))
  const settled = scope(() =>
    treeMap(coder.standardise(params, model, fromData(mean, [channels]), fromData(std, [channels])), (t) =>
      t.alias(),
    ),
  )
  for (const tensor of Object.values(params)) tensor.dispose()
  return { params: settled, moments: { mean, std, images: count } }
}

const cropKey = randomKey(0).fold('encode')

/** The latents of n images from a place on, or of a crop of each picture, one after the other. */
export function encodeBatch(
  params: Params,
  model: TrainConfig['model'],
  images: Samples,
  from: number,
  n: number,
): Float32Array {
  const { coder } = architectureOf(model)
  if (coder === undefined) throw new TypeError('encodeBatch: the model is no autoencoder')
  const size = images.shape[0] * images.shape[1] * images.shape[2]
  const x = new Float32Array(n * size)
  for (let j = 0; j < n; j++) drawSample(images, from + j, cropKey.fold(from + j), x, j * size)
  return scope(() =>
    coder.encode(params, model, fromData(x, [n, ...images.shape])).dataSync(),
  ) as Float32Array
}

import { valueAndGrad } from '@tweedie/autograd'
import { fromData, normal, randomKey, randomWords, scope, setDefaultDevice } from '@tweedie/tensor'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { admConfig } from '../architectures/adm/config.ts'
import { autoencoder } from '../architectures/autoencoder/architecture.ts'
import { autoencoderConfig } from '../architectures/autoencoder/config.ts'
import { classLogits, decodeLatents, encodePictures } from '../architectures/autoencoder/forward.ts'
import { imageSet } from '../data/images.ts'
import { BatchSampler } from './batch.ts'
import type { TrainOptions } from './config.ts'
import { scheduleOf, trainConfig } from './config.ts'
import { objective } from './objective.ts'
import { noiseTable } from './schedule.ts'

let former: string
beforeAll(() => {
  former = setDefaultDevice('reference')
})
afterAll(() => {
  setDefaultDevice(former)
})

const count = 6
const pixels = Uint8Array.from(randomWords(randomKey(3), count * 16))
const images = { ...imageSet(pixels, [1, 4, 4]), labels: Uint8Array.of(0, 2, 1, 0, 2, 1) }
const model = autoencoderConfig({
  ...{ sampleSize: 4, blockOutChannels: [2, 4], latentChannels: 2, normGroups: 2, numClasses: 3 },
})
const sampler = (options: TrainOptions) => {
  const config = trainConfig(options)
  const table = noiseTable(scheduleOf(config), config.timesteps)
  return { config, sampler: new BatchSampler(config, images, table) }
}

describe('the loss of an autoencoder', () => {
  const weights = { latentNoise: 0.3, latentPenalty: 0.7, labelWeight: 0.2 }
  const { config, sampler: draws } = sampler({ model, steps: 1, batch: 4, shards: 2, ...weights })
  const drawn = draws.draw(0, 1)
  const params = autoencoder.init(model, randomKey(1), { device: 'reference' })

  test('pictures come without noise, in order and with their own labels, and are the target', () => {
    const all = [0, 1].map((shard) => draws.draw(0, shard))
    for (const { xt, target, t } of all) {
      expect(xt).toEqual(target)
      expect(Array.from(t)).toEqual([0, 0])
    }
    for (const { xt, labels } of all) {
      for (const [j, label] of (labels ?? []).entries()) {
        const first = Math.round((xt[16 * j]! + 1) * 127.5)
        const found = Array.from({ length: count }, (_, i) => i).find((i) => pixels[16 * i] === first)
        expect(label).toBe(images.labels[found ?? -1])
      }
    }
  })

  test('is that of its doc comment, written out in plain numbers', () => {
    scope(() => {
      const x = fromData(drawn.xt, [2, 1, 4, 4])
      const z = encodePictures(params, model, x)
      const noise = normal(
        drawn.keys.map((key) => key.fold('latent')),
        [2, 2, 2],
      )
      const restored = decodeLatents(params, model, z.add(noise.mul(0.3))).dataSync()
      const squares = Array.from(drawn.xt, (v, i) => (restored[i]! - v) ** 2)
      const mean = (of: ArrayLike<number>) => Array.from(of).reduce((a, b) => a + b, 0) / of.length
      const logits = classLogits(params, model, z).dataSync()
      const entropy = Array.from(drawn.labels ?? [], (label, n) => {
        const of = Array.from(logits.subarray(3 * n, 3 * n + 3))
        return Math.log(of.reduce((sum, v) => sum + Math.exp(v), 0)) - of[label]!
      })
      const penalty = mean(Array.from(z.dataSync(), (v) => v * v))
      // Two of the batch of four.
      const wanted = (2 / 4) * (mean(squares) + 0.7 * penalty + 0.2 * mean(entropy))
      const [found, gradient] = valueAndGrad(objective(config, drawn, images.shape))(params)
      expect(found.dataSync()[0]).toBeCloseTo(wanted, 5)
      for (const tensor of Object.values(gradient)) expect(tensor.dataSync().some((v) => v !== 0)).toBe(true)
    })
  })

  test('the noise of latents is that of the sample, whatever its shard', () => {
    const { sampler: one } = sampler({ model, steps: 1, batch: 4, shards: 1, ...weights })
    const whole = scope(
      () => objective({ ...config, shards: 1 }, one.draw(0, 0), images.shape)(params).dataSync()[0],
    )
    const parts = [0, 1].map((shard) =>
      scope(() => objective(config, draws.draw(0, shard), images.shape)(params).dataSync()[0]!),
    )
    expect(parts[0]! + parts[1]!).toBeCloseTo(whole!, 5)
  })
})

describe('labels', () => {
  const told = admConfig({ imageSize: 4, inChannels: 1, modelChannels: 32, channelMult: [1], numClasses: 4 })

  test('are left out as often as asked, each sample for itself, and the last class stands for none', () => {
    const { sampler: draws } = sampler({ model: told, steps: 1, batch: 600, shards: 1, labelDrop: 0.25 })
    const n = 40
    const labels = Array.from({ length: n }, (_, step) => Array.from(draws.draw(step, 0).labels ?? [])).flat()
    const none = labels.filter((label) => label === 3).length
    // 24,000 independent ones: σ = √(0.25·0.75·24000) = 67; at six of it.
    expect(Math.abs(none - 0.25 * labels.length)).toBeLessThan(6 * Math.sqrt(0.25 * 0.75 * labels.length))
    for (const label of [0, 1, 2]) {
      const share = labels.filter((given) => given === label).length
      expect(Math.abs(share - 0.25 * labels.length)).toBeLessThan(6 * Math.sqrt(0.25 * 0.75 * labels.length))
    }
    const again = sampler({ model: told, steps: 1, batch: 600, shards: 2, labelDrop: 0.25 }).sampler
    expect(Array.from(again.draw(0, 1).labels ?? [])).toEqual(labels.slice(300, 600))
  })

  test('a set without labels, or with one that the model does not have, is refused', () => {
    const config = trainConfig({ model: told, steps: 1, batch: 2, shards: 1, labelDrop: 0.1 })
    const table = noiseTable(scheduleOf(config), config.timesteps)
    const { labels: _, ...without } = images
    expect(() => new BatchSampler(config, without, table)).toThrow('have no labels, the model has 4 classes')
    const more = { ...images, labels: Uint8Array.of(0, 1, 2, 3, 0, 0) }
    expect(() => new BatchSampler(config, more, table)).toThrow(
      'have the label 3 at 3; the model has the classes 0 … 2 and one for none',
    )
  })
})

test.each<[string, Partial<TrainOptions>, string]>([
  ['noise of latents for a network that denoises', { latentNoise: 1 }, 'latentNoise: is for autoencoders'],
  ['a label to leave out, and none given', { labelDrop: 0.1 }, 'labelDrop: is for networks that are told'],
])('%s is refused', (_, change, message) => {
  const plain = admConfig({ imageSize: 4, inChannels: 1, modelChannels: 32, channelMult: [1] })
  expect(() => trainConfig({ model: plain, steps: 1, ...change })).toThrow(message)
})

test.each<[Partial<TrainOptions>, string]>([
  [{ predicts: 'epsilon' }, 'predicts: an autoencoder is shown pictures without noise'],
  [{ timesteps: 10 }, 'timesteps: an autoencoder is shown pictures without noise'],
  [{ latentNoise: -1 }, 'latentNoise: must be a number from 0 up, got -1'],
  [{ labelDrop: 0.1 }, 'labelDrop: is for networks that are told classes; an autoencoder tells them'],
])('an autoencoder trained with %o is refused', (change, message) => {
  expect(() => trainConfig({ model, steps: 1, ...change })).toThrow(message)
})

test('labels are left out by a part, and of at least one class', () => {
  const told = (numClasses: number, labelDrop: number) =>
    trainConfig({
      model: admConfig({ imageSize: 4, inChannels: 1, modelChannels: 32, channelMult: [1], numClasses }),
      ...{ steps: 1, labelDrop },
    })
  expect(() => told(4, 0)).toThrow('labelDrop: must be between 0 and 1, got 0')
  expect(() => told(4, 1)).toThrow('labelDrop: must be between 0 and 1, got 1')
  expect(() => told(1, 0.5)).toThrow('labelDrop: needs a class and one for none, the model has 1')
})

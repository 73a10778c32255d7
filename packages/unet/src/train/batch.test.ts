import { describe, expect, test } from 'vitest'
import { ddpmConfig } from '../architectures/ddpm/config.ts'
import { imageSet } from '../data/images.ts'
import { BatchSampler } from './batch.ts'
import type { TrainOptions } from './config.ts'
import { trainConfig } from './config.ts'

/** Five images, told apart by their one value. */
const images = imageSet(Uint8Array.of(0, 51, 102, 153, 204), [1, 1, 1])
const model = ddpmConfig({ sampleSize: 1, blockOutChannels: [8] })
/** A batch of 8 on T = 40: each of its parts is five indices wide. */
const sampler = (change: Partial<TrainOptions> = {}, sigma = 0) => {
  const config = trainConfig({ model, steps: 100, batch: 8, shards: 1, timesteps: 40, ...change })
  const table = { alpha: new Float64Array(40).fill(1 - sigma), sigma: new Float64Array(40).fill(sigma) }
  return new BatchSampler(config, images, table)
}
const steps = Array.from({ length: 80 }, (_, step) => step)

describe('times', () => {
  test('of a part of the range are all of its indices, in the course of the steps', () => {
    const drawn = steps.map((step) => [...sampler().draw(step, 0).t])
    for (let j = 0; j < 8; j++) {
      const seen = new Set(drawn.map((times) => times[j]))
      expect([...seen].sort((a = 0, b = 0) => a - b)).toEqual([0, 1, 2, 3, 4].map((i) => 5 * j + i))
    }
  })

  test('without parts are anywhere in the range', () => {
    const drawn = steps.map((step) => [...sampler({ stratified: false }).draw(step, 0).t])
    for (let j = 0; j < 8; j++) {
      expect(new Set(drawn.map((times) => Math.floor((times[j] ?? -1) / 5))).size).toBe(8)
    }
    expect(Math.max(...drawn.flat())).toBe(39)
  })

  test('do not move together within a batch', () => {
    const offsets = steps.map((step) => [...sampler().draw(step, 0).t].map((t) => t % 5))
    expect(offsets.some((batch) => new Set(batch).size > 1)).toBe(true)
  })
})

describe('noise', () => {
  const noiseOf = (step: number, change: Partial<TrainOptions> = {}) => [
    ...sampler(change, 1).draw(step, 0).noise,
  ]

  test('is another for every sample, step and seed, and the same for the same', () => {
    const all = [...noiseOf(0), ...noiseOf(1), ...noiseOf(2), ...noiseOf(0, { seed: 1 })]
    expect(new Set(all).size).toBe(32)
    expect(noiseOf(1)).toEqual(noiseOf(1))
  })

  test('is all that is seen where α = 0 and σ = 1', () => {
    const { xt, noise } = sampler({}, 1).draw(5, 0)
    expect(xt).toEqual(noise)
  })
})

describe('images', () => {
  /** The images in the order in which they are seen: 8 a step, so that epochs of 5 end within batches. */
  const order = (change: Partial<TrainOptions> = {}) =>
    [0, 1, 2, 3, 4]
      .flatMap((step) => [...sampler(change).draw(step, 0).xt])
      .map((x) => Math.round((x + 1) * 2.5))

  test('come once in each epoch, in an order of its own', () => {
    const epochs = Array.from({ length: 8 }, (_, i) => order().slice(5 * i, 5 * i + 5))
    for (const epoch of epochs) expect([...epoch].sort()).toEqual([0, 1, 2, 3, 4])
    expect(new Set(epochs.map((epoch) => epoch.join())).size).toBeGreaterThan(4)
  })

  test('come in another order under another seed', () => {
    expect(order({ seed: 1 })).not.toEqual(order())
  })
})

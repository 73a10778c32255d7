import { networkPrior, predictions, vpLinear } from '@tweedie/solvers'
import { fromData, randomKey, randomWords, zeros } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { admConfig } from '../architectures/adm/config.ts'
import { architectureOf } from '../architectures/catalog.ts'
import { ddpmConfig } from '../architectures/ddpm/config.ts'
import type { Predicts } from '../architectures/trained-on.ts'
import { imageSet } from '../data/images.ts'
import { BatchSampler } from './batch.ts'
import type { TrainConfig } from './config.ts'
import { trainConfig } from './config.ts'
import { evaluate } from './evaluate.ts'
import { paramsFromVector } from './flat.ts'
import { linearNoise, noiseTable } from './schedule.ts'
import type { TrainState } from './train.ts'
import { initialState, train } from './train.ts'
import { workerShards } from './worker-pool.ts'

const model = ddpmConfig({ sampleSize: 4, blockOutChannels: [4], normGroups: 2 })
const images = imageSet(Uint8Array.from(randomWords(randomKey(3), 6 * 16)), [1, 4, 4])
const table = noiseTable(linearNoise(), 1000)

/** The batch of step 2 of a training that predicts this. */
const drawn = (predicts: Predicts) =>
  new BatchSampler(trainConfig({ model, steps: 5, batch: 6, shards: 1, predicts }), images, table).draw(2, 0)

test('a batch has the target of its images, noise and times; all else is the same for each', () => {
  const [epsilon, v, x0, flow, velocity] = (['epsilon', 'v', 'x0', 'flow', 'velocity'] as const).map(drawn)
  for (const other of [v, x0, flow]) {
    expect(other?.xt).toEqual(epsilon?.xt)
    expect(other?.noise).toEqual(epsilon?.noise)
    expect(other?.t).toEqual(epsilon?.t)
  }
  expect(epsilon?.target).toEqual(epsilon?.noise)
  for (let i = 0; i < 6 * 16; i++) {
    const t = epsilon?.t[Math.floor(i / 16)] ?? 0
    const [alpha, sigma] = [table.alpha[t] ?? 0, table.sigma[t] ?? 0]
    const [xt, noise, clean] = [epsilon?.xt[i] ?? 0, epsilon?.noise[i] ?? 0, x0?.target[i] ?? 0]
    expect(alpha * clean + sigma * noise).toBeCloseTo(xt, 5)
    expect(v?.target[i]).toBeCloseTo(alpha * noise - sigma * clean, 5)
    expect(flow?.target[i]).toBeCloseTo(noise - clean, 5)
    expect(velocity?.target[i]).toBeCloseTo(clean - noise, 5)
    expect(velocity?.t[Math.floor(i / 16)]).toBeCloseTo(alpha / (alpha + sigma), 6)
  }
})

test('what is drawn for a network makes x̂₀ = x₀ of the prior that says it', () => {
  const schedule = vpLinear()
  const x0 = drawn('x0').target
  const { t } = drawn('epsilon')
  for (const predicts of predictions) {
    const batch = drawn(predicts)
    for (let j = 0; j < 6; j++) {
      const row = (values: Float32Array) => fromData(values.slice(16 * j, 16 * j + 16), [1, 1, 4, 4])
      const prior = networkPrior({
        name: predicts,
        shape: [1, 4, 4],
        schedule,
        predicts,
        predict: (input, label) => {
          // The network is called with what training showed it, and answers what training wanted.
          const shown = row(batch.xt).dataSync()
          input.dataSync().forEach((value, i) => expect(value).toBeCloseTo(shown[i] ?? 0, 4))
          expect(label).toBeCloseTo(batch.t[j] ?? 0, 5)
          return row(batch.target)
        },
      })
      const [alpha, sigma] = [schedule.alpha(t[j] ?? 0), schedule.sigma(t[j] ?? 0)]
      const xt = row(x0).mul(alpha).add(row(batch.noise).mul(sigma))
      // An error of rounding in ε is one of σ/α in x̂₀.
      const bound = 1e-5 * (1 + sigma / alpha)
      prior
        .denoise(xt, t[j] ?? 0)
        .dataSync()
        .forEach((value, i) => {
          expect(Math.abs(value - (x0[16 * j + i] ?? 0)), predicts).toBeLessThan(bound)
        })
    }
  }
})

test('the evaluation is of what the network predicts', () => {
  const silent = Object.fromEntries(
    Object.entries(architectureOf(model).spec(model)).map(([name, shape]) => [name, zeros(shape)]),
  )
  // Almost no noise, then almost no image: a network that says 0 is off by x₀ or by nothing but rounding.
  const square = Array.from(images.pixels, (p) => (p / 127.5 - 1) ** 2).reduce((a, b) => a + b) / (6 * 16)
  const mse = (predicts: Predicts, alpha: number, sigma: number) =>
    evaluate(silent, model, images, { predicts, schedule: { alpha: () => alpha, sigma: () => sigma } }).mse
  expect(mse('x0', 0, 1)).toBeCloseTo(square, 5)
  expect(mse('v', 0, 1)).toBeCloseTo(square, 5)
  expect(mse('v', 1, 0)).toBeCloseTo(mse('epsilon', 1, 0), 6)
  expect(mse('epsilon', 1, 0)).toBeGreaterThan(0.5)
})

test('another target is refused', () => {
  // @ts-expect-error There is no such target.
  expect(() => trainConfig({ model, steps: 1, predicts: 'score' })).toThrow(
    'predicts: must be epsilon, x0, v, flow, velocity, edm, got score',
  )
})

/** Horizontal and vertical bars. */
const bars = imageSet(
  Uint8Array.from({ length: 8 * 16 }, (_, k) => {
    const [image, y, x] = [k >> 4, (k >> 2) & 3, k & 3]
    return (image < 4 ? y === image : x === image - 4) ? 255 : 0
  }),
  [1, 4, 4],
)
const adm = admConfig({ imageSize: 4, inChannels: 1, modelChannels: 32, channelMult: [1], numResBlocks: 1 })

async function finish(config: TrainConfig, from?: TrainState, upTo = config.steps, workers = 1) {
  const losses: number[] = []
  const executor = workerShards(workers)
  const steps = train({ config, images: bars, executor, ...(from === undefined ? {} : { from }) })
  for await (const { step, loss, state } of steps) {
    losses.push(loss)
    if (step === upTo) return { losses, state: state() }
  }
  throw new Error('no step was done')
}

describe.each([
  ['adm', adm],
  ['ddpm', model],
] as const)('training a small %s', (_, network) => {
  test.each(predictions)('to predict %s lowers the loss on images of bars', async (predicts) => {
    const config = trainConfig({ model: network, steps: 40, batch: 8, shards: 1, seed: 2, predicts })
    const { state } = await finish(config)
    const error = (values: Float32Array) =>
      evaluate(paramsFromVector(architectureOf(network).spec(network), values), network, bars, {
        predicts,
        seed: 1,
      }).mse
    expect(error(state.ema)).toBeLessThan(0.9 * error(initialState(config).ema))
  })

  test('stopped, continued and with two workers gives the same bits', async () => {
    const config = trainConfig({ model: network, steps: 4, batch: 4, shards: 2, seed: 5, predicts: 'v' })
    const { state: whole } = await finish(config)
    const { state: half } = await finish(config, undefined, 2)
    expect((await finish(config, half)).state).toEqual(whole)
    expect((await finish(config, undefined, 4, 2)).state).toEqual(whole)
  })
})

test('a network with class labels, or a learned variance, is refused before a step', () => {
  const labelled = admConfig({ imageSize: 4, modelChannels: 32, channelMult: [1], numClasses: 10 })
  expect(() => trainConfig({ model: labelled, steps: 1 })).toThrow(
    'model: is class-conditional (num_classes is 10)',
  )
  const learned = admConfig({ imageSize: 4, modelChannels: 32, channelMult: [1], outChannels: 6 })
  expect(() => trainConfig({ model: learned, steps: 1 })).toThrow(
    'outChannels: must equal inChannels 3 for a training, got 6',
  )
})

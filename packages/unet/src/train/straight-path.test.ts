import { flow, networkPrior, predictions } from '@tweedie/solvers'
import { fromData, randomKey, randomWords } from '@tweedie/tensor'
import { expect, test } from 'vitest'
import { architectureOf } from '../architectures/catalog.ts'
import { ddpmConfig } from '../architectures/ddpm/config.ts'
import type { Predicts } from '../architectures/trained-on.ts'
import { imageSet } from '../data/images.ts'
import { folderOf } from '../models/folders.test.helper.ts'
import { findModel } from '../models/model.ts'
import { BatchSampler } from './batch.ts'
import { scheduleOf, trainConfig } from './config.ts'
import { evaluate } from './evaluate.ts'
import { paramsFromVector } from './flat.ts'
import { noiseTable, straightNoise } from './schedule.ts'
import { initialState, train } from './train.ts'
import { workerShards } from './worker-pool.ts'

const model = ddpmConfig({ sampleSize: 4, blockOutChannels: [4], normGroups: 2 })
const images = imageSet(Uint8Array.from(randomWords(randomKey(3), 6 * 16)), [1, 4, 4])
/** A network as a file says it. */
const net = {
  architecture: 'drunet',
  inChannels: 1,
  outChannels: 1,
  widths: [4],
  numBlocks: 1,
  bias: true,
  conditioning: 'map',
}
const T = 40
const onPath = predictions.filter((predicts) => predicts !== 'edm')
const configOf = (predicts: Predicts) =>
  trainConfig({ model, steps: 40, batch: 8, shards: 1, timesteps: T, seed: 2, path: 'straight', predicts })

test('the path is straight, at the middles of T equal parts', () => {
  const { alpha, sigma, time } = straightNoise(T)
  for (let i = 0; i < T; i++) {
    expect(sigma(i)).toBeCloseTo((i + 0.5) / T, 14)
    expect(alpha(i) + sigma(i)).toBe(1)
    expect(time?.(i)).toBe(i + 0.5)
  }
})

test.each(onPath)(
  'a network of %s is told in training what its prior tells it, and says there what makes x₀',
  (predicts) => {
    const config = configOf(predicts)
    const table = noiseTable(scheduleOf(config), T)
    const batch = new BatchSampler(config, images, table).draw(2, 0)
    const clean = new BatchSampler(configOf('x0'), images, table).draw(2, 0).target
    const record = { config: { timesteps: T, predicts, path: 'straight' } }
    const trained = findModel(folderOf({ 'config.json': net, 'record.json': record }))?.training?.trainedOn
    expect(trained?.schedule.kind).toBe('flow')
    const scale = trained?.schedule.kind === 'flow' ? trained.schedule.timesteps : Number.NaN
    for (let j = 0; j < batch.count; j++) {
      const row = (of: Float32Array) => fromData(of.slice(16 * j, 16 * j + 16), [1, 1, 4, 4])
      // τ of what it was told.
      const told = batch.t[j] ?? Number.NaN
      const tau = predicts === 'velocity' ? 1 - told : told / T
      expect(Math.abs(tau * T - Math.round(tau * T - 0.5) - 0.5)).toBeLessThan(1e-4)
      const prior = networkPrior({
        name: predicts,
        shape: [1, 4, 4],
        schedule: flow(),
        predicts,
        predict: (x, t) => {
          expect(t * scale).toBeCloseTo(told, 3)
          x.dataSync().forEach((v, i) => {
            expect(v).toBeCloseTo(row(batch.xt).dataSync()[i] ?? Number.NaN, 5)
          })
          return row(batch.target)
        },
      })
      const x0 = prior.denoise(row(batch.xt), tau).dataSync()
      // Of ε an error of rounding is one of τ/(1 − τ) in x̂₀.
      const bound = 1e-5 * (1 + tau / (1 - tau))
      x0.forEach((v, i) => {
        expect(Math.abs(v - (clean[16 * j + i] ?? Number.NaN))).toBeLessThan(bound)
      })
    }
  },
)

test.each(['flow', 'velocity'] as const)(
  'training to predict the %s lowers the loss on it',
  async (predicts) => {
    const config = configOf(predicts)
    const spec = architectureOf(model).spec(model)
    const error = (values: Float32Array) =>
      evaluate(paramsFromVector(spec, values), model, images, {
        predicts,
        seed: 1,
        timesteps: T,
        schedule: scheduleOf(config),
      }).mse
    let last = initialState(config)
    for await (const { state } of train({ config, images, executor: workerShards(1) })) last = state()
    expect(error(last.ema)).toBeLessThan(0.95 * error(initialState(config).ema))
  },
)

test('what does not go with it is refused, in a configuration and in a record', () => {
  expect(() => configOf('edm')).toThrow('predicts: edm is of noise levels')
  const levels = { min: 0.01, max: 10 }
  expect(() => trainConfig({ model, steps: 1, path: 'straight', noiseLevels: levels })).toThrow(
    'path: is of a signal',
  )
  // @ts-expect-error There is no such path.
  expect(() => trainConfig({ model, steps: 1, path: 'curved' })).toThrow('path: must be straight, got curved')
  const record = { config: { timesteps: T, predicts: 'flow', path: 'curved' } }
  expect(() => findModel(folderOf({ 'config.json': net, 'record.json': record }))).toThrow(
    "path: must be 'straight'",
  )
})

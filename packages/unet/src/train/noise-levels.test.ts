import { parameterisations, predictions } from '@tweedie/solvers'
import { fromData, randomKey, randomWords, scope, zeros } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { autoencoderConfig } from '../architectures/autoencoder/config.ts'
import type { NetworkConfig } from '../architectures/catalog.ts'
import { architectureOf } from '../architectures/catalog.ts'
import { dncnnConfig } from '../architectures/chain/config.ts'
import { ddpmConfig } from '../architectures/ddpm/config.ts'
import { drunetConfig } from '../architectures/drunet/config.ts'
import type { Predicts } from '../architectures/trained-on.ts'
import { imageSet } from '../data/images.ts'
import { BatchSampler } from './batch.ts'
import type { TrainOptions } from './config.ts'
import { scheduleOf, trainConfig } from './config.ts'
import { evaluate } from './evaluate.ts'
import { paramsFromVector } from './flat.ts'
import { objective } from './objective.ts'
import { levelNoise, linearNoise, noiseTable } from './schedule.ts'
import type { Weighting } from './target.ts'
import { weightOf } from './target.ts'
import { initialState, train } from './train.ts'

const model = ddpmConfig({ sampleSize: 4, blockOutChannels: [4], normGroups: 2 })
const images = imageSet(Uint8Array.from(randomWords(randomKey(3), 6 * 16)), [1, 4, 4])
const table = noiseTable(linearNoise(), 1000)

describe('weights of squared errors', () => {
  test('turn an error of the output into one of x̂₀, or of ε', () => {
    for (const [alpha, sigma] of [
      [0.8, 0.6],
      [0.1, 0.99],
      [1, 3],
    ] as const)
      for (const predicts of predictions) {
        const { estimate } = parameterisations[predicts](alpha, sigma)
        const weight = (weighting: Weighting) => weightOf(weighting, estimate, alpha, sigma)
        // x̂₀ of an output that is off by 1 is off by this, and ε̂ = (x_t − α x̂₀)/σ by α/σ of it.
        const off = Math.abs(estimate.output / estimate.over)
        expect(weight('output')).toBe(1)
        expect(weight('x0')).toBeCloseTo(off ** 2, 12)
        expect(weight('epsilon')).toBeCloseTo(((alpha / sigma) * off) ** 2, 12)
      }
  })

  test('min-snr are those of its paper, for ε, x₀ and v on a VP schedule', () => {
    for (const alpha of [0.1, 0.5, 0.9, 0.99, 0.999]) {
      const sigma = Math.sqrt(1 - alpha ** 2)
      const snr = (alpha / sigma) ** 2
      const weight = (predicts: Predicts) =>
        weightOf('min-snr', parameterisations[predicts](alpha, sigma).estimate, alpha, sigma)
      expect(weight('x0')).toBeCloseTo(Math.min(snr, 5), 9)
      expect(weight('epsilon')).toBeCloseTo(Math.min(snr, 5) / snr, 9)
      expect(weight('v')).toBeCloseTo(Math.min(snr, 5) / (snr + 1), 9)
    }
  })

  test('weigh the errors of each sample in the loss', () => {
    scope(() => {
      const config = trainConfig({ model, steps: 5, batch: 6, shards: 2, weighting: 'min-snr' })
      const sampler = new BatchSampler(config, images, table)
      const params = architectureOf(model).init(model, randomKey(8))
      const total = [0, 1].map((shard) => {
        const drawn = sampler.draw(2, shard)
        const loss = objective(config, drawn, images.shape)(params).dataSync()[0] ?? Number.NaN
        const said = architectureOf(model)
          .forward(params, model, fromData(drawn.xt, [3, 1, 4, 4]), fromData(drawn.t, [3]))
          .dataSync()
        const wanted = Array.from(drawn.target, (target, i) => {
          const t = drawn.t[Math.floor(i / 16)] ?? 0
          const snr = ((table.alpha[t] ?? 0) / (table.sigma[t] ?? 1)) ** 2
          return (Math.min(1, 5 / snr) * (said[i]! - target) ** 2) / (6 * 16)
        }).reduce((a, b) => a + b)
        expect(loss).toBeCloseTo(wanted, 5)
        return loss
      })
      expect(total[0]).not.toBe(total[1])
    })
  })
})

describe('a training on noise levels', () => {
  const law = { min: 0.01, max: 20, logMean: -1, logStd: 1.2 }

  test('draws σ by its law: quantiles of a log-normal that is cut, or of a uniform log σ', () => {
    const T = 999
    const { sigma, alpha } = noiseTable(levelNoise(law, T), T)
    expect(alpha.every((a) => a === 1)).toBe(true)
    // The part of the law below each level, by Simpson's rule.
    const density = (z: number) => Math.exp(-0.5 * ((z - law.logMean) / law.logStd) ** 2)
    const mass = (from: number, to: number) => {
      const [n, h] = [2000, (to - from) / 2000]
      let sum = density(from) + density(to)
      for (let i = 1; i < n; i++) sum += (i % 2 === 0 ? 2 : 4) * density(from + i * h)
      return (sum * h) / 3
    }
    const [low, high] = [Math.log(law.min), Math.log(law.max)]
    for (const i of [0, 100, 499, 900, 998])
      expect(mass(low, Math.log(sigma[i]!)) / mass(low, high)).toBeCloseTo((i + 0.5) / T, 6)
    const uniform = noiseTable(levelNoise({ min: 0.01, max: 100 }, 3), 3).sigma
    expect(uniform[1]! / uniform[0]!).toBeCloseTo(uniform[2]! / uniform[1]!, 9)
    expect(uniform[0]!).toBeCloseTo(0.01 * 10 ** (4 / 6), 9)
  })

  test('tells the network σ, or ¼ log σ of EDM, and shows it x₀ + σ ε', () => {
    const batch = (predicts: Predicts) => {
      const config = trainConfig({ ...{ model, steps: 5, batch: 6, shards: 1 }, predicts, noiseLevels: law })
      return new BatchSampler(config, images, noiseTable(scheduleOf(config), config.timesteps)).draw(2, 0)
    }
    const [edm, x0] = [batch('edm'), batch('x0')]
    expect(trainConfig({ model, steps: 1, noiseLevels: law }).predicts).toBe('edm')
    for (let i = 0; i < 6 * 16; i++) {
      const sigma = x0.t[Math.floor(i / 16)] ?? 0
      expect(edm.t[Math.floor(i / 16)]).toBeCloseTo(Math.log(sigma) / 4, 5)
      const xt = x0.target[i]! + sigma * x0.noise[i]!
      expect(x0.xt[i]).toBeCloseTo(xt, 4)
      expect(edm.xt[i]).toBeCloseTo(xt / Math.hypot(sigma, 0.5), 5)
      // x̂₀ = c_skip x + c_out F of the target is x₀.
      const back = (0.25 * xt + sigma * 0.5 * Math.hypot(sigma, 0.5) * edm.target[i]!) / (sigma ** 2 + 0.25)
      expect(Math.abs(back - x0.target[i]!)).toBeLessThan(1e-4)
    }
  })

  test('is evaluated on its levels', () => {
    const silent = Object.fromEntries(
      Object.entries(architectureOf(model).spec(model)).map(([name, shape]) => [name, zeros(shape)]),
    )
    const config = trainConfig({ model, steps: 1, predicts: 'x0', noiseLevels: law, timesteps: 50 })
    const { predicts, timesteps } = config
    const { mse, byQuarter } = evaluate(silent, model, images, {
      ...{ predicts, timesteps, schedule: scheduleOf(config) },
    })
    const square = Array.from(images.pixels, (p) => (p / 127.5 - 1) ** 2).reduce((a, b) => a + b) / (6 * 16)
    expect(mse).toBeCloseTo(square, 5)
    expect(byQuarter.every((part) => part !== null)).toBe(true)
  })

  test.each<[Partial<TrainOptions>, string]>([
    [
      { noiseLevels: { min: 0, max: 1 } },
      'noiseLevels: must go from min above 0 to a larger max, got 0 and 1',
    ],
    [{ noiseLevels: { min: 2, max: 1 } }, 'noiseLevels: must go from min above 0 to a larger max'],
    [
      { noiseLevels: { min: 0.1, max: 1, logMean: -1 } },
      'noiseLevels: logMean and logStd make a law together',
    ],
    [{ noiseLevels: { ...law, logStd: 0 } }, 'noiseLevels: logStd must be above 0, got 0'],
    [{ noiseLevels: { ...law, logMean: 4 } }, 'noiseLevels: logMean must lie between log 0.01 and log 20'],
    [{ noiseLevels: law, predicts: 'v' }, 'predicts: v is of schedules with a signal that fades'],
    [{ noiseLevels: law, predicts: 'flow' }, 'on noiseLevels it must be edm, x0 or epsilon'],
    [{ greyPart: 0.5 }, 'greyPart: is for networks of 3 channels, the model has 1'],
  ])('%j is refused', (options, message) => {
    expect(() => trainConfig({ model, steps: 1, ...options })).toThrow(message)
  })

  test('what networks cannot do is refused', () => {
    const colour = drunetConfig({ sampleSize: 4, widths: [4], numBlocks: 1 })
    expect(() => trainConfig({ model: colour, steps: 1, greyPart: 1.5 })).toThrow(
      'greyPart: must be between 0 and 1, got 1.5',
    )
    // @ts-expect-error There is no such weighting.
    expect(() => trainConfig({ model, steps: 1, weighting: 'soft' })).toThrow(
      'weighting: must be output, x0, epsilon, min-snr, got soft',
    )
    const coder = autoencoderConfig({ sampleSize: 4, blockOutChannels: [4, 4], normGroups: 2 })
    for (const option of [{ noiseLevels: law }, { weighting: 'x0' } as const])
      expect(() => trainConfig({ model: coder, steps: 1, ...option })).toThrow(
        'is for networks that are shown noise, no autoencoder',
      )
    const normed = dncnnConfig({ sampleSize: 4, width: 4, depth: 3, norm: true })
    expect(() => trainConfig({ model: normed, steps: 1 })).toThrow('model: has batch norms')
  })
})

test('the part of pictures that is shown in grey has one picture and one noise in all channels; the others are as they were', () => {
  const colour = drunetConfig({ sampleSize: 4, widths: [4], numBlocks: 1 })
  const pixels = Uint8Array.from(randomWords(randomKey(4), 5 * 48))
  const set = imageSet(pixels, [3, 4, 4])
  const draws = (greyPart?: number) => {
    const config = trainConfig({
      ...{
        model: colour,
        steps: 1,
        batch: 200,
        shards: 1,
        noiseLevels: { min: 0.1, max: 1 },
        predicts: 'x0',
      },
      ...(greyPart === undefined ? {} : { greyPart }),
    })
    return new BatchSampler(config, set, noiseTable(scheduleOf(config), config.timesteps)).draw(0, 0)
  }
  const [plain, some] = [draws(), draws(0.5)]
  let grey = 0
  for (let n = 0; n < 200; n++) {
    const of = ({ target, noise }: typeof plain) =>
      [target, noise].map((all) => Array.from(all.subarray(48 * n, 48 * (n + 1)))) as [number[], number[]]
    const [[x, noise], [y, own]] = [of(plain), of(some)]
    if (y.every((value, i) => value === x[i])) {
      expect(own).toEqual(noise)
      continue
    }
    grey++
    for (let i = 0; i < 48; i++) {
      const at = i % 16
      expect(y[i]).toBeCloseTo(0.299 * x[at]! + 0.587 * x[16 + at]! + 0.114 * x[32 + at]!, 5)
      expect(own[i]).toBe(noise[at])
    }
  }
  // 200 independent ones at ½: σ = 7.1; within seven of it.
  expect(Math.abs(grey - 100)).toBeLessThan(50)
})

/** Horizontal and vertical bars. */
const bars = imageSet(
  Uint8Array.from({ length: 8 * 16 }, (_, k) => {
    const [image, y, x] = [k >> 4, (k >> 2) & 3, k & 3]
    return (image < 4 ? y === image : x === image - 4) ? 255 : 0
  }),
  [1, 4, 4],
)
test.each<[string, NetworkConfig, Partial<TrainOptions>]>([
  [
    'a DRUNet that is told σ by gains',
    drunetConfig({
      ...{ inChannels: 1, sampleSize: 4, widths: [4, 4] },
      ...{ numBlocks: 1, conditioning: 'gain' },
    }),
    { predicts: 'edm' },
  ],
  ['a DnCNN that says x₀', dncnnConfig({ sampleSize: 4, width: 4, depth: 3 }), { predicts: 'x0' }],
])('training %s lowers the loss on images of bars', async (_, network, options) => {
  const noiseLevels = { min: 0.1, max: 1 }
  const config = trainConfig({ model: network, steps: 60, batch: 8, shards: 1, noiseLevels, ...options })
  const before = initialState(config)
  let after = before
  for await (const { step, state } of train({ config, images: bars }))
    if (step === config.steps) after = state()
  const error = (values: Float32Array) =>
    evaluate(paramsFromVector(architectureOf(network).spec(network), values), network, bars, {
      ...{ predicts: config.predicts, schedule: scheduleOf(config), seed: 1 },
    }).mse
  expect(error(after.ema)).toBeLessThan(0.9 * error(before.ema))
})

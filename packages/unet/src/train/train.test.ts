import { memory } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { ddpmConfig } from '../architectures/ddpm/config.ts'
import { ddpmSpec } from '../architectures/ddpm/spec.ts'
import { imageSet } from '../data/images.ts'
import { BatchSampler } from './batch.ts'
import type { TrainOptions } from './config.ts'
import { emaDecayAt, learningRateAt, trainConfig } from './config.ts'
import { evaluate } from './evaluate.ts'
import { paramsFromVector } from './flat.ts'
import { linearNoise, noiseTable } from './schedule.ts'
import type { TrainInput, TrainProgress, TrainState } from './train.ts'
import { train } from './train.ts'
import { workerShards } from './worker-pool.ts'

const model = ddpmConfig({ sampleSize: 8, blockOutChannels: [8, 16], normGroups: 4 })
const options: TrainOptions = { model, steps: 12, batch: 8, shards: 4, seed: 5, warmup: 3 }
const config = trainConfig(options)

/** Horizontal and vertical bars at every place: easy to learn, and no two alike. */
const bars = imageSet(
  Uint8Array.from({ length: 16 * 64 }, (_, k) => {
    const [image, y, x] = [k >> 6, (k >> 3) & 7, k & 7]
    return (image < 8 ? y === image : x === image - 8) ? 255 : 0
  }),
  [1, 8, 8],
)

async function finish(input: Partial<TrainInput> = {}, upTo = Number.POSITIVE_INFINITY) {
  const seen: TrainProgress[] = []
  const steps = train({ config, images: bars, ...input })
  for (;;) {
    const { done, value } = await steps.next()
    if (done) return { seen, state: value }
    seen.push(value)
    if (value.step === upTo) {
      const state = value.state()
      await steps.return(state)
      return { seen, state }
    }
  }
}

const sameBits = (a: TrainState, b: TrainState) => {
  for (const name of ['params', 'ema', 'mean', 'square'] as const) {
    if (Buffer.compare(Buffer.from(a[name].buffer), Buffer.from(b[name].buffer)) !== 0)
      return `${name} differ`
  }
  return Object.is(a.lossAverage, b.lossAverage) && a.step === b.step ? 'the same' : 'the rest differs'
}

describe('training', () => {
  const whole = finish()

  test('lowers the loss and keeps no tensors', async () => {
    await whole
    const long = trainConfig({ ...options, steps: 60, shards: 1 })
    const before = memory()
    const { seen, state } = await finish({ config: long })
    expect(memory().tensors).toBe(before.tensors)
    expect(seen.map(({ step }) => step)).toEqual(Array.from({ length: 60 }, (_, i) => i + 1))
    expect(seen.at(-1)!.lossAverage).toBeLessThan(0.75 * seen[0]!.lossAverage)
    const mse = (values: Float32Array) =>
      evaluate(paramsFromVector(ddpmSpec(model), values), model, bars, { seed: 1 }).mse
    expect(mse(state.ema)).toBeLessThan(0.75)
  })

  test('two workers give the same bits as one', async () => {
    const { state } = await finish({ executor: workerShards(2) })
    expect(sameBits(state, (await whole).state)).toBe('the same')
  })

  test('stopped and continued gives the same bits', async () => {
    const half = await finish({}, 5)
    expect(sameBits((await finish({ from: half.state })).state, (await whole).state)).toBe('the same')
  })

  test('stops when told to, between two steps', async () => {
    const controller = new AbortController()
    const steps = train({ config, images: bars, signal: controller.signal })
    await steps.next()
    controller.abort(new Error('enough'))
    await expect(steps.next()).rejects.toThrow('enough')
  })

  test('an error in a worker reaches the caller', async () => {
    const executor = (task: Parameters<ReturnType<typeof workerShards>>[0], size: number) =>
      workerShards(2)({ ...task, images: { ...task.images, shape: [1, 4, 16] } }, size)
    await expect(finish({ executor })).rejects.toThrow('images: are [1, 4, 16], the model takes [1, 8, 8]')
  })
})

describe('batches', () => {
  const table = noiseTable(linearNoise(1000), 1000)

  test('depend on step and sample, not on the shards', () => {
    const one = new BatchSampler({ ...config, shards: 1 }, bars, table).draw(7, 0)
    const parts = new BatchSampler(config, bars, table)
    const joined = [0, 1, 2, 3].flatMap((shard) => [...parts.draw(7, shard).xt])
    expect(joined).toEqual([...one.xt])
  })

  test('take one time from each part of the range, and each image once an epoch', () => {
    const clean = { alpha: new Float64Array(1000).fill(1), sigma: new Float64Array(1000) }
    const sampler = new BatchSampler({ ...config, shards: 1 }, bars, clean)
    for (const epoch of [0, 1]) {
      const seen = new Set<string>()
      for (const step of [2 * epoch, 2 * epoch + 1]) {
        const { xt, t } = sampler.draw(step, 0)
        expect(Array.from(t, (time) => Math.floor(time / 125))).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
        for (let i = 0; i < 8; i++) seen.add(xt.slice(64 * i, 64 * i + 64).join())
      }
      expect(seen.size).toBe(16)
    }
  })

  test('mix image and noise as the schedule says', () => {
    const half = { alpha: new Float64Array(1000).fill(0.6), sigma: new Float64Array(1000).fill(0.8) }
    const clean = { alpha: new Float64Array(1000).fill(1), sigma: new Float64Array(1000) }
    const [mixed, image] = [half, clean].map((levels) => new BatchSampler(config, bars, levels).draw(3, 1))
    mixed!.xt.forEach((x, i) => {
      expect(x).toBeCloseTo(0.6 * image!.xt[i]! + 0.8 * mixed!.noise[i]!, 5)
    })
  })
})

test('the noise schedule is that of DDPM', () => {
  const { alpha, sigma } = linearNoise(1000)
  expect(alpha(0) ** 2).toBeCloseTo(1 - 1e-4, 12)
  expect(alpha(999) ** 2).toBeCloseTo(4.0358e-5, 8)
  for (const t of [0, 10, 500, 999]) expect(alpha(t) ** 2 + sigma(t) ** 2).toBeCloseTo(1, 12)
  expect(() => alpha(1000)).toThrow('0 to 999')
  // β of 200 steps is five times as large, from 5e-4 to 0.1.
  const betas = Array.from({ length: 200 }, (_, t) => 5e-4 + (t * (0.1 - 5e-4)) / 199)
  const kept = (t: number) => betas.slice(0, t + 1).reduce((product, beta) => product * (1 - beta), 1)
  for (const t of [0, 50, 199]) expect(linearNoise(200).alpha(t) ** 2).toBeCloseTo(kept(t), 12)
  for (const T of [1, 20, 100]) {
    const values = Array.from({ length: T }, (_, t) => linearNoise(T).alpha(t))
    expect(values.every((value) => value >= 0 && value < 1)).toBe(true)
  }
  for (const T of [0, 2, 19, 1.5]) expect(() => linearNoise(T)).toThrow('timesteps: must be 1 or at least 20')
})

test('the learning rate rises, falls and ends near 0; the average forgets the start', () => {
  const rates = { ...config, steps: 100, warmup: 10, decaySteps: 90, learningRate: 1 }
  expect([0, 4, 9].map((k) => learningRateAt(rates, k))).toEqual([0.1, 0.5, 1])
  expect(learningRateAt(rates, 55)).toBeCloseTo(0.5, 10)
  expect(learningRateAt(rates, 99)).toBeLessThan(1e-3)
  expect(learningRateAt({ ...rates, decay: 'linear' }, 55)).toBeCloseTo(0.5, 10)
  const late = { ...rates, decay: 'linear', decaySteps: 20 } as const
  expect([10, 79, 80, 90].map((k) => learningRateAt(late, k))).toEqual([1, 1, 1, 0.5])
  expect(learningRateAt({ ...rates, decay: 'constant' }, 99)).toBe(1)
  expect([0, 10_000].map((k) => emaDecayAt(config, k))).toEqual([0.1, 0.995])
})

test('what a configuration leaves out', () => {
  expect(trainConfig({ model, steps: 1000 })).toEqual({
    model,
    predicts: 'epsilon',
    steps: 1000,
    batch: 64,
    shards: 4,
    seed: 0,
    timesteps: 1000,
    stratified: true,
    learningRate: 2e-3,
    warmup: 50,
    decay: 'cosine',
    decaySteps: 950,
    beta1: 0.9,
    beta2: 0.99,
    epsilon: 1e-8,
    clipNorm: 1,
    emaDecay: 0.995,
  })
  expect([1, 30, 100_000].map((steps) => trainConfig({ model, steps }).warmup)).toEqual([1, 2, 300])
})

test.each<[Partial<TrainOptions>, string]>([
  [{ steps: 0 }, 'steps: must be a positive integer'],
  [{ shards: 3 }, 'shards: a batch of 8 does not split into 3 equal shards'],
  [{ learningRate: 0 }, 'learningRate: must be above 0'],
  [{ emaDecay: 1 }, 'emaDecay: must be in [0, 1)'],
  [{ seed: -1 }, 'seed: must be a non-negative integer'],
  [{ learningRate: Number.POSITIVE_INFINITY }, 'learningRate: must be above 0'],
  [{ steps: 1e12 }, 'steps: must be at most 1000000000'],
  [{ batch: 1e9, shards: 1 }, 'batch: must be at most 65536'],
  [{ shards: 1e6, batch: 1e6 }, 'must be at most 65536'],
  [{ timesteps: 1e9 }, 'timesteps: must be at most 100000'],
  [
    { batch: 65_536, shards: 65_536, model: { ...model, blockOutChannels: [64, 64] } },
    'shards: 65536 gradients of 1130177 parameters are more than 8589934592 bytes',
  ],
  [
    { batch: 65_536, shards: 1, model: { ...model, sampleSize: 1024 } },
    'batch: 65536 images of [1, 1024, 1024] in a shard are 68719476736 values',
  ],
  [{ model: { ...model, outChannels: 2 } }, 'outChannels: must equal inChannels 1 for a training, got 2'],
])('%o is refused', (change, message) => {
  expect(() => trainConfig({ ...options, ...change })).toThrow(message)
})

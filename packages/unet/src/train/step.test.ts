import { valueAndGrad } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import {
  createWasmDevice,
  fromData,
  getDevice,
  randomKey,
  randomWords,
  registerDevice,
  scope,
  setDefaultDevice,
} from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { ddpmConfig } from '../architectures/ddpm/config.ts'
import { ddpmForward } from '../architectures/ddpm/forward.ts'
import { ddpmSpec } from '../architectures/ddpm/spec.ts'
import { imageSet } from '../data/images.ts'
import type { Params } from '../params.ts'
import { countParams } from '../params.ts'
import { BatchSampler } from './batch.ts'
import type { TrainConfig, TrainOptions } from './config.ts'
import { trainConfig } from './config.ts'
import { flatten, unflatten } from './flat.ts'
import { linearNoise, noiseTable } from './schedule.ts'
import { localShards } from './shard.ts'
import type { TrainState } from './train.ts'
import { initialState, train } from './train.ts'
import { workerShards } from './worker-pool.ts'

// What one step does, against the same written again in plain float64 arithmetic: the whole batch at once, clipping,
// Adam (arXiv 1412.6980), and the average of the parameters.

const model = ddpmConfig({
  sampleSize: 4,
  blockOutChannels: [4],
  normGroups: 2,
  midAttention: false,
  downAttention: [false],
  upAttention: [false],
})
const spec = ddpmSpec(model)
const size = countParams(spec)
const images = imageSet(Uint8Array.from(randomWords(randomKey(3), 5 * 16)), [1, 4, 4])
/** Four steps whose learning rates are a half, one, one and a half of the peak: warm-up, peak, middle of the cosine. */
const options: TrainOptions = {
  model,
  steps: 4,
  batch: 4,
  shards: 2,
  seed: 9,
  warmup: 2,
  decaySteps: 2,
  learningRate: 0.01,
  // So large that √v̂ + ε is far from 0, and what the gradient's scale is shows in the parameters.
  epsilon: 0.01,
  beta1: 0.8,
  beta2: 0.9,
  emaDecay: 0.2,
  clipNorm: 1e6,
}
const rates = [0.005, 0.01, 0.01, 0.005]
/** min(0.2, (1 + k)/(10 + k)). */
const decays = [1 / 10, 2 / 11, 0.2, 0.2]

/** Mean squared error of the predicted noise over the whole batch of a step, and its gradient. */
function lossOf(config: TrainConfig, params: readonly number[], step: number) {
  const table = noiseTable(linearNoise(config.timesteps), config.timesteps)
  const { count, xt, noise, t } = new BatchSampler({ ...config, shards: 1 }, images, table).draw(step, 0)
  return scope(() => {
    const [x, target] = [fromData(xt, [count, 1, 4, 4]), fromData(noise, [count, 1, 4, 4])]
    const objective = (p: Params): Tensor =>
      ddpmForward(p, model, x, fromData(t, [count]))
        .sub(target)
        .square()
        .mean()
    const [loss, grads] = valueAndGrad(objective)(
      unflatten(spec, fromData(Float32Array.from(params), [size])),
    )
    return { loss: Number(loss.dataSync()[0]), gradient: Array.from(flatten(spec, grads)) }
  })
}

interface Plain {
  params: number[]
  ema: number[]
  mean: number[]
  square: number[]
}

/** One step of the training in float64. */
function plainStep(config: TrainConfig, from: Plain, k: number) {
  const { loss, gradient } = lossOf(config, from.params, k)
  const norm = Math.hypot(...gradient)
  const clipped = gradient.map((g) => (norm > config.clipNorm ? (g * config.clipNorm) / norm : g))
  const { beta1, beta2, epsilon } = config
  const mean = from.mean.map((m, i) => beta1 * m + (1 - beta1) * (clipped[i] ?? 0))
  const square = from.square.map((v, i) => beta2 * v + (1 - beta2) * (clipped[i] ?? 0) ** 2)
  const params = from.params.map((p, i) => {
    const [m, v] = [(mean[i] ?? 0) / (1 - beta1 ** (k + 1)), (square[i] ?? 0) / (1 - beta2 ** (k + 1))]
    return p - ((rates[k] ?? 0) * m) / (Math.sqrt(v) + epsilon)
  })
  const decay = decays[k] ?? 0
  const ema = from.ema.map((e, i) => decay * e + (1 - decay) * (params[i] ?? 0))
  return { loss, norm, next: { params, ema, mean, square } }
}

/** Largest difference, relative to the largest element of what is right. */
const error = (got: ArrayLike<number>, right: readonly number[]): number =>
  Math.max(...right.map((value, i) => Math.abs(value - Number(got[i])))) / Math.max(...right.map(Math.abs))

describe('a training step', () => {
  test.each([
    ['without clipping', 1e6],
    ['with clipping', 0.05],
  ])('is that of plain arithmetic %s', async (_, clipNorm) => {
    const config = trainConfig({ ...options, clipNorm })
    const plain = (state: TrainState): Plain => ({
      params: [...state.params],
      ema: [...state.ema],
      mean: [...state.mean],
      square: [...state.square],
    })
    let right = plain(initialState(config))
    let average = Number.NaN
    for await (const progress of train({ config, images })) {
      const k = progress.step - 1
      const { loss, norm, next } = plainStep(config, right, k)
      expect(norm > clipNorm).toBe(clipNorm < 1)
      expect(progress.loss / loss).toBeCloseTo(1, 4)
      expect(progress.gradNorm / norm).toBeCloseTo(1, 4)
      expect(progress.learningRate).toBeCloseTo(rates[k] ?? 0, 12)
      average = k === 0 ? loss : 0.98 * average + 0.02 * loss
      expect(progress.lossAverage / average).toBeCloseTo(1, 4)
      const state = progress.state()
      // Rounding of float32 is 1e-6 of each; the faults this is for are percents.
      for (const name of ['params', 'ema', 'mean', 'square'] as const) {
        expect(error(state[name], next[name]), `${name} after step ${k + 1}`).toBeLessThan(1e-4)
      }
      right = plain(state)
    }
  })

  test('its gradient and loss do not depend on the number of shards', async () => {
    const params = initialState(trainConfig(options)).params
    const step = async (shards: number) => {
      const config = trainConfig({ ...options, shards })
      return localShards({ config, images, table: noiseTable(linearNoise(1000), 1000) }, size).step(params, 2)
    }
    const one = await step(1)
    const right = lossOf(trainConfig(options), [...params], 2)
    expect(error(one.gradient, right.gradient)).toBeLessThan(1e-4)
    for (const shards of [2, 4]) {
      const parts = await step(shards)
      expect(error(parts.gradient, [...one.gradient])).toBeLessThan(1e-5)
      expect(parts.loss / one.loss).toBeCloseTo(1, 5)
    }
  })

  test('the start depends on the seed; the average starts at the parameters, the moments at 0', () => {
    const [a, b] = [9, 10].map((seed) => initialState(trainConfig({ ...options, seed })))
    expect(a?.params).not.toEqual(b?.params)
    expect(a?.ema).toEqual(a?.params)
    expect(a?.mean.some((m) => m !== 0) || a?.square.some((v) => v !== 0)).toBe(false)
  })
})

test('further threads round as the first does', async () => {
  const config = trainConfig(options)
  const last = async (workers: number) => {
    for await (const progress of train({ config, images, executor: workerShards(workers) })) {
      if (progress.step === config.steps) return progress.state().params
    }
    return new Float32Array()
  }
  const usual = await last(1)
  const rounding = getDevice().info().rounding
  try {
    registerDevice('wasm', () => createWasmDevice({ relaxedSimd: false }))
    const plain = await last(1)
    // Where there is no fused multiply-add to switch off, both are alike and the test says little.
    expect(usual.some((x, i) => x !== plain[i])).toBe(rounding?.['fusedMultiplyAdd'])
    expect(await last(2)).toEqual(plain)
  } finally {
    registerDevice('wasm', () => createWasmDevice())
  }
})

test('further threads are refused where they would compute on another device', async () => {
  const former = setDefaultDevice('reference')
  try {
    const steps = train({ config: trainConfig(options), images, executor: workerShards(2) })
    await expect(steps.next()).rejects.toThrow(
      'workers: further threads compute on wasm, this one on reference',
    )
    const alone = train({ config: trainConfig(options), images, executor: workerShards(1) })
    expect((await alone.next()).value).toMatchObject({ step: 1 })
    await alone.return({ ...initialState(trainConfig(options)) })
  } finally {
    setDefaultDevice(former)
  }
})

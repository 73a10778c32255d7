import { fromData, normal, randomKey, randomPermutation, scope, uniform, zeros } from '@tweedie/tensor'
import { expect, test } from 'vitest'
import { ddpmConfig } from '../architectures/ddpm/config.ts'
import { ddpmForward } from '../architectures/ddpm/forward.ts'
import { initDdpm } from '../architectures/ddpm/init.ts'
import { ddpmSpec } from '../architectures/ddpm/spec.ts'
import { imageSet } from '../data/images.ts'
import { evaluate, evaluateInBatches } from './evaluate.ts'
import { linearNoise } from './schedule.ts'

const model = ddpmConfig({
  sampleSize: 2,
  blockOutChannels: [2],
  normGroups: 1,
  midAttention: false,
  downAttention: [false],
  upAttention: [false],
})
const images = imageSet(
  Uint8Array.from({ length: 30 * 4 }, (_, i) => (i * 37) % 256),
  [1, 2, 2],
)
/** A network that always answers 0, so that its error is the mean square of the noise itself. */
const silent = Object.fromEntries(
  Object.entries(ddpmSpec(model)).map(([name, shape]) => [name, zeros(shape)]),
)

/** The time and the mean square of the noise of each image, by the rule in evaluate's comment. */
function drawn(count: number, timesteps: number, seed: number) {
  const key = randomKey(seed).fold('evaluate')
  const parts = randomPermutation(key.fold('order'), count)
  const within = uniform(key.fold('time'), [count]).dataSync()
  return Array.from(parts, (part, i) => {
    const noise = Array.from(normal(key.fold(i).fold('noise'), [4]).dataSync())
    return {
      noise,
      t: Math.floor(((part + Number(within[i])) / count) * timesteps),
      error: mean(noise.map((x) => x * x)),
    }
  })
}

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length

test.each([10, 7, 1000])('the quarters of %i times are those below T/4, T/2, 3T/4 and T', (timesteps) => {
  const schedule = { alpha: () => 0.6, sigma: () => 0.8 }
  const { mse, byQuarter } = evaluate(silent, model, images, { seed: 4, timesteps, schedule, batch: 8 })
  const all = drawn(30, timesteps, 4)
  expect(mse).toBeCloseTo(mean(all.map(({ error }) => error)), 6)
  for (const q of [0, 1, 2, 3]) {
    const inside = all.filter(({ t }) => t >= (q * timesteps) / 4 && t < ((q + 1) * timesteps) / 4)
    expect(inside.length).toBeGreaterThan(0)
    expect(byQuarter[q]).toBeCloseTo(mean(inside.map(({ error }) => error)), 6)
  }
})

test('times are spread evenly: with as many images as times, each comes once', () => {
  expect(
    drawn(30, 30, 1)
      .map(({ t }) => t)
      .sort((a, b) => a - b),
  ).toEqual(Array.from({ length: 30 }, (_, t) => t))
})

test('a quarter without an image has no error', () => {
  const { byQuarter } = evaluate(silent, model, images, { count: 1 })
  expect(byQuarter.filter((error) => error === null)).toHaveLength(3)
})

test('the size of the batches does not matter, and it can be stopped between them', () => {
  const params = scope(() => initDdpm(model, randomKey(1)))
  const whole = evaluate(params, model, images, { seed: 2, batch: 30 })
  for (const batch of [1, 7]) {
    expect(evaluate(params, model, images, { seed: 2, batch }).mse).toBeCloseTo(whole.mse, 6)
  }
  const done = [...evaluateInBatches(params, model, images, { batch: 8 })]
  expect(done).toEqual([8, 16, 24, 30])
})

test.each([
  [{ count: 31 }, 'count: must be 1 … 30, got 31'],
  [{ count: 0 }, 'count: must be 1 … 30, got 0'],
  [{ batch: 0 }, 'batch: must be a positive integer, got 0'],
])('%o is refused', (options, message) => {
  expect(() => evaluate(silent, model, images, options)).toThrow(message)
})

test('the network is asked at α·x₀ + σ·ε and its time', () => {
  const random = Object.entries(ddpmSpec(model)).map(([name, shape], i) => {
    return [name, normal(randomKey(5).fold(i), shape)] as const
  })
  const params = Object.fromEntries(random)
  const { alpha, sigma } = linearNoise(50)
  const errors = drawn(30, 50, 6).map(({ t, noise }, i) => {
    const x = noise.map((e, j) => alpha(t) * ((images.pixels[4 * i + j] ?? 0) / 127.5 - 1) + sigma(t) * e)
    const answer = ddpmForward(params, model, fromData(Float32Array.from(x), [1, 1, 2, 2]), t).dataSync()
    return mean(noise.map((e, j) => (e - Number(answer[j])) ** 2))
  })
  const { mse } = evaluate(params, model, images, { seed: 6, timesteps: 50, batch: 7 })
  expect(mse / mean(errors)).toBeCloseTo(1, 4)
})

test('the error is that of the answer against the noise', () => {
  const biased = { ...silent, 'conv_out.bias': fromData([0.5], [1]) }
  const right = mean(drawn(30, 1000, 0).map(({ noise }) => mean(noise.map((x) => (x - 0.5) ** 2))))
  expect(evaluate(biased, model, images).mse).toBeCloseTo(right, 6)
})

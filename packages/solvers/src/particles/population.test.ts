import type { Tensor } from '@tweedie/tensor'
import {
  concat,
  memory,
  normal,
  OptionError,
  randomKey,
  ShapeError,
  tensor,
  treeLeaves,
  treeMap,
} from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { iterate, noiseStreams, run } from '../run/index.ts'
import type { ParticleWeights } from './index.ts'
import { DegenerateWeightsError, lineages, normaliseWeights, population, resamplers } from './index.ts'

const values = (x: Tensor) => Array.from(x.dataSync())
const float64 = { dtype: 'float64' } as const
const keys = (N: number, seed = 3, first = 0) =>
  noiseStreams({ seed, firstSample: first, count: N }).keysOf(0, 'resample')

describe('rows of a population', () => {
  const cloud = population({ particles: 2 })

  test('spread, select and mean, of a tree', () => {
    const tree = {
      x: tensor([
        [1, 2],
        [3, 4],
      ]),
      rest: [tensor([5, 6], float64)],
    }
    const wide = cloud.spread(tree)
    expect(wide.x.toArray()).toEqual([
      [1, 2],
      [1, 2],
      [3, 4],
      [3, 4],
    ])
    expect(values(wide.rest[0]!)).toEqual([5, 5, 6, 6])
    expect(wide.rest[0]!.dtype).toBe('float64')
    const rows = tensor([[0], [1], [2], [3]])
    expect(values(cloud.select(rows, [Int32Array.of(1, 1), Int32Array.of(1, 0)]))).toEqual([1, 1, 3, 2])
    expect(values(cloud.select(rows, [Int32Array.of(1), Int32Array.of(0)]))).toEqual([1, 2])
    const weights = cloud.reweight(cloud.start(2), tensor([Math.log(3), 0, -Infinity, 5], float64))
    const mean = cloud.mean({ rows: rows.cast('float64') }, weights)
    for (const [i, m] of [0.25, 3].entries()) expect(values(mean.rows)[i]).toBeCloseTo(m, 14)
    expect(mean.rows.shape).toEqual([2, 1])
  })

  test('noise: of the streams of their samples, the same for more particles and other batches', () => {
    const streams = noiseStreams({ seed: 2, count: 3, dtype: 'float64' })
    const z = cloud.noise(streams, 4, 'move', [3])
    expect(z.shape).toEqual([6, 3])
    const single = noiseStreams({ seed: 2, firstSample: 1, count: 1, dtype: 'float64' })
    expect(values(cloud.noise(single, 4, 'move', [3]))).toEqual(values(z).slice(6, 12))
    const more = population({ particles: 5 }).noise(single, 4, 'move', [3])
    expect(values(more).slice(0, 6)).toEqual(values(z).slice(6, 12))
    expect(new Set(values(z)).size).toBe(18)
  })

  test('errors', () => {
    for (const particles of [0, -1, 1.5]) expect(() => population({ particles })).toThrow(/particles/)
    for (const threshold of [-0.1, 1.1, Number.NaN]) {
      expect(() => population({ particles: 2, threshold })).toThrow(/threshold/)
    }
    const rows = tensor([[0], [1], [2], [3]])
    // An index of another sample's particle would be a row that exists.
    expect(() => cloud.select(rows, [Int32Array.of(0, 2), Int32Array.of(0, 1)])).toThrow(
      /0 … 1, got 2 of sample 0/,
    )
    expect(() => cloud.select(rows, [Int32Array.of(0, 1), Int32Array.of(0, -1)])).toThrow(OptionError)
    expect(() => cloud.select(rows, [Int32Array.of(0, 1)])).toThrow(ShapeError)
    expect(() => cloud.select(rows, [Int32Array.of(0, 1), Int32Array.of(0)])).toThrow(ShapeError)
    expect(() => cloud.spread(tensor(1))).toThrow(ShapeError)
    expect(() => cloud.mean(rows, cloud.start(1))).toThrow(ShapeError)
    expect(() => cloud.reweight(cloud.start(2), tensor([1, 2]))).toThrow(ShapeError)
    expect(() => cloud.resample(keys(1), rows, cloud.start(2))).toThrow(/one key per sample/)
    expect(() => cloud.pick(keys(3), rows, cloud.start(2))).toThrow(/one key per sample/)
    expect(() => population({ particles: 4 }).read(cloud.start(2))).toThrow(/\[N, 4\]/)
    const lost = cloud.reweight(cloud.start(2), tensor([0, 0, -Infinity, -Infinity], float64))
    expect(() => cloud.resample(keys(2), rows, lost)).toThrow(DegenerateWeightsError)
    expect(() => cloud.logEvidence(lost)).toThrow(/sample 1/)
  })
})

describe('resample', () => {
  const K = 4
  // ESS: 4, 1, 64/30 of 3 that count, 2.
  const logWeights = [
    [0, 0, 0, 0],
    [-Infinity, 9, -Infinity, -Infinity],
    [0, Math.log(2), Math.log(5), -Infinity],
    [1, 1, -1e4, -1e4],
  ]
  const weighted = (cloud = population({ particles: K }), rows = logWeights) =>
    cloud.reweight(cloud.start(rows.length), tensor(rows, float64))
  // Row k of sample i is 10·i + k, of which ⌊·/10⌋ is the sample.
  const tagged = tensor(logWeights.map((own, i) => own.map((_, k) => [10 * i + k]))).reshape([16, 1])

  test('who falls below the threshold, from its own rows only; the others as they were', () => {
    const cloud = population({ particles: K, threshold: 0.51 })
    const before = weighted(cloud)
    const { tree, weights, ancestors, ess, resampled } = cloud.resample(keys(4), { x: tagged }, before)
    expect(resampled).toEqual([false, true, false, true])
    for (const [i, size] of [4, 1, 64 / 30, 2].entries()) expect(ess[i]).toBeCloseTo(size, 12)
    const rows = values(tree.x)
    rows.forEach((tag, row) => expect(Math.floor(tag / 10)).toBe(Math.floor(row / K)))
    expect(rows).toEqual(ancestors.flatMap((own, i) => Array.from(own, (k) => 10 * i + k)))
    expect(Array.from(ancestors[0]!)).toEqual([0, 1, 2, 3])
    expect(rows.slice(4, 8)).toEqual([11, 11, 11, 11])
    expect(rows.slice(12)).toEqual([30, 30, 31, 31])
    expect(weights.logWeights.toArray()).toEqual([[0, 0, 0, 0], [0, 0, 0, 0], logWeights[2], [0, 0, 0, 0]])
    // log of the mean weight: of 9 and three zeros, of 1 twice and two that are e^−10000 of it.
    const banked = values(weights.logEvidence)
    for (const [i, log] of [0, 9 - Math.log(4), 0, 1 - Math.log(2)].entries())
      expect(banked[i]).toBeCloseTo(log, 12)
    // Resampling leaves the estimate of the evidence as it is.
    cloud.logEvidence(before).forEach((log, i) => {
      expect(cloud.logEvidence(weights)[i]).toBeCloseTo(log, 12)
    })
  })

  test('threshold 0 never, 1 wherever weights differ', () => {
    const at = (threshold: number) =>
      population({ particles: K, threshold }).resample(keys(4), tagged, weighted()).resampled
    expect(at(0)).toEqual([false, false, false, false])
    expect(at(1)).toEqual([false, true, true, true])
    expect(population({ particles: K }).resample(keys(4), tagged, weighted()).resampled).toEqual([
      false,
      true,
      false,
      false, // at ESS 2 of 4, not below it
    ])
  })

  test.each(Object.entries(resamplers))('%s: a batch equals its samples alone', (_, resampler) => {
    const K = 6
    const cloud = population({ particles: K, threshold: 0.9, resampler })
    for (const dtype of ['float32', 'float64'] as const) {
      const x = normal(randomKey(8), [5 * K, 2, 2], { dtype })
      const increments = normal(randomKey(9), [5 * K], { dtype }).mul(1.5)
      const whole = cloud.resample(keys(5), x, cloud.reweight(cloud.start(5), increments))
      expect(whole.resampled).toContain(true)
      for (let i = 0; i < 5; i++) {
        const rows = [i * K, (i + 1) * K] as const
        const one = cloud.reweight(cloud.start(1), increments.slice(rows))
        const single = cloud.resample(keys(1, 3, i), x.slice(rows), one)
        expect(values(single.tree)).toEqual(values(whole.tree.slice(rows)))
        expect(single.ancestors[0]).toEqual(whole.ancestors[i])
        expect(values(single.weights.logWeights)).toEqual(values(whole.weights.logWeights.slice([i, i + 1])))
        expect(values(single.weights.logEvidence)).toEqual([whole.weights.logEvidence.dataSync()[i]])
        const picked = cloud.pick(keys(1, 5, i), x.slice(rows), one)
        const all = cloud.pick(keys(5, 5), x, cloud.reweight(cloud.start(5), increments))
        expect(values(picked)).toEqual(values(all.slice([i, i + 1])))
      }
    }
  })

  test('pick: one of each sample, in proportion', () => {
    const cloud = population({ particles: 2 })
    const N = 4000
    const weights = cloud.reweight(
      cloud.start(N),
      cloud.start(N).logWeights.add(tensor([0, Math.log(3)], float64)),
    )
    const rows = cloud.spread(tensor([[0]]).broadcastTo([N, 1])).add(
      tensor([[0], [1]])
        .broadcastTo([2, 1])
        .reshape([1, 2])
        .broadcastTo([N, 2])
        .reshape([2 * N, 1]),
    )
    const ones = values(cloud.pick(keys(N), rows, weights)).reduce((a, b) => a + b, 0)
    expect(Math.abs(ones / N - 0.75)).toBeLessThan(6 * Math.sqrt((0.25 * 0.75) / N))
  })

  test('log-weights of ±1e4 in steps, of float32 potentials', () => {
    const cloud = population({ particles: 2, threshold: 0 })
    let weights = cloud.start(1)
    for (let step = 0; step < 100; step++) weights = cloud.reweight(weights, tensor([-100, -100.5]))
    expect(cloud.logEvidence(weights)[0]).toBeCloseTo(-1e4 - Math.log(2) + Math.log1p(Math.exp(-50)), 9)
    expect(cloud.read(weights)[0]!.ess).toBeCloseTo(1, 12)
  })

  test('frees what it made but its results; what was given stays', () => {
    const cloud = population({ particles: K, threshold: 0.51 })
    const before = weighted(cloud)
    for (const threshold of [0, 0.51]) {
      const cloud = population({ particles: K, threshold })
      const start = memory().tensors
      const { tree, weights } = cloud.resample(keys(4), { x: tagged }, before)
      expect(memory().tensors - start).toBe(3)
      tree.x.dispose()
      weights.logWeights.dispose()
      weights.logEvidence.dispose()
      cloud.pick(keys(4), tagged, before).dispose()
      cloud.mean(tagged, before).dispose()
      cloud.spread(tagged).dispose()
      cloud.read(before)
      expect(memory().tensors).toBe(start)
    }
    expect(values(before.logWeights).length).toBe(16)
    expect(tagged.isDisposed).toBe(false)
  })
})

test('lineages follow the ancestors back', () => {
  const history = [
    [Int32Array.of(2, 0, 0), Int32Array.of(1, 1, 1)],
    [Int32Array.of(0, 0, 1), Int32Array.of(2, 1, 0)],
    [Int32Array.of(2, 2, 0), Int32Array.of(0, 1, 2)],
  ]
  // Of sample 0: at the end 2, 2, 0; before that 1, 1, 0; before that 0, 0, 2.
  expect(lineages(history).map((step) => step.map((own) => Array.from(own)))).toEqual([
    [
      [0, 0, 2],
      [1, 1, 1],
    ],
    [
      [1, 1, 0],
      [2, 1, 0],
    ],
    [
      [2, 2, 0],
      [0, 1, 2],
    ],
  ])
  expect(lineages([])).toEqual([])
})

describe('sequential Monte Carlo on a linear-Gaussian chain', () => {
  // x₀ ~ N(0, 1), x_t = a·x_{t−1} + q·z, y_t = x_t + r·e: everything is known by Kalman's filter.
  const [a, q, r] = [0.9, 0.6, 0.5]
  const y = [0.8, 1.1, 0.1, 0.3, 1.2]
  const truth = (() => {
    let [mean, variance, logEvidence] = [0, 1, 0]
    y.forEach((seen, t) => {
      if (t > 0) [mean, variance] = [a * mean, a * a * variance + q * q]
      const S = variance + r * r
      logEvidence -= ((seen - mean) ** 2 / S + Math.log(2 * Math.PI * S)) / 2
      ;[mean, variance] = [mean + (variance / S) * (seen - mean), variance * (1 - variance / S)]
    })
    return { mean, variance, logEvidence }
  })()

  const filter = (cloud: ReturnType<typeof population>, N: number, firstSample = 0) => {
    const streams = noiseStreams({ seed: 12, firstSample, count: N, dtype: 'float64' })
    let x = cloud.noise(streams, 0, 'start', [1])
    let weights = cloud.start(N)
    y.forEach((seen, t) => {
      if (t > 0) {
        const moved = cloud.resample(streams.keysOf(t, 'resample'), x, weights)
        weights = moved.weights
        x = moved.tree.mul(a).add(cloud.noise(streams, t, 'move', [1]).mul(q))
      }
      const misfit = x
        .sub(seen)
        .square()
        .mul(-0.5 / r ** 2)
      weights = cloud.reweight(weights, misfit.sub(Math.log(2 * Math.PI * r * r) / 2).reshape([x.size]))
    })
    return { x, weights }
  }

  test.each([
    ['multinomial', 1],
    ['systematic', 1],
    ['systematic', 0.5],
    ['residual', 0.5],
    ['stratified', 0.5],
    ['systematic', 0],
  ] as const)('%s below %d·K: evidence and posterior moments without bias', (name, threshold) => {
    const [N, K] = [1000, 32]
    const cloud = population({ particles: K, threshold, resampler: resamplers[name] })
    const { x, weights } = filter(cloud, N)
    const ratios = cloud.logEvidence(weights).map((log) => Math.exp(log - truth.logEvidence))
    // E[Ẑ] = Z and E[Ẑ·Σ W_k f(x_k)] = Z·E[f(x) | y], at any K.
    const means = values(cloud.mean(x, weights)).map((m, i) => m * ratios[i]!)
    const squares = values(cloud.mean(x.square(), weights)).map((m, i) => m * ratios[i]!)
    const expected = [1, truth.mean, truth.mean ** 2 + truth.variance]
    for (const [j, estimates] of [Array.from(ratios), means, squares].entries()) {
      const mean = estimates.reduce((p, c) => p + c, 0) / N
      const spread = Math.sqrt(estimates.reduce((p, c) => p + (c - mean) ** 2, 0) / N / N)
      // With this seed at most 2 standard errors, of which one is below 3 %.
      expect(Math.abs(mean - expected[j]!)).toBeLessThan(4 * spread)
      expect(spread / Math.abs(expected[j]!)).toBeLessThan(0.03)
    }
  })

  test('with many particles, one run has them all', () => {
    const cloud = population({ particles: 20_000 })
    const { x, weights } = filter(cloud, 1)
    const [mean, square] = [
      cloud.mean(x, weights).dataSync()[0]!,
      cloud.mean(x.square(), weights).dataSync()[0]!,
    ]
    expect(Math.abs(mean - truth.mean)).toBeLessThan(0.02)
    expect(Math.abs(square - mean ** 2 - truth.variance)).toBeLessThan(0.02)
    expect(Math.abs(cloud.logEvidence(weights)[0]! - truth.logEvidence)).toBeLessThan(0.05)
  })

  test('a batch equals its samples alone, and no resampling is importance sampling', () => {
    const cloud = population({ particles: 5 })
    const whole = filter(cloud, 3)
    const alone = [0, 1, 2].map((i) => filter(cloud, 1, i))
    expect(values(concat(alone.map(({ x }) => x)))).toEqual(values(whole.x))
    expect(alone.flatMap(({ weights }) => values(weights.logWeights))).toEqual(
      values(whole.weights.logWeights),
    )
    const never = population({ particles: 5, threshold: 0 })
    const { weights } = filter(never, 1)
    expect(values(weights.logEvidence)).toEqual([0])
    expect(never.logEvidence(weights)[0]).toBe(normaliseWeights(weights.logWeights.dataSync()).logMean)
  })

  test('as a plan: resumed bit for bit, nothing left behind', async () => {
    const cloud = population({ particles: 5 })
    const N = 2
    const streams = noiseStreams({ seed: 12, count: N, dtype: 'float64' })
    const times = y.map((_, t) => ({ t: y.length - t, s: y.length - t - 1 }))
    const plan = {
      name: 'chain',
      times,
      start: () => ({ x: cloud.noise(streams, 0, 'start', [1]), weights: cloud.start(N) }),
      step: ({ x, weights }: { x: Tensor; weights: ParticleWeights }, _: unknown, i: number) => {
        const increments = x.sub(y[i]!).square().mul(-2)
        const { tree, weights: next } = cloud.resample(
          streams.keysOf(i, 'resample'),
          x,
          cloud.reweight(weights, increments),
        )
        const moved = tree.mul(a).add(cloud.noise(streams, i, 'move', [1]))
        const logEvidence = tensor(Array.from(cloud.logEvidence(next)), float64)
        return { state: { x: moved, weights: next }, shown: { x0hat: x }, numbers: { logEvidence } }
      },
    }
    const before = memory().tensors
    const states: { x: number[]; logEvidence: readonly number[] }[] = []
    let saved: unknown
    const whole = await run(iterate(plan), {
      onStep: ({ i, state, logEvidence }) => {
        states.push({ x: values(state.x), logEvidence })
        if (i === 2) saved = treeMap(state, (leaf) => leaf.alias())
      },
    })
    expect(treeLeaves(saved).length).toBe(3)
    const state = saved as { x: Tensor; weights: ParticleWeights }
    const again = await run(iterate({ ...plan, resume: { next: 3, state } }), {
      onStep: ({ i, state: { x }, logEvidence }) => {
        expect({ x: values(x), logEvidence }).toEqual(states[i])
      },
    })
    expect(values(again)).toEqual(values(whole))
    for (const leaf of [...treeLeaves(saved), whole, again]) leaf.dispose()
    expect(memory().tensors).toBe(before)
  })
})

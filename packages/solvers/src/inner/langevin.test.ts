import { grad } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { concat, memory, normal, randomKey, ShapeError, tensor, zeros } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { noiseStreams } from '../run/index.ts'
import { langevin } from './index.ts'

const float64 = { dtype: 'float64' } as const
const values = (x: Tensor) => Array.from(x.dataSync())
const keysOf = (count: number, firstSample = 0) =>
  noiseStreams({ seed: 6, firstSample, count }).keysOf(0, 'langevin')

describe('langevin', () => {
  test('x ← x − γ·∇U(x) + √(2γ)·z, written out', () => {
    const keys = keysOf(2)
    const x = tensor(
      [
        [1, -2, 0.5],
        [3, 0, -1],
      ],
      float64,
    )
    const cubic = (at: Tensor) => at.mul(at).mul(at)
    const sizes = [0.1, 0.07]
    const moved = langevin(cubic, x, { steps: 3, step: sizes, keys })
    const expected = sizes.flatMap((gamma, i) => {
      let at = values(x).slice(3 * i, 3 * i + 3)
      for (let k = 0; k < 3; k++) {
        const z = values(normal(keys[i]!.fold(k), [3], float64))
        at = at.map((v, j) => v - gamma * v ** 3 + Math.sqrt(2 * gamma) * z[j]!)
      }
      return at
    })
    values(moved).forEach((v, j) => expect(v).toBeCloseTo(expected[j]!, 12))
  })

  test('its stationary variance on N(0, 1) is 1/(1 − γ/2), not 1', () => {
    for (const gamma of [0.2, 0.8, 1.4]) {
      const N = 8000
      const biased = 1 / (1 - gamma / 2)
      const start = normal(randomKey(1), [N, 1], float64).mul(Math.sqrt(biased))
      // The law N(0, biased) is kept by each step; from elsewhere the variance v goes to (1 − γ)²v + 2γ.
      const kept = langevin((x) => x, start, { steps: 3, step: gamma, keys: keysOf(N) })
      const spread = (x: Tensor) => values(x.square()).reduce((a, b) => a + b, 0) / N
      expect(Math.abs(spread(kept) - biased)).toBeLessThan(6 * biased * Math.sqrt(2 / N))
      const one = langevin((x) => x, start.mul(2), { steps: 1, step: gamma, keys: keysOf(N, N) })
      const after = (1 - gamma) ** 2 * 4 * biased + 2 * gamma
      expect(Math.abs(spread(one) - after)).toBeLessThan(6 * after * Math.sqrt(2 / N))
    }
  })

  test('a batch equals its samples alone, with step sizes of their own; on other devices too', () => {
    for (const dtype of ['float32', 'float64'] as const) {
      const x = normal(randomKey(4), [3, 2, 2], { dtype })
      const sizes = [0.3, 0.1, 0.5]
      const gradient = (at: Tensor) => at.sub(1).mul(0.7)
      const whole = langevin(gradient, x, { steps: 4, step: sizes, keys: keysOf(3) })
      expect(whole.dtype).toBe(dtype)
      const singles = sizes.map((step, i) =>
        langevin(gradient, x.slice([i, i + 1]), {
          steps: 4,
          step: i === 1 ? step : [step],
          keys: keysOf(1, i),
        }),
      )
      expect(values(concat(singles))).toEqual(values(whole))
    }
    const x = zeros([1, 3], { dtype: 'float64', device: 'reference' })
    const elsewhere = langevin((at) => at, x, { steps: 2, step: 0.1, keys: keysOf(1) })
    expect(elsewhere.device.name).toBe('reference')
    expect(values(elsewhere)).toEqual(
      values(langevin((at) => at, zeros([1, 3], float64), { steps: 2, step: 0.1, keys: keysOf(1) })),
    )
  })

  test('differentiable, and leaves one tensor behind', () => {
    const options = { steps: 5, step: 0.2, keys: keysOf(2) }
    const x = tensor([[1], [2]], float64)
    const slope = grad((at: Tensor) => langevin((u) => u.mul(3), at, options).sum())(x)
    for (const s of values(slope)) expect(s).toBeCloseTo((1 - 0.6) ** 5, 14)
    const before = memory().tensors
    const moved = langevin((u) => u.mul(3), x, options)
    expect(memory().tensors - before).toBe(1)
    moved.dispose()
    expect(x.isDisposed).toBe(false)
  })

  test('errors', () => {
    const x = zeros([2, 1])
    const run = (options: Partial<Parameters<typeof langevin>[2]>, at = x) =>
      langevin((u) => u, at, { steps: 1, step: 0.1, keys: keysOf(2), ...options })
    for (const steps of [0, 1.5]) expect(() => run({ steps })).toThrow(/steps/)
    for (const step of [0, -1, Infinity, [0.1, 0]]) expect(() => run({ step })).toThrow(/step/)
    expect(() => run({ step: [0.1] })).toThrow(/one step size per sample, got 1 for 2/)
    expect(() => run({ keys: keysOf(1) })).toThrow(/one key per sample, got 1 for 2/)
    expect(() => run({}, tensor(1))).toThrow(ShapeError)
  })
})

import { adam, grad, lbfgs } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { memory, NonFiniteError, normal, randomKey, ShapeError, tensor, zeros } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import type { SampleObjective } from './index.ts'
import { adamDescent, lbfgsDescent } from './index.ts'

const float64 = { dtype: 'float64' } as const
const values = (x: Tensor) => Array.from(x.dataSync())
const random = (seed: number, ...shape: number[]) => normal(randomKey(seed), shape, float64)

// Rosenbrock's function toward the target y of each sample, each of another stiffness.
const y = tensor(
  [
    [1, 2],
    [-0.5, 0.3],
    [3, -4],
  ],
  float64,
)
const stiff = tensor([1, 30, 5], float64)
const valley: SampleObjective = (x, rows) => {
  const d = x.sub(rows(y)).add(1)
  const [a, b] = [d.slice(null, 0), d.slice(null, 1)]
  return a
    .sub(1)
    .square()
    .add(b.sub(a.square()).square().mul(rows(stiff)))
}
const part =
  (i: number): SampleObjective =>
  (x, rows) =>
    valley(x, (batch) => rows(batch.slice([i, i + 1])))
const start = random(3, 3, 2)

describe('adamDescent', () => {
  test('is Adam on each sample: of a batch, alone, and by the optimiser itself', () => {
    for (const dtype of ['float32', 'float64'] as const) {
      const from = start.cast(dtype)
      const cast =
        (objective: SampleObjective): SampleObjective =>
        (x, rows) =>
          objective(x, (batch) => rows(batch.cast(dtype)))
      const options = { steps: 12, learningRate: 0.1, beta2: 0.9 }
      const whole = adamDescent(cast(valley), from, options)
      expect([whole.x.dtype, whole.iterations]).toEqual([dtype, [12, 12, 12]])
      for (const i of [0, 1, 2]) {
        const single = adamDescent(cast(part(i)), from.slice([i, i + 1]), options)
        expect(values(single.x)).toEqual(values(whole.x.slice([i, i + 1])))
        const { init, update } = adam({ learningRate: 0.1, beta2: 0.9 })
        let params = from.slice([i, i + 1])
        let state = init(params)
        const slope = grad((x: Tensor) => cast(part(i))(x, (batch) => batch).sum())
        for (let k = 0; k < 12; k++) ({ params, state } = update(slope(params), state, params))
        expect(values(params)).toEqual(values(single.x))
      }
    }
  })

  test('a sample stops at its target and stays there; the others go on', () => {
    const options = { steps: 60, learningRate: 0.05 }
    const first = values(valley(start, (batch) => batch))
    const targets = [0.7 * first[0]!, 0.1 * first[1]!, -1]
    const whole = adamDescent(valley, start, { ...options, target: targets })
    const reached = values(valley(whole.x, (batch) => batch))
    expect(whole.iterations[2]).toBe(60)
    for (const i of [0, 1]) {
      expect(whole.iterations[i]).toBeLessThan(60)
      expect(whole.iterations[i]).toBeGreaterThan(0)
      expect(reached[i]).toBeLessThanOrEqual(targets[i]!)
      // The first time that it is: one update fewer is not enough.
      const steps = whole.iterations[i]! - 1
      const before = adamDescent(part(i), start.slice([i, i + 1]), { ...options, steps })
      expect(values(part(i)(before.x, (batch) => batch))[0]).toBeGreaterThan(targets[i]!)
      const single = adamDescent(part(i), start.slice([i, i + 1]), { ...options, target: targets[i]! })
      expect([values(single.x), single.iterations[0]]).toEqual([
        values(whole.x.slice([i, i + 1])),
        whole.iterations[i],
      ])
    }
    const there = adamDescent(valley, start, { ...options, target: Infinity })
    expect([values(there.x), there.iterations]).toEqual([values(start), [0, 0, 0]])
  })

  test('errors', () => {
    const run = (options: object) => adamDescent(valley, start, { steps: 1, learningRate: 0.1, ...options })
    expect(() => run({ steps: 0 })).toThrow(/steps/)
    expect(() => run({ learningRate: 0 })).toThrow(/learningRate/)
    expect(() => run({ target: [1] })).toThrow(/one target per sample, got 1 for 3/)
    expect(() => run({ target: Number.NaN })).toThrow(/NaN/)
    expect(() => adamDescent((x) => x.sum(), start, { steps: 1, learningRate: 1 })).toThrow(
      /one number per sample/,
    )
    expect(() => adamDescent(valley, tensor(1), { steps: 1, learningRate: 1 })).toThrow(ShapeError)
  })
})

describe('lbfgsDescent', () => {
  test('finds the minimum of each, by line searches of its own', () => {
    const { x, value, iterations, evaluations, reason } = lbfgsDescent(valley, start)
    expect(reason).toEqual(['gradient', 'gradient', 'gradient'])
    values(x.sub(y)).forEach((d) => expect(Math.abs(d)).toBeLessThan(1e-6))
    value.forEach((v) => expect(v).toBeLessThan(1e-12))
    expect(new Set(iterations).size).toBeGreaterThan(1)
    evaluations.forEach((n, i) => expect(n).toBeGreaterThan(iterations[i]!))
  })

  test('a batch equals its samples alone, and the optimiser itself', () => {
    const options = { maxIterations: 6, historySize: 3 }
    const whole = lbfgsDescent(valley, start, options)
    expect(whole.reason).toEqual(['iterations', 'iterations', 'iterations'])
    for (const i of [0, 1, 2]) {
      const single = lbfgsDescent(part(i), start.slice([i, i + 1]), options)
      const own = lbfgs(options).minimize(
        (at: Tensor) => part(i)(at, (batch) => batch).sum(),
        start.slice([i, i + 1]),
      )
      for (const other of [single.x, own.params])
        expect(values(other)).toEqual(values(whole.x.slice([i, i + 1])))
      expect([single.value[0], single.iterations[0], single.evaluations[0]]).toEqual([
        whole.value[i],
        whole.iterations[i],
        whole.evaluations[i],
      ])
      expect(own.value).toBe(whole.value[i])
    }
  })

  test('errors', () => {
    expect(() => lbfgsDescent((x) => x.sum(), start)).toThrow(/one number per sample/)
    expect(() => lbfgsDescent(valley, start, { historySize: 0 })).toThrow(/historySize/)
    expect(() => lbfgsDescent(valley, tensor(1))).toThrow(ShapeError)
    expect(() => lbfgsDescent((x) => x.log().sum(1), zeros([1, 2]))).toThrow(NonFiniteError)
  })
})

test('both leave one tensor behind, and what was given', () => {
  for (const run of [
    () => adamDescent(valley, start, { steps: 3, learningRate: 0.1 }),
    () => adamDescent(valley, start, { steps: 3, learningRate: 0.1, target: [100, 0.01, -1] }),
    () => adamDescent(valley, start, { steps: 3, learningRate: 0.1, target: Infinity }),
    () => lbfgsDescent(valley, start, { maxIterations: 3 }),
  ]) {
    const before = memory().tensors
    const { x } = run()
    expect(memory().tensors - before).toBe(1)
    x.dispose()
    expect([start.isDisposed, y.isDisposed]).toEqual([false, false])
  }
})

import type { Optimizer } from '@tweedie/autograd'
import { adam, adamW, grad, sgd } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { memory, normal, randomKey, ShapeError, tensor, zeros } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import type { SampleObjective } from './index.ts'
import { descent } from './index.ts'

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
const over =
  (target: Tensor, stiffness: Tensor): SampleObjective<Tensor> =>
  (x) => {
    const d = x.sub(target.cast(x.dtype)).add(1)
    const [a, b] = [d.slice(null, 0), d.slice(null, 1)]
    return a
      .sub(1)
      .square()
      .add(b.sub(a.square()).square().mul(stiffness.cast(x.dtype)))
  }
const valley = over(y, stiff)
/** The same for sample i alone. */
const part = (i: number) => over(y.slice([i, i + 1]), stiff.slice([i, i + 1]))
const start = random(3, 3, 2)
const optimizers: readonly (readonly [string, Optimizer])[] = [
  ['adam', adam({ learningRate: 0.1, beta2: 0.9 })],
  ['adamW', adamW({ learningRate: (step) => 0.1 / (step + 1), weightDecay: 0.1 })],
  ['sgd', sgd({ learningRate: 1e-3, momentum: 0.5 })],
]

describe('descent', () => {
  test.each(optimizers)(
    '%s: of a batch, of each sample alone, and by the optimiser itself',
    (_, optimizer) => {
      for (const dtype of ['float32', 'float64'] as const) {
        const from = start.cast(dtype)
        const options = { steps: 12, optimizer }
        const whole = descent(valley, from, options)
        expect([whole.x.dtype, whole.iterations]).toEqual([dtype, [12, 12, 12]])
        for (const i of [0, 1, 2]) {
          const single = descent(part(i), from.slice([i, i + 1]), options)
          expect(values(single.x)).toEqual(values(whole.x.slice([i, i + 1])))
          let params = from.slice([i, i + 1])
          let state = optimizer.init(params)
          const slope = grad((x: Tensor) => part(i)(x, 0).sum())
          for (let k = 0; k < 12; k++) ({ params, state } = optimizer.update(slope(params), state, params))
          expect(values(params)).toEqual(values(single.x))
        }
      }
    },
  )

  test('a sample stops at its target and stays there; the others go on', () => {
    const options = { steps: 60, optimizer: adam({ learningRate: 0.05 }) }
    const first = values(valley(start, 0))
    const targets = [0.7 * first[0]!, 0.1 * first[1]!, -1]
    const whole = descent(valley, start, { ...options, target: targets })
    const reached = values(valley(whole.x, 0))
    expect(whole.iterations[2]).toBe(60)
    for (const i of [0, 1]) {
      expect(whole.iterations[i]).toBeLessThan(60)
      expect(whole.iterations[i]).toBeGreaterThan(0)
      expect(reached[i]).toBeLessThanOrEqual(targets[i]!)
      // The first time that it is: one update fewer is not enough.
      const steps = whole.iterations[i]! - 1
      const before = descent(part(i), start.slice([i, i + 1]), { ...options, steps })
      expect(values(part(i)(before.x, 0))[0]).toBeGreaterThan(targets[i]!)
      const single = descent(part(i), start.slice([i, i + 1]), { ...options, target: targets[i]! })
      expect([values(single.x), single.iterations[0]]).toEqual([
        values(whole.x.slice([i, i + 1])),
        whole.iterations[i],
      ])
    }
    const there = descent(valley, start, { ...options, target: Infinity })
    expect([values(there.x), there.iterations]).toEqual([values(start), [0, 0, 0]])
  })

  test('trees, and objectives that know the number of the update', () => {
    const seen: number[] = []
    const from = { shift: zeros([2, 1], float64), scale: [zeros([2], float64)] }
    // (shift − k)² + (scale − 1)²: one step of SGD of rate ½ solves it, toward the k of the last update.
    const objective: SampleObjective<typeof from> = ({ shift, scale }, update) => {
      seen.push(update)
      return shift.sub(update).square().sum(1).add(scale[0]!.sub(1).square())
    }
    const { x } = descent(objective, from, { steps: 4, optimizer: sgd({ learningRate: 0.5 }) })
    expect(seen).toEqual([0, 1, 2, 3])
    expect([values(x.shift), values(x.scale[0]!)]).toEqual([
      [3, 3],
      [1, 1],
    ])
  })

  test('errors', () => {
    const optimizer = adam({ learningRate: 0.1 })
    const run = (options: object) => descent(valley, start, { steps: 1, optimizer, ...options })
    expect(() => run({ steps: 0 })).toThrow(/steps/)
    expect(() => run({ target: [1] })).toThrow(/one target per sample, got 1 for 3/)
    expect(() => run({ target: Number.NaN })).toThrow(/NaN/)
    expect(() => descent((x) => x.sum(), start, { steps: 1, optimizer })).toThrow(
      /one number per sample, \[3\]/,
    )
    expect(() => descent(valley, tensor(1), { steps: 1, optimizer })).toThrow(ShapeError)
    const uneven = [zeros([2]), zeros([3])]
    expect(() => descent(([a]) => a!, uneven, { steps: 1, optimizer })).toThrow(/one batch axis/)
  })
})

test('it leaves its result behind and nothing else, and what was given', () => {
  const optimizer = adam({ learningRate: 0.1 })
  for (const run of [
    () => descent(valley, start, { steps: 3, optimizer }),
    () => descent(valley, start, { steps: 3, optimizer, target: [100, 0.01, -1] }),
    () => descent(valley, start, { steps: 3, optimizer, target: Infinity }),
  ]) {
    const before = memory().tensors
    const { x } = run()
    expect(memory().tensors - before).toBe(1)
    x.dispose()
    expect([start.isDisposed, y.isDisposed]).toEqual([false, false])
  }
})

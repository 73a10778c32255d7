import { readFileSync } from 'node:fs'
import type { DType, Tensor } from '@tweedie/tensor'
import { fromData, memory, ShapeError, scope, tensor, treeLeaves } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { grad } from '../grad.ts'
import type { LearningRate, Optimizer, OptimizerState } from './index.ts'
import {
  adam,
  adamW,
  clipByGlobalNorm,
  cloneTree,
  constantRate,
  cosineRate,
  linearRate,
  restoreState,
  saveState,
  sgd,
  updateAverage,
  warmUp,
} from './index.ts'

interface Fixture {
  start: { a: number[]; b: number[][]; c: number[] }
  runs: Record<string, number[][]>
  schedules: Record<string, number[]>
  clipped: { max: number; norm: number; gradient: number[] }
}
const path = new URL('../../../../tests/fixtures/optimizers/optimizers.json', import.meta.url)
const { start, runs, schedules, clipped } = JSON.parse(readFileSync(path, 'utf8')) as Fixture
const float64 = { dtype: 'float64' } as const

type Params = { a: Tensor; b: Tensor }
const initial = (dtype: DType = 'float64'): Params => ({
  a: tensor(start.a, { dtype }),
  b: tensor(start.b, { dtype }),
})
const loss = ({ a, b }: Params): Tensor => {
  const c = tensor(start.c, { dtype: a.dtype })
  const fit = b.matmul(a.reshape([3, 1])).reshape([2])
  const u = fit.mul(2).exp()
  const tanh = u.sub(1).div(u.add(1))
  return tanh.sub(c).square().sum().add(a.pow(4).sum().mul(0.05)).add(b.square().sum().mul(0.1))
}
const slope = grad(loss)
const flat = (tree: unknown): number[] => treeLeaves(tree).flatMap((x) => Array.from(x.dataSync()))
const near = (actual: readonly number[], expected: readonly number[], tolerance: number) => {
  expect(actual.length).toBe(expected.length)
  actual.forEach((x, i) => expect(Math.abs(x - expected[i]!)).toBeLessThanOrEqual(tolerance))
}

const optimizers: Record<string, Optimizer> = {
  sgd: sgd({ learningRate: 0.1 }),
  'sgd, weight decay': sgd({ learningRate: 0.1, weightDecay: 0.2 }),
  momentum: sgd({ learningRate: 0.05, momentum: 0.9 }),
  'nesterov, weight decay': sgd({ learningRate: 0.05, momentum: 0.8, nesterov: true, weightDecay: 0.1 }),
  adam: adam({ learningRate: 0.1 }),
  'adam, other constants': adam({ learningRate: 0.05, beta1: 0.5, beta2: 0.9, epsilon: 1e-3 }),
  adamW: adamW({ learningRate: 0.1 }),
  'adamW, strong decay, cosine': adamW({
    learningRate: cosineRate({ from: 0.1, to: 0.01, steps: 10 }),
    weightDecay: 0.5,
  }),
}

describe('optimisers', () => {
  test('the fixture has a run of each', () => {
    expect(Object.keys(runs).sort()).toEqual(Object.keys(optimizers).sort())
  })

  for (const [name, optimizer] of Object.entries(optimizers)) {
    // The cosine of PyTorch climbs again after its end; ours stays there.
    const steps = name.endsWith('cosine') ? 10 : 15
    test(`${name}: as PyTorch, to 1e-10`, () => {
      scope(() => {
        let params = initial()
        let state = optimizer.init(params)
        for (let i = 0; i < steps; i++) {
          ;({ params, state } = optimizer.update(slope(params), state, params))
          near(flat(params), runs[name]![i]!, 1e-10)
        }
        expect(state.step).toBe(steps)
      })
    })

    test(`${name}: a saved state goes on bit for bit, leaks nothing, changes nothing in place`, () => {
      const before = memory().tensors
      scope(() => {
        type Run = { params: Params; state: OptimizerState<Params, string> }
        const go = (from: Run, count: number): Run =>
          scope(() => {
            let { params, state } = from
            for (let i = 0; i < count; i++) {
              ;({ params, state } = optimizer.update(slope(params), state, params))
            }
            return { params, state }
          })
        const params = initial('float32')
        const whole = go({ params, state: optimizer.init(params) }, 9)
        const half = go({ params, state: optimizer.init(params) }, 4)
        expect(flat(params)).toEqual(flat(initial('float32')))
        // Through what a file can hold: raw elements, and text for the numbers.
        const { tensors, numbers } = saveState(half)
        const file = Object.entries(tensors).map(([key, x]) => ({ key, shape: x.shape, data: x.dataSync() }))
        const text = Object.entries(numbers).map(([key, value]) => [key, String(value)] as const)
        const read = {
          tensors: Object.fromEntries(file.map(({ key, shape, data }) => [key, fromData(data, shape)])),
          numbers: Object.fromEntries(text.map(([key, value]) => [key, Number(value)])),
        }
        const restored = restoreState(read, { params, state: optimizer.init(params) })
        const end = go(restored, 5)
        expect(end.state.step).toBe(9)
        expect(flat(end)).toEqual(flat(whole))
      })
      expect(memory().tensors).toBe(before)
    })
  }

  test('momentum 0 keeps a velocity and is plain descent', () => {
    const params = tensor([1, 2], float64)
    const g = tensor([3, -4], float64)
    const withMomentum = sgd({ learningRate: 0.1, momentum: 0 })
    const plain = sgd({ learningRate: 0.1 })
    const one = withMomentum.update(g, withMomentum.init(params), params)
    const other = plain.update(g, plain.init(params), params)
    expect(flat(one.params)).toEqual(flat(other.params))
    expect(flat(one.state.velocity)).toEqual([3, -4])
    expect(other.state).toEqual({ step: 1 })
  })

  test('trees meet by name, and integers stay as they are', () => {
    const { init, update } = sgd({ learningRate: 1 })
    const params = { a: tensor([1]), b: tensor([2]), n: tensor([7], { dtype: 'int32' }) }
    const grads = { n: tensor([5], { dtype: 'int32' }), b: tensor([2]), a: tensor([1]) }
    expect(flat(update(grads, init(params), params).params)).toEqual([0, 0, 7])
  })

  test('errors name what does not fit', () => {
    const { init, update } = adam({ learningRate: 1 })
    const params = { a: tensor([1, 2]), b: tensor([1]) }
    expect(() => update({ a: params.a } as typeof params, init(params), params)).toThrow(
      /adam: the gradient .* lacks \.b/,
    )
    const wide = { a: tensor([[1, 2]]), b: params.b }
    expect(() => update(wide, init(params), params)).toThrow(ShapeError)
    expect(() => update(wide, init(params), params)).toThrow(/the gradient at \.a .*\[2\], \[1, 2\]/)
    expect(() => adam({ learningRate: 0 })).toThrow(/learningRate: .* got 0/)
    expect(() => adam({ learningRate: 1, beta2: 1 })).toThrow(/beta2/)
    expect(() => adamW({ learningRate: 1, weightDecay: -1 })).toThrow(/weightDecay/)
    expect(() => sgd({ learningRate: 1, momentum: 1 })).toThrow(/momentum/)
    const odd = sgd({ learningRate: (step) => -step })
    const state = { step: 3 }
    expect(() => odd.update(params, state, params)).toThrow(/gives -3 at step 3/)
  })
})

describe('saved states', () => {
  test('maps, lists and roots have names; collisions are errors', () => {
    const x = tensor([1])
    expect(Object.keys(saveState({ m: new Map([['k', [x, x]]]) }).tensors)).toEqual([
      'm.get(k)[0]',
      'm.get(k)[1]',
    ])
    expect(saveState(x).tensors).toEqual({ '': x })
    expect(() => saveState({ 'a.b': x, a: { b: x } })).toThrow(/'a\.b'/)
  })

  test('a state of another form is refused', () => {
    const like = { step: 0, mean: { w: tensor([0, 0]) } }
    const saved = saveState({ step: 4, mean: { w: tensor([1, 2]) } })
    expect(restoreState(saved, like).step).toBe(4)
    expect(() => restoreState({ ...saved, numbers: {} }, like)).toThrow(/number 'step' is missing/)
    expect(() => restoreState({ ...saved, tensors: {} }, like)).toThrow(/tensor 'mean\.w' is missing/)
    const wrong = (w: Tensor) => saveState({ step: 4, mean: { w } })
    expect(() => restoreState(wrong(tensor([1])), like)).toThrow(/'mean\.w' is \[1\] float32, must be \[2\]/)
    expect(() => restoreState(wrong(tensor([1, 2], float64)), like)).toThrow(/float64/)
    expect(() => restoreState(saved, { step: 0 })).toThrow(/does not belong .* mean\.w/)
  })
})

describe('learning rates', () => {
  const table = (rate: LearningRate, count: number) =>
    Array.from({ length: count }, (_, k) => (typeof rate === 'number' ? rate : rate(k)))

  test('as PyTorch', () => {
    near(table(cosineRate({ from: 0.4, to: 0.1, steps: 8 }), 9), schedules['cosine']!, 1e-14)
    near(table(linearRate({ from: 0.4, to: 0.1, steps: 6 }), 12), schedules['linear']!, 1e-14)
    // PyTorch's warm-up from 1/4 over three steps is ours over four.
    near(table(warmUp(4, constantRate(0.4)), 12), schedules['warm-up']!, 1e-14)
  })

  test('a warm-up hands over to a schedule at its start', () => {
    const then = cosineRate({ from: 2, steps: 4 })
    near(table(warmUp(2, then), 8), [1, 2, ...table(then, 6)], 0)
    expect(table(warmUp(2, 3), 3)).toEqual([1.5, 3, 3])
  })

  test('errors', () => {
    expect(() => linearRate({ from: -1, steps: 3 })).toThrow(/from/)
    expect(() => cosineRate({ from: 1, steps: 0 })).toThrow(/steps/)
    expect(() => constantRate(Number.NaN)).toThrow(/NaN/)
  })
})

describe('clipping and averages', () => {
  test('the global norm, as PyTorch', () => {
    const { grads, norm } = clipByGlobalNorm(slope(initial()), clipped.max)
    expect(norm).toBeCloseTo(clipped.norm, 12)
    // PyTorch divides by norm + 1e-6.
    near(flat(grads), clipped.gradient, 1e-6)
    expect(Math.hypot(...flat(grads))).toBeCloseTo(clipped.max, 12)
    const small = { a: tensor([0.25]) }
    expect(flat(clipByGlobalNorm(small, 1).grads)).toEqual([0.25])
    expect(clipByGlobalNorm(tensor([Number.NaN]), 1).norm).toBeNaN()
    expect(() => clipByGlobalNorm(small, 0)).toThrow(/max/)
  })

  test('an average approaches, and copies are apart', () => {
    const value = initial()
    let average = cloneTree(value)
    expect(flat(average)).toEqual(flat(value))
    const target = { a: value.a.mul(3), b: value.b.add(1) }
    for (let k = 0; k < 3; k++) average = updateAverage(average, target, 0.75)
    const kept = 0.75 ** 3 // of what the average started from
    near(flat(average), flat({ a: value.a.mul(3 - 2 * kept), b: value.b.add(1 - kept) }), 1e-14)
    expect(() => updateAverage(average, target, 1.5)).toThrow(/decay/)
  })
})

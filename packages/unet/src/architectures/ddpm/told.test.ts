// Networks that are told something besides the time, or times of a kind of their own: classes, times, embeddings.
import { checkGrads } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { fromData, normal, OptionError, randomKey, ShapeError, scope, zeros } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { hashedParams } from '../../hashed-params.test.helper.ts'
import { cannotPredict, conditionalPredictor } from '../predictor.ts'
import { ddpm } from './architecture.ts'
import type { DdpmVariant } from './config.ts'
import { ddpmConfig } from './config.ts'
import { ddpmSpec } from './spec.ts'

const plain = { dtype: 'float64', device: 'reference' } as const
const network = (variant: Partial<DdpmVariant>) => {
  const config = ddpmConfig({
    sampleSize: 2,
    blockOutChannels: [4],
    normGroups: 2,
    midAttention: false,
    variant,
  })
  return { config, params: hashedParams(ddpmSpec(config), plain) }
}
const told = network({ numClasses: 4, scaleShift: true })
const x = normal(randomKey(2), [2, 1, 2, 2], plain)
const numbers = (values: number[], dtype: 'int32' | 'float32' | 'float64' = 'int32') =>
  fromData(values, [values.length], { dtype, device: 'reference' })
const { conditional, forward } = ddpm

describe('classes', () => {
  const { config, params } = told

  test('are rows of a table, of labels of any element type', () => {
    scope(() => {
      expect(ddpm.classes?.(config)).toBe(4)
      const table = params['class_embedding.weight']!.dataSync()
      const c = conditional!.embed(params, config, numbers([3, 1]))
      expect([...c.dataSync()]).toEqual([...table.slice(48), ...table.slice(16, 32)])
      const run = (labels: Tensor) => [...forward(params, config, x, 9, labels).dataSync()]
      expect(run(numbers([3, 1], 'float64'))).toEqual(run(numbers([3, 1])))
      expect(run(numbers([3, 1], 'float32'))).toEqual(run(numbers([3, 1])))
      expect(run(numbers([1, 3]))).not.toEqual(run(numbers([3, 1])))
      expect([...conditional!.forward(params, config, x, 9, c).dataSync()]).toEqual(run(numbers([3, 1])))
    })
  })

  test('an embedding in their place is differentiable', () => {
    const c = normal(randomKey(5), [2, 16], plain)
    const direction = normal(randomKey(6), [2, 16], plain)
    checkGrads(
      (s: Tensor) => scope(() => conditional!.forward(params, config, x, 3, c.add(direction.mul(s)))),
      [fromData([0.1], [], plain)],
      { order: 1 },
    )
  })

  test('that are missing, wrong or not asked for are refused by name', () => {
    const run = (labels?: Tensor) => () => forward(params, config, x, 1, labels)
    expect(run()).toThrow('labels: the network has to be told a class 0 … 3, one per image')
    expect(run(numbers([1, 4]))).toThrow('labels: must be class labels 0 … 3, got 4 at index 1')
    expect(run(numbers([0.5, 1], 'float64'))).toThrow('got 0.5 at index 0')
    expect(run(zeros([2, 1], plain))).toThrow(ShapeError)
    expect(run(numbers([1, 1, 1]))).toThrow('c must be [2, 16] or [1, 16]')
    expect(() => conditional!.forward(params, config, x, 1, zeros([2, 15], plain))).toThrow(ShapeError)
    const none = network({ activation: 'relu' })
    const withLabels = () => forward(none.params, none.config, x, 1, numbers([1, 1]))
    expect(withLabels).toThrow(OptionError)
    expect(withLabels).toThrow('labels: the network is told no classes')
    expect(() => conditional!.embed(none.params, none.config, numbers([1]))).toThrow('is told no classes')
    expect(() => conditional!.forward(none.params, none.config, x, 1, zeros([1, 16], plain))).toThrow(
      'c: the network',
    )
    const usual = ddpmConfig({ sampleSize: 2, blockOutChannels: [4], normGroups: 2 })
    expect(() => forward({}, usual, x, 1, numbers([1, 1]))).toThrow('labels: the network is told no classes')
  })

  test('make a conditional prior where the last is none, and none otherwise', () => {
    expect(cannotPredict(config)).toBe(
      'has to be told a class 0 … 3: a prior is asked without labels, as one can be that was trained with labelDrop, whose last class is none',
    )
    expect(cannotPredict(config, { noClass: true })).toBeUndefined()
    expect(conditionalPredictor(told, {})).toBeUndefined()
    const asked = conditionalPredictor(told, { noClass: true })!
    expect(asked.classes).toBe(3)
    scope(() => {
      const c = asked.embed([2, 0])
      const direct = forward(params, config, x, 9, numbers([2, 0])).dataSync()
      expect([...asked.predict(x, 9, c).dataSync()]).toEqual([...direct])
      expect(() => asked.embed([4])).toThrow('labels: must be whole numbers 0 … 2, got 4')
    })
  })
})

test('another time, and embeddings as they are', () => {
  scope(() => {
    const timed = network({ classEmbedding: 'timestep' })
    expect(ddpm.classes?.(timed.config)).toBeNull()
    expect(ddpm.needsMore?.(timed.config)).toMatch(/^has to be told another time: a prior/)
    const run = (values: number[]) => [
      ...forward(timed.params, timed.config, x, 1, numbers(values, 'float32')).dataSync(),
    ]
    expect(run([0.25, 8])).not.toEqual(run([0.5, 8]))
    const given = network({ classEmbedding: 'identity' })
    expect(ddpm.needsMore?.(given.config)).toMatch(/^has to be told an embedding of 16 numbers: a prior/)
    const c = normal(randomKey(5), [2, 16], plain)
    expect(forward(given.params, given.config, x, 1, c).dataSync()).toEqual(
      conditional!.forward(given.params, given.config, x, 1, c).dataSync(),
    )
    expect(() => forward(given.params, given.config, x, 1, zeros([2, 8], plain))).toThrow(
      'labels must be [2, 16] or [1, 16]',
    )
  })
})

test.each<[variant: Partial<DdpmVariant>, t: number | number[], message: string]>([
  [
    { timeEmbedding: 'fourier' },
    0,
    "t: the timeEmbedding 'fourier' takes the logarithm of its time, which must be above 0, got 0 at index 0",
  ],
  [{ timeEmbedding: 'fourier' }, [2, -1], 'got -1 at index 1'],
  [
    { timeEmbedding: 'learned', timesteps: 5 },
    5,
    "t: the timeEmbedding 'learned' has a table of the times 0 … 4, got 5 at index 0",
  ],
  [{ timeEmbedding: 'learned', timesteps: 5 }, [1, 0.5], 'got 0.5 at index 1'],
])('times that %o cannot be told: %o', (variant, t, message) => {
  const { config, params } = network(variant)
  const run = () => forward(params, config, x, typeof t === 'number' ? t : numbers(t, 'float64'))
  expect(run).toThrow(OptionError)
  expect(run).toThrow(message)
})

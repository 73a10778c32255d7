import { randomKey, uniform } from '@tweedie/tensor'
import { expect, test } from 'vitest'
import { initParams } from './init.ts'

const spec = {
  'conv.weight': [6, 4, 3, 3],
  'conv.bias': [6],
  'linear.weight': [5, 16],
  'linear.bias': [5],
  'norm.weight': [3],
  'norm.bias': [3],
}

test('weights and their biases lie evenly within ±1/√(fan-in), by streams of their own', () => {
  const key = randomKey(7)
  const params = initParams(spec, key, { dtype: 'float64' })
  const bounds = { conv: 1 / 6, linear: 1 / 4 }
  for (const [layer, bound] of Object.entries(bounds)) {
    for (const part of ['weight', 'bias'] as const) {
      const name = `${layer}.${part}` as keyof typeof spec
      const draws = uniform(key.fold(name), spec[name], { dtype: 'float64' }).dataSync()
      const values = params[name]?.dataSync() ?? []
      expect(values).toHaveLength(draws.length)
      draws.forEach((u, i) => void expect(values[i], name).toBeCloseTo(bound * (2 * u - 1), 14))
    }
  }
  expect(params['norm.weight']?.toArray()).toEqual([1, 1, 1])
  expect(params['norm.bias']?.toArray()).toEqual([0, 0, 0])
})

import { memory, OptionError, tensor } from '@tweedie/tensor'
import { expect, test } from 'vitest'
import { spectralGain } from './index.ts'

test('multiplies coordinate i by f(s_i), in the element type of the coordinates', () => {
  const gain = spectralGain({ singularValues: Float64Array.of(0, 2, 0.5) }, (s) => s ** 2 + 1)
  for (const dtype of ['float32', 'float64'] as const) {
    const c = tensor(
      [
        [1, 2, 4],
        [-1, 0, 8],
      ].map((row) => row),
      { dtype },
    )
    const scaled = gain(c)
    expect(scaled.dtype).toBe(dtype)
    expect(scaled.toArray()).toEqual([
      [1, 10, 5],
      [-1, 0, 10],
    ])
  }
})

test('leaves one tensor behind; what is not finite is refused at once', () => {
  const values = { singularValues: Float64Array.of(1, 0) }
  const c = tensor([[1, 2]])
  const before = memory().tensors
  const scaled = spectralGain(values, (s) => s)(c)
  expect(memory().tensors - before).toBe(1)
  scaled.dispose()
  expect(() => spectralGain(values, (s) => 1 / s)).toThrow(OptionError)
  expect(() => spectralGain(values, (s) => 1 / s)).toThrow(/Infinity for s = 0/)
})

import { tensor } from '@tweedie/tensor'
import { expect, it } from 'vitest'
import { adamSteps } from './stepwise.ts'

it('Adam moves the samples that are active, takes their points alone, and leaves the others where they are', () => {
  const optimizer = adamSteps({ learningRate: 0.1 })
  const x = tensor([[1, 2], [3, 4], [5, 6]]) // biome-ignore format: three samples
  const evaluated = { value: tensor([7, 8, 9]), gradient: tensor([[1, -1], [1, -1], [-2, 2]]) } // biome-ignore format: three samples
  const { state, taken, values } = optimizer.update(optimizer.init(x), evaluated, [true, false, true])
  expect(taken).toEqual([true, false, true])
  expect(values).toEqual([7, 8, 9])
  // Adam's first step is the rate along the sign of the gradient.
  const moved = [0.9, 2.1, 3, 4, 5.1, 5.9]
  optimizer
    .at(state)
    .dataSync()
    .forEach((v, i) => expect(v).toBeCloseTo(moved[i]!, 6))
})

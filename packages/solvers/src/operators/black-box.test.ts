import { NonFiniteError, ShapeError, type Tensor, tensor } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { lackOf, methods, queriesOf } from '../methods/index.ts'
import { gaussianNoise } from '../noise/index.ts'
import { integer } from '../options/index.ts'
import { gaussianPrior } from '../priors/index.ts'
import { run } from '../run/index.ts'
import { defineBlackBox, matrixOperator } from './index.ts'

const sums = defineBlackBox({
  name: 'sums',
  summary: 'sums of neighbours',
  example: 'sums:2',
  positional: 'every',
  options: { every: integer('how many', { default: 2, min: 1 }) },
  build: (shape, { every }) => ({
    inShape: shape,
    outShape: [2],
    measure: (x) => [0, 1].map((k) => x.slice(k * every, (k + 1) * every).reduce((a, b) => a + b, 0)),
  }),
})
const noise = gaussianNoise(0.2)

describe('a black box', () => {
  it('measures one sample after the other, in their element type, and its options count', () => {
    const x = tensor([[1, 2, 4, 8], [1, 1, 0.5, 0]]) // biome-ignore format: rows
    expect(sums([4]).forward(x).toArray()).toEqual([[3, 12], [2, 0.5]]) // biome-ignore format: rows
    expect(sums([4], { every: 1 }).forward(x.cast('float64')).dtype).toBe('float64')
    expect(sums.make([4], { every: 1 }).forward(x).toArray()).toEqual([[1, 2], [1, 1]]) // biome-ignore format: rows
    expect(sums.info.linear).toBe(false)
  })

  it('cannot change what it was given, and is held to its shape', () => {
    const box = (measure: (x: Float64Array) => ArrayLike<number>) =>
      defineBlackBox({ name: 'box', summary: 's', example: 'box', options: {}, build: (shape) => ({ inShape: shape, outShape: [1], measure }) })([2])
    const x = tensor([[1, 2]], { dtype: 'float64' })
    expect(Array.from(box((v) => v.fill(7).slice(0, 1)).forward(x).dataSync())).toEqual([7])
    expect(Array.from(x.dataSync())).toEqual([1, 2])
    expect(() => box(() => [1, 2]).forward(x)).toThrow(ShapeError)
    expect(() => box(() => [Number.NaN]).forward(x)).toThrow(NonFiniteError)
    expect(() => box(() => [0]).forward(tensor([[1, 2, 3]]))).toThrow(ShapeError)
  }) // biome-ignore format: one line

  it('fits the methods that ask for no gradient and no linear map; the others say what they lack', () => {
    const operator = sums([4])
    const lacks = (name: string) => lackOf(methods.find(name).info, { operator, noise })
    for (const name of ['enkg', 'scg', 'dpg', 'dps-gsg', 'fk-steering']) expect(lacks(name), name).toBeUndefined()
    for (const { info } of methods) {
      const asks = info.needs.some((need) => ['operatorVjp', 'linear', 'svd', 'pinv', 'orthonormal', 'inverse', 'blind', 'blindSvd'].includes(need))
      if (asks) expect(lacks(info.name)?.why, info.name).toMatch(/'sums'|neither adjoint/)
    }
    expect(lacks('dps')?.why).toBe("needs gradients through the operator; those of 'sums' say nothing")
  }) // biome-ignore format: a list
})

describe.each([
  ['enkg', { particles: 3, odeSteps: 2, updates: 2 }],
  ['scg', { candidates: 3 }],
  ['dpg', { samples: 4, scale: 1 }],
  ['dps-gsg', { queries: 5, scale: 0.1 }],
  ['dps-gsg', { queries: 5, scheme: 'forward', scale: 0.1 }],
] as const)('%s %j', (name, settings) => {
  const method = methods.find(name)
  const prior = gaussianPrior({ mean: [0, 0.2, 0, -0.1], covariance: 0.7 })
  const y = tensor([[0.5, -0.4], [1, 0.3]], { dtype: 'float64' }) // biome-ignore format: rows
  const options = { ...settings, steps: 10, seed: 3 }

  it('gives of a black box what it gives of the same matrix', async () => {
    const matrix = matrixOperator(tensor([[1, 1, 0, 0], [0, 0, 1, 1]], { dtype: 'float64' })) // biome-ignore format: rows
    const open = await run(method.run({ operator: matrix, noise, y }, prior, options))
    const closed = await run(method.run({ operator: sums([4]), noise, y }, prior, options))
    const truth = open.dataSync()
    closed.dataSync().forEach((v, i) => expect(v).toBeCloseTo(truth[i]!, 7))
  })

  it('measures as often as it says', async () => {
    let rows = 0
    const box = sums([4])
    const forward = (x: Tensor) => {
      rows += x.shape[0] ?? 0
      return box.forward(x)
    }
    await run(method.run({ operator: { ...box, forward }, noise, y }, prior, options))
    expect(rows).toBe(2 * queriesOf(method.info, 10, settings)!)
  })
})

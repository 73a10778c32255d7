import { checkGrads, grad } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { fromData, normal, OptionError, randomKey, ShapeError, scope, square, sum } from '@tweedie/tensor'
import { expect, test } from 'vitest'
import { hashedParams } from '../../hashed-params.test.helper.ts'
import { conditionalPredictor, predictor } from '../predictor.ts'
import { admConfig } from './config.ts'
import { admEmbed, admForward, admForwardEmbedded } from './forward.ts'
import { admSpec } from './spec.ts'

// A class-conditional network told an embedding in the place of a label.

const plain = { dtype: 'float64', device: 'reference' } as const
const config = admConfig({
  ...{ imageSize: 3, inChannels: 2, modelChannels: 32, channelMult: [1], numResBlocks: 1 },
  numClasses: 4,
  // Without it the shift by class would be taken off again by norms of one channel a group.
  useScaleShiftNorm: true,
})
const params = hashedParams(admSpec(config), plain)
const x = normal(randomKey(2), [2, 2, 3, 3], plain)
const labels = (...values: number[]) =>
  fromData(values, [values.length], { dtype: 'int32', device: 'reference' })

test('by the embedding of a label it is the network told that label, bit for bit', () => {
  scope(() => {
    const c = admEmbed(params, config, labels(3, 1))
    expect(c.shape).toEqual([2, 128])
    const table = params['label_emb.weight']!.dataSync()
    expect(Array.from(c.dataSync())).toEqual([...table.slice(384), ...table.slice(128, 256)])
    const told = admForward(params, config, x, 300, labels(3, 1)).dataSync()
    expect(admForwardEmbedded(params, config, x, 300, c).dataSync()).toEqual(told)
    const one = admForward(params, config, x, 300, 2).dataSync()
    expect(admForwardEmbedded(params, config, x, 300, admEmbed(params, config, 2)).dataSync()).toEqual(one)
    expect(one).not.toEqual(told)
  })
})

test('it is differentiable in the embedding, one for all or one each, to finite differences', () => {
  for (const n of [1, 2]) {
    const direction = normal(randomKey(8), [n, 128], plain)
    const c = admEmbed(params, config, labels(...[0, 2].slice(0, n)))
    // Along one direction: 128 of them would say no more.
    checkGrads(
      (s: Tensor) => scope(() => admForwardEmbedded(params, config, x, 40, c.add(direction.mul(s)))),
      [fromData([0.1], [], plain)],
      { order: 1 },
    )
    const gradient = grad((at: Tensor) => sum(square(admForwardEmbedded(params, config, x, 40, at))))(c)
    expect(gradient.shape).toEqual([n, 128])
    expect(gradient.dataSync().every((v) => Math.abs(v) > 1e-9)).toBe(true)
  }
})

test('an embedding that does not fit is refused', () => {
  const told = (shape: number[]) => () =>
    admForwardEmbedded(params, config, x, 0, normal(randomKey(1), shape, plain))
  for (const shape of [[3, 128], [2, 127], [128]]) {
    expect(told(shape)).toThrow(ShapeError)
    expect(told(shape)).toThrow('c must be [2, 128] or [1, 128]')
  }
  const none = admConfig({ ...config, numClasses: null })
  expect(() => admForwardEmbedded(params, none, x, 0, x)).toThrow(OptionError)
  expect(() => admEmbed(params, config, fromData([4], [1]))).toThrow('y: must be class labels 0 … 3, got 4')
})

test('a prior of one class asks it with that label, for every image', () => {
  scope(() => {
    const network = { config, params }
    const told = admForward(params, config, x, 9, labels(2, 2)).dataSync()
    expect(predictor(network, { label: 2 })(x, 9).dataSync()).toEqual(told)
    for (const label of [4, -1, 0.5])
      expect(() => predictor(network, { label })).toThrow(`label: must be a class 0 … 3, got ${label}`)
    expect(() => predictor(network)).toThrow('network: is class-conditional (num_classes is 4)')
    const none = admConfig({ ...config, numClasses: null })
    expect(() => predictor({ config: none, params }, { label: 0 })).toThrow(
      'label: the network is told no classes',
    )
    const odd = admConfig({ ...config, outChannels: 3 })
    expect(() => predictor({ config: odd, params }, { label: 0 })).toThrow('has 3 output channels for 2')
  })
})

test('a prior asks it with the last class for none, where it was trained so', () => {
  scope(() => {
    const network = { config, params }
    expect(conditionalPredictor(network, {})).toBeUndefined()
    const plainConfig = admConfig({ ...config, numClasses: null })
    expect(conditionalPredictor({ config: plainConfig, params }, { noClass: true })).toBeUndefined()
    const asked = conditionalPredictor(network, { noClass: true })
    expect(asked?.classes).toBe(3)
    const c = asked?.embed([3, 1])
    expect(c?.dataSync()).toEqual(admEmbed(params, config, labels(3, 1)).dataSync())
    const told = admForward(params, config, x, 9, labels(3, 1)).dataSync()
    expect(c && asked?.predict(x, 9, c).dataSync()).toEqual(told)
    expect(() => asked?.embed([4])).toThrow('labels: must be whole numbers 0 … 2, got 4')
    expect(() => asked?.embed([0.5])).toThrow('got 0.5')
  })
})

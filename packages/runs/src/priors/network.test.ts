import { grad } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import {
  fromData,
  normal,
  OptionError,
  randomKey,
  scope,
  setDefaultDevice,
  softmax,
  square,
  sum,
} from '@tweedie/tensor'
import type { Network, TrainedOn } from '@tweedie/unet'
import { adm, admConfig, autoencoder, autoencoderConfig, linearTraining, predictor } from '@tweedie/unet'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { autoencoderOf } from './autoencoder.ts'
import { checkNetwork, priorOf } from './network.ts'

let former: string
beforeAll(() => {
  former = setDefaultDevice('reference')
})
afterAll(() => {
  setDefaultDevice(former)
})

const plain = { dtype: 'float64', device: 'reference' } as const
/** Fresh parameters, with none that is 0. */
const filled = (fresh: Network['params']): Network['params'] =>
  Object.fromEntries(
    Object.entries(fresh).map(([name, { shape }], i) => [name, normal(randomKey(i), shape, plain).mul(0.2)]),
  )
const config = admConfig({
  ...{ imageSize: 4, inChannels: 2, modelChannels: 32, channelMult: [1], numResBlocks: 1, numClasses: 4 },
  // Without it the shift by class would be taken off again by norms of one channel a group.
  useScaleShiftNorm: true,
})
const network: Network = { config, params: filled(adm.init(config, randomKey(1), plain)) }
const coderConfig = autoencoderConfig({
  ...{ sampleSize: 8, blockOutChannels: [4, 4], latentChannels: 2, normGroups: 2, numClasses: 3 },
})
const coder: Network = {
  config: coderConfig,
  params: filled(autoencoder.init(coderConfig, randomKey(2), plain)),
}
const trainedOn: TrainedOn = { ...linearTraining(1000, 'v'), clip: null, noClass: true }
const shape = [2, 4, 4]
const prior = priorOf('latents', shape, network, trainedOn, coder)
const z = normal(randomKey(5), [2, ...shape], plain)
const numbers = (x: Tensor) => Array.from(x.dataSync())

const conditionalOf = () => {
  const { conditional } = prior
  if (conditional === undefined) throw new Error('the prior is told nothing')
  return conditional
}

test('the prior is the network told no class, and told the class of none it is the same, bit for bit', () => {
  scope(() => {
    const { denoise, nothing, classes, embed } = conditionalOf()
    expect(classes).toEqual(['0', '1', '2'])
    const table = network.params['label_emb.weight'] as Tensor
    expect(numbers(nothing)).toEqual(numbers(table.slice(3)))
    const untold = numbers(prior.denoise(z, 400))
    expect(numbers(denoise(z, 400, nothing))).toEqual(untold)
    // v: x̂₀ = α x_t − σ v.
    const v = numbers(adm.forward(network.params, config, z, 400, fromData([3], [1], { dtype: 'int32' })))
    const { schedule } = prior
    const wanted = numbers(z).map((x, i) => schedule.alpha(400) * x - schedule.sigma(400) * (v[i] ?? 0))
    untold.forEach((x, i) => void expect(x).toBeCloseTo(wanted[i] ?? Number.NaN, 10))
    const told = numbers(denoise(z, 400, embed([0, 2])))
    expect(told).not.toEqual(untold)
    const second = numbers(denoise(z.slice([1, 2]), 400, embed([2])))
    told.slice(32).forEach((x, i) => void expect(x).toBeCloseTo(second[i] ?? Number.NaN, 10))
  })
})

test('told a class it is differentiable in x_t and in the condition, to finite differences', () => {
  const { denoise, embed } = conditionalOf()
  const c = embed([0, 2])
  const loss = (x: Tensor, at: Tensor) => scope(() => sum(square(denoise(x, 100, at))))
  const [byX, byC] = grad((both: readonly [Tensor, Tensor]) => loss(...both))([z, c])
  for (const [gradient, moved] of [
    [byX, (v: Tensor, h: number) => loss(z.add(v.mul(h)), c)],
    [byC, (v: Tensor, h: number) => loss(z, c.add(v.mul(h)))],
  ] as const) {
    const v = normal(randomKey(11), gradient.shape, plain)
    const [above = 0, below = 0] = [1e-4, -1e-4].map((h) => moved(v, h).dataSync()[0])
    const slope = sum(gradient.mul(v)).dataSync()[0] ?? Number.NaN
    expect(Math.abs(slope)).toBeGreaterThan(1e-3)
    expect(Math.abs((above - below) / 2e-4 - slope)).toBeLessThan(1e-5 * Math.abs(slope))
  }
})

test('pictures are coded and decoded by the autoencoder, and are the mean of what they may be among the conditions', () => {
  scope(() => {
    expect(prior.autoencoder).toMatchObject({ shape: [1, 8, 8], latentShape: shape })
    const x = normal(randomKey(7), [3, 1, 8, 8], plain)
    const coded = prior.autoencoder?.encode(x)
    expect(coded?.shape).toEqual([3, ...shape])
    expect(prior.autoencoder?.decode(z).shape).toEqual([2, 1, 8, 8])
    const logits = coder.params['classifier.weight'] as Tensor
    const bias = coder.params['classifier.bias'] as Tensor
    const odds = numbers(
      softmax(
        (coded as Tensor)
          .reshape([3, 32])
          .matmul(logits.transpose())
          .add(bias.reshape([1, 3])),
      ),
    )
    const table = numbers(network.params['label_emb.weight'] as Tensor)
    const found = numbers(conditionalOf().embedImage?.(x) as Tensor)
    expect(found.length).toBe(3 * 128)
    found.forEach((v, i) => {
      const [n, d] = [Math.floor(i / 128), i % 128]
      const wanted = [0, 1, 2].reduce(
        (total, k) => total + (odds[3 * n + k] ?? 0) * (table[128 * k + d] ?? 0),
        0,
      )
      expect(v).toBeCloseTo(wanted, 10)
    })
  })
})

test('of another size pictures are not told from each other, and latents are not clipped', () => {
  const wide = priorOf('wide', [2, 4, 6], network, trainedOn, coder)
  expect(wide.autoencoder).toMatchObject({ shape: [1, 8, 12], latentShape: [2, 4, 6] })
  expect(wide.conditional?.embedImage).toBeUndefined()
  scope(() => {
    const large = numbers(prior.denoise(z.mul(100), 0))
    expect(Math.max(...large.map(Math.abs))).toBeGreaterThan(10)
    const clipped = priorOf('clipped', shape, network, { ...trainedOn, clip: 1 }, coder)
    const found = numbers(clipped.denoise(z.mul(100), 0))
    expect([Math.min(...found), Math.max(...found)]).toEqual([-1, 1])
    const told = numbers(clipped.conditional?.denoise(z.mul(100), 0, conditionalOf().nothing) as Tensor)
    expect(Math.max(...told.map(Math.abs))).toBe(1)
  })
})

test('what is not told classes has no condition, and what cannot do without one is refused', () => {
  const plainConfig = admConfig({ ...config, numClasses: null })
  const { 'label_emb.weight': _, ...params } = network.params
  const untold = priorOf('untold', shape, { config: plainConfig, params }, trainedOn, coder)
  expect(untold.conditional).toBeUndefined()
  const { noClass: __, ...always } = trainedOn
  expect(() => priorOf('always', shape, network, always)).toThrow('is class-conditional (num_classes is 4)')
  expect(() => checkNetwork(config, always, 'always', { latent: true })).toThrow('is class-conditional')
  expect(() => checkNetwork(config, trainedOn, 'latents', { latent: true })).not.toThrow()
  expect(() => checkNetwork(config, trainedOn, 'latents')).toThrow('is for images of 2 channels')
  expect(() => predictor(network)).toThrow('is class-conditional')
})

test('labels and networks that do not fit are refused', () => {
  const refused = (run: () => unknown, message: string) => {
    expect(run).toThrow(OptionError)
    expect(run).toThrow(message)
  }
  refused(() => conditionalOf().embed([3]), 'labels: must be whole numbers 0 … 2, got 3')
  refused(() => conditionalOf().embed([0.5]), 'labels: must be whole numbers 0 … 2, got 0.5')
  refused(() => conditionalOf().embed([-1]), 'got -1')
  refused(() => autoencoderOf('a', network), "'a' has a network of adm for an autoencoder")
  refused(() => autoencoderOf('a', coder, [8, 7]), 'a side of 7 is no multiple of 2')
  refused(
    () => priorOf('a', [3, 4, 4], network, trainedOn, coder),
    "'a' is for [3, 4, 4], the latents of its autoencoder are [2, 4, 4]",
  )
})

import { randomKey } from '@tweedie/tensor'
import { expect, test } from 'vitest'
import { imageSet } from '../../data/images.ts'
import { trainConfig } from '../../train/config.ts'
import { paramsFromVector } from '../../train/flat.ts'
import { train } from '../../train/train.ts'
import { edmConfig } from './config.ts'
import { initEdm } from './init.ts'
import { preconditionings } from './preconditioning.ts'
import { edmSpec } from './spec.ts'
import { edmTraining } from './training.ts'

/** Horizontal and vertical bars. */
const bars = imageSet(
  Uint8Array.from({ length: 8 * 16 }, (_, k) => {
    const [image, y, x] = [k >> 4, (k >> 2) & 3, k & 3]
    return (image < 4 ? y === image : x === image - 4) ? 255 : 0
  }),
  [1, 4, 4],
)
const small = {
  imageSize: 4,
  inChannels: 1,
  modelChannels: 8,
  channelMult: [1, 1],
  numBlocks: 1,
  attnResolutions: [2],
}

test.each([
  [
    'NCSN++',
    edmConfig({ ...small, embeddingType: 'fourier', encoderType: 'residual', resampleFilter: [1, 3, 3, 1] }),
  ],
  ['ADM', edmConfig({ ...small, network: 'DhariwalUNet' })],
])('%s trains: the loss falls, and frequencies that were drawn once stay', async (_, model) => {
  const config = trainConfig({
    model,
    steps: 24,
    batch: 8,
    shards: 1,
    predicts: 'edm',
    learningRate: 5e-3,
    seed: 3,
  })
  const losses: number[] = []
  let last: Float32Array | undefined
  for await (const { step, loss, state } of train({ config, images: bars })) {
    losses.push(loss)
    if (step === 24) last = state().params
  }
  const mean = (from: number, to: number) => losses.slice(from, to).reduce((a, b) => a + b, 0) / (to - from)
  expect(mean(19, 24)).toBeLessThan(0.85 * mean(0, 5))
  if (last === undefined) throw new Error('there was a last step')
  const spec = edmSpec(model)
  const params = paramsFromVector(spec, last)
  const fresh = initEdm(model, randomKey(3).fold('init'))
  for (const name of Object.keys(spec)) {
    const moved = params[name]!.dataSync().some((value, i) => value !== fresh[name]!.dataSync()[i])
    expect(moved, name).toBe(name !== 'map_noise.freqs')
  }
})

test('a denoiser knows its noise levels; a bare network does not say what it was trained on', () => {
  const of = (options: Partial<Parameters<typeof edmConfig>[0]>) =>
    edmTraining({}, 'f', edmConfig({ ...small, ...options }))
  expect(of({ preconditioning: null })).toBeUndefined()
  expect(of({ preconditioning: preconditionings.edm })).toEqual({
    trainedOn: { schedule: { kind: 'edm', sigmaMin: 0, sigmaMax: null }, predicts: 'x0', clip: null },
    note: 'is a denoiser of noise levels from 0 to any (preconditioning edm)',
  })
  const ve = of({ preconditioning: preconditionings.ve, labelDim: 3, labelDropout: 0.1 })
  expect(ve?.trainedOn).toEqual({
    ...{
      schedule: { kind: 'edm', sigmaMin: 0.02, sigmaMax: 100 },
      predicts: 'x0',
      clip: null,
      noClass: true,
    },
  })
  expect(ve?.note).toBe('is a denoiser of noise levels from 0.02 to 100 (preconditioning ve)')
  expect(of({ preconditioning: preconditionings.vp, labelDim: 3 })?.note).toMatch(
    /from 0\.001 to 152\.2 .*never trained without a class/,
  )
})

test('a denoiser is not trained as if it were a bare network; a class-conditional one needs labelDrop', () => {
  const model = edmConfig({ ...small, preconditioning: preconditionings.edm })
  expect(() => trainConfig({ model, steps: 1 })).toThrow(
    'model: is a denoiser of noise levels (preconditioning edm)',
  )
  const told = edmConfig({ ...small, labelDim: 2 })
  expect(() => trainConfig({ model: told, steps: 1 })).toThrow('is class-conditional (label_dim is 2)')
  expect(trainConfig({ model: told, steps: 1, labelDrop: 0.1 }).labelDrop).toBe(0.1)
})
